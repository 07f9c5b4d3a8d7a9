package fecbench

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
)

// alike returns a bench of p whose source symbols are all the same.
func alike(t *testing.T, p parrot, k, repair uint32) *Bench {
	t.Helper()
	var made, resets int
	p.made, p.resets = &made, &resets
	b, err := New(config(p.registry), raptorQBlock(k, repair))
	if err != nil {
		t.Fatal(err)
	}
	copy(b.source, bytes.Repeat([]byte("0123456789abcdef"), int(k)))
	return b
}

func TestNewRefuses(t *testing.T) {
	twoBlocks := rsBlock(10, 3)
	twoBlocks.OTI.TransferLength *= 2
	wrongK := rsBlock(10, 3)
	wrongK.K = 9
	short := rsBlock(10, 3)
	short.OTI.TransferLength--
	tooLong := rsBlock(250, 10)
	for name, test := range map[string]struct {
		block Block
		bytes uint64
		want  error
	}{
		"two source blocks":    {twoBlocks, 0, nil},
		"another K":            {wrongK, 0, nil},
		"a short last symbol":  {short, 0, nil},
		"an OTI that is wrong": {tooLong, 0, flute.ErrOTI},
		"too much memory":      {rsBlock(10, 3), 100, ErrSkipped},
		"an unknown scheme":    {raptorQBlockOf(fec.SmallBlockExpandable), 0, flute.ErrOTI},
	} {
		cfg := config(nil)
		cfg.Bytes = test.bytes
		if _, err := New(cfg, test.block); err == nil || test.want != nil && !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}

func raptorQBlockOf(id fec.EncodingID) Block {
	return Block{OTI: fec.OTI{EncodingID: id, TransferLength: 16, SymbolLength: 16, MaxSourceBlockLength: 1}, K: 1}
}

func TestEncode(t *testing.T) {
	for _, cold := range []bool{false, true} {
		b := alike(t, parrot{}, 20, 4)
		measure, encoders, resets := b.Encode, 1, 4
		if cold {
			measure, encoders, resets = b.EncodeCold, 4, 0
		}
		r, err := measure()
		if err != nil {
			t.Fatal(err)
		}
		// The budget of 35 ms is used up after the fourth run of 10 ms.
		if r.Runs != 4 || r.Median != 10*time.Millisecond || r.Best != 10*time.Millisecond || r.Bytes != 320 {
			t.Errorf("cold %v: %+v", cold, r)
		}
		if median, best := r.MBPerSecond(); median != 0.032 || best != 0.032 {
			t.Errorf("cold %v: %v and %v MB/s, want 0.032", cold, median, best)
		}
		p := b.scheme.(parrot)
		if *p.made != encoders || *p.resets != resets {
			t.Errorf("cold %v: %d encoders and %d resets, want %d and %d", cold, *p.made, *p.resets, encoders, resets)
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	if _, err := alike(t, parrot{short: true}, 20, 4).Encode(); !errors.Is(err, errLength) {
		t.Errorf("short repair symbols: %v", err)
	}
	b := alike(t, parrot{}, 20, 0)
	if _, err := b.Encode(); !errors.Is(err, ErrSkipped) {
		t.Errorf("no repair symbols: %v", err)
	}
	if _, err := b.EncodeCold(); !errors.Is(err, ErrSkipped) {
		t.Errorf("no repair symbols, cold: %v", err)
	}
}

func TestMedianAndBest(t *testing.T) {
	b := alike(t, parrot{}, 20, 4)
	// Runs of 30, 10 and 20 ms; what passes between them does not count.
	c := &clock{steps: []time.Duration{30e6, time.Hour, 10e6, time.Hour, 20e6, time.Hour}}
	b.cfg.Now, b.cfg.Budget = c.now, 60*time.Millisecond
	r, err := b.EncodeCold()
	if err != nil || r.Runs != 3 || r.Median != 20*time.Millisecond || r.Best != 10*time.Millisecond {
		t.Errorf("%+v, %v; want 3 runs, median 20ms, best 10ms", r, err)
	}
}

func TestRunsAreBounded(t *testing.T) {
	b := alike(t, parrot{}, 20, 4)
	b.cfg.Now = func() time.Time { return time.Time{} } // a clock that stands still
	r, err := b.Encode()
	if err != nil || r.Runs != maxRuns {
		t.Errorf("%d runs, %v; want %d", r.Runs, err, maxRuns)
	}
	if median, _ := r.MBPerSecond(); median != 320e3 {
		t.Errorf("%v MB/s for no time at all, want those of a nanosecond", median)
	}
}

func TestDecode(t *testing.T) {
	for _, test := range []struct {
		loss   float64
		needs  int // extra symbols that the code needs
		solver bool
		lost   int
		extra  int
	}{
		{0, 0, false, 0, 0},
		{0.001, 0, false, 1, 2},
		{0.05, 0, false, 5, 2},
		{0.2, 2, true, 20, 2},
		{0.2, 3, true, 20, 4},
		{0.2, 9, false, 20, 16},
		{1, 0, true, 100, 2},
	} {
		for _, repair := range []uint32{0, 10, 500} {
			r, err := alike(t, parrot{extra: test.needs, solver: test.solver}, 100, repair).Decode(test.loss)
			if err != nil || r.Lost != test.lost || r.Extra != test.extra || r.Runs != 4 {
				t.Errorf("%+v with %d repair symbols: %+v, %v", test, repair, r, err)
			}
		}
	}
}

func TestDecodeOfRealCode(t *testing.T) {
	for _, test := range []struct {
		loss  float64
		lost  int
		extra int
		skip  bool
	}{
		{0, 0, 0, false},
		{0.05, 2, 2, false}, // 5 % of 40
		{0.2, 8, 1, false},  // the code has no second one
		{0.201, 9, 0, false},
		{1, 0, 0, true},
	} {
		b, err := New(config(nil), rsBlock(40, 9))
		if err != nil {
			t.Fatal(err)
		}
		r, err := b.Decode(test.loss)
		if test.skip != errors.Is(err, ErrSkipped) ||
			!test.skip && (err != nil || r.Lost != test.lost || r.Extra != test.extra) {
			t.Errorf("%+v: %+v, %v", test, r, err)
		}
	}
}

func TestDecodeChecks(t *testing.T) {
	if _, err := alike(t, parrot{spoils: true}, 100, 20).Decode(0.05); !errors.Is(err, errDiffers) {
		t.Errorf("wrong bytes: %v", err)
	}
	if _, err := alike(t, parrot{elsewhere: true}, 100, 20).Decode(0.05); !errors.Is(err, errDiffers) {
		t.Errorf("symbols in another place: %v", err)
	}
	b := alike(t, parrot{memory: fec.Memory{Encoder: 1000, Decoder: 2000}}, 100, 20)
	b.cfg.Bytes = 2*1600 + 7*16 + 1000 + 2000
	if _, err := b.Decode(0.05); err != nil {
		t.Errorf("with memory enough: %v", err)
	}
	b.cfg.Bytes--
	if _, err := b.Decode(0.05); !errors.Is(err, ErrSkipped) {
		t.Errorf("a byte of memory too little: %v", err)
	}
}

func TestOverhead(t *testing.T) {
	for _, solver := range []bool{false, true} {
		b := alike(t, parrot{extra: 3, solver: solver}, 20, 50)
		b.cfg.Budget = time.Hour
		o, err := b.Overhead(200, 5)
		if err != nil {
			t.Fatal(err)
		}
		// Nearly always some source symbol is lost, and then it takes 3 more.
		f := o.Failures
		if o.Trials != 200 || o.Unsolved != 0 || len(f) != 6 || f[0] < 190 || f[2] < 190 || f[3] != 0 || f[5] != 0 ||
			o.Mean < 2.8 || o.Mean > 3 {
			t.Errorf("solver %v: %+v", solver, o)
		}
	}
}

func TestOverheadOfTooFewSymbols(t *testing.T) {
	for _, solver := range []bool{false, true} {
		b := alike(t, parrot{extra: 100, solver: solver}, 20, 30)
		b.cfg.Budget = time.Hour
		o, err := b.Overhead(50, 2)
		// With all 50 symbols the source symbols are there too.
		if err != nil || o.Unsolved != 0 || o.Failures[2] < 45 || o.Mean < 20 {
			t.Errorf("solver %v: %+v, %v", solver, o, err)
		}
	}
	if _, err := alike(t, parrot{}, 20, 0).Overhead(1, 1); !errors.Is(err, ErrSkipped) {
		t.Errorf("no repair symbols: %v", err)
	}
}

func TestOverheadEndsInTime(t *testing.T) {
	b, err := New(config(nil), rsBlock(40, 20))
	if err != nil {
		t.Fatal(err)
	}
	o, err := b.Overhead(1000, 3)
	if err != nil || o.Trials < 1 || o.Trials > 10 || o.Failures[0] != 0 || o.Mean != 0 {
		t.Errorf("%+v, %v; want few trials without a failure", o, err)
	}
}

func TestShortRunsShareSamples(t *testing.T) {
	b := alike(t, parrot{}, 20, 4)
	// Samples have at least 60 / 60 = 1 ms: runs of 0.1 and 0.5 ms make one of 1.2 ms, 0.3 ms for each run.
	c := &clock{steps: []time.Duration{1e5, 0, 5e5, 0}}
	b.cfg.Now, b.cfg.Budget = c.now, 60*time.Millisecond
	r, err := b.EncodeCold()
	if err != nil || r.Runs != 200 || r.Median != 300*time.Microsecond || r.Best != 300*time.Microsecond {
		t.Errorf("%+v, %v; want 200 runs of 300 us", r, err)
	}
}
