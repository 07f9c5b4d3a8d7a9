package raptorq

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/internal/fectest"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/internal/parallel"
)

// preparing is an encoder that makes symbols ahead.
type preparing interface {
	fec.Encoder
	Prepare(first fec.ESI, n int) error
}

// TestPrepare: symbols that are made ahead are those that are made one by one, whatever becomes of the source then. So
// are those before and behind them, as long as the source is there.
func TestPrepare(t *testing.T) {
	for _, c := range []struct {
		k, length, skip, n int
		parallel           bool
	}{
		{1000, 64, 0, 50, false},
		{1000, 1400, 7, 1, false},
		{1000, 1400, 0, 500, true},
		{6000, 200, 300, 300, false},
		{30, 1400, 3, 15, true},
		{30, 1400, 3, 16, true},
		{1000, 10, 0, 50, false},
		{1, 1400, 0, 1, false},
	} {
		t.Run(fmt.Sprintf("%+v", c), func(t *testing.T) {
			var config Config
			if c.parallel {
				config.Parallel = parallel.New(2).Do
			}
			source := fectest.Source(c.k, c.length)
			want := newEncoder(t, New(config), c.k, c.length, source)
			lent := bytes.Clone(source)
			enc := newEncoder(t, New(config), c.k, c.length, lent).(preparing)
			first := fec.ESI(c.k + c.skip)
			compare := func(first fec.ESI, n int) {
				t.Helper()
				for esi := first; esi < first+fec.ESI(n); esi++ {
					a, err := want.AppendRepair([]byte{1}, esi)
					b, err2 := enc.AppendRepair([]byte{1}, esi)
					if err != nil || err2 != nil || !bytes.Equal(a, b) {
						t.Fatalf("symbol %d differs: %v, %v", esi, err, err2)
					}
				}
			}
			for _, off := range []fec.ESI{0, 0, 2} { // the second time in the same memory, then other symbols
				if err := enc.Prepare(first+off, c.n); err != nil {
					t.Fatal(err)
				}
				clear(lent)
				compare(first+off, c.n)
				copy(lent, source)
				if err := enc.Reset(lent); err != nil {
					t.Fatal(err)
				}
			}
			if err := enc.Prepare(first, c.n); err != nil {
				t.Fatal(err)
			}
			compare(fec.ESI(c.k), c.skip+c.n+3)
			if err := enc.Prepare(first, c.n); err != nil { // of intermediate symbols that are there
				t.Fatal(err)
			}
			clear(lent)
			compare(fec.ESI(c.k), c.skip+c.n+3)
		})
	}
}

// TestPreparedAgain: symbols that are made ahead are right whatever the encoder did for the source block before, also
// if nobody asked it for a symbol then.
func TestPreparedAgain(t *testing.T) {
	const k, length = 100, 64
	source := fectest.Source(k, length)
	want := newEncoder(t, New(Config{}), k, length, source)
	enc := newEncoder(t, New(Config{}), k, length, source).(preparing)
	for _, n := range []int{k / 2, k/2 + 1, k / 2, 1, k/2 + 1, 1} { // of more than half nothing is made ahead
		if err := enc.Reset(source); err != nil {
			t.Fatal(err)
		}
		if err := enc.Prepare(k, n); err != nil {
			t.Fatal(err)
		}
		if n > k/2 {
			continue
		}
		for esi := fec.ESI(k); esi < fec.ESI(k+n); esi++ {
			a, err := want.AppendRepair(nil, esi)
			b, err2 := enc.AppendRepair(nil, esi)
			if err != nil || err2 != nil || !bytes.Equal(a, b) {
				t.Fatalf("%d symbols: %d differs: %v, %v", n, esi, err, err2)
			}
		}
	}
}

// TestPreparedIsFreed: what was made ahead takes no memory any more once the intermediate symbols do.
func TestPreparedIsFreed(t *testing.T) {
	const k, n = 2000, 1000
	live := func() uint64 {
		runtime.GC()
		runtime.GC() // also what pools have kept
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	for _, length := range []int{64, 1400} {
		source := fectest.Source(k, length)
		enc := newEncoder(t, New(Config{}), k, length, source).(preparing)
		made := func(n int) uint64 { // n ahead, and then another one
			if err := enc.Reset(source); err != nil {
				t.Fatal(err)
			}
			if err := enc.Prepare(k, n); err != nil {
				t.Fatal(err)
			}
			if _, err := enc.AppendRepair(nil, fec.ESI(k+n)); err != nil {
				t.Fatal(err)
			}
			return live()
		}
		want := made(1)
		if got := made(n); got > want+uint64(n*length/2) {
			t.Errorf("symbols of %d bytes: %d bytes are live, %d before", length, got, want)
		}
		runtime.KeepAlive(enc)
	}
}

// TestPrepareNothing: ESIs that no repair symbol of the block has.
func TestPrepareNothing(t *testing.T) {
	enc := newEncoder(t, New(Config{}), 100, 64, fectest.Source(100, 64)).(preparing)
	for _, c := range []struct {
		first fec.ESI
		n     int
	}{{99, 1}, {100, 0}, {100, -1}, {maxESI, 1}, {maxESI - 1, 2}, {1<<32 - 1, 1 << 20}} {
		if err := enc.Prepare(c.first, c.n); !errors.Is(err, flute.ErrOTI) {
			t.Errorf("%d symbols from %d on: %v", c.n, c.first, err)
		}
	}
	if err := enc.Prepare(maxESI-1, 1); err != nil {
		t.Error(err)
	}
}
