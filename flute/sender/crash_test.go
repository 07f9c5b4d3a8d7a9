package sender

import (
	"bytes"
	"context"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute/event"
)

// bomb panics at call number at, counted from 1; 0: never.
type bomb struct{ calls, at int }

func (b *bomb) tick() {
	if b.calls++; b.calls == b.at {
		panic("bomb")
	}
}

// mined is content and a FEC scheme that share a bomb. What a panic interrupts is left half done.
type mined struct {
	fec.Scheme
	content io.ReaderAt
	bomb    *bomb
}

func (m mined) ReadAt(p []byte, off int64) (int, error) {
	for i := range p {
		p[i] = 0xee
	}
	m.bomb.tick()
	return m.content.ReadAt(p, off)
}

func (m mined) NewEncoder(o *fec.OTI, v fec.Variant, k uint32, source []byte) (fec.Encoder, error) {
	m.bomb.tick()
	enc, err := m.Scheme.NewEncoder(o, v, k, source)
	return &minedEncoder{Encoder: enc, bomb: m.bomb}, err
}

type minedEncoder struct {
	fec.Encoder
	bomb   *bomb
	broken bool
}

func (e *minedEncoder) AppendRepair(b []byte, esi fec.ESI) ([]byte, error) {
	if e.broken {
		return append(b, make([]byte, 100)...), nil
	}
	e.broken = true
	e.bomb.tick()
	e.broken = false
	return e.Encoder.AppendRepair(b, esi)
}

func (e *minedEncoder) Reset(source []byte) error {
	e.broken = true
	e.bomb.tick()
	e.broken = false
	return e.Encoder.Reset(source)
}

// sendMined sends one file of 30 symbols, and calls AppendNext again after each panic, as an actor does that is made
// anew.
func sendMined(t *testing.T, oti fec.OTI, interleave int, b *bomb) (packets [][]byte, events []event.Event) {
	t.Helper()
	scheme, err := schemes.Default().Scheme(&oti)
	if err != nil {
		t.Fatal(err)
	}
	content := pattern(2_950)
	m := mined{scheme, bytes.NewReader(content), b}
	s, err := New(Config{
		Registry: schemes.Default().With(oti.EncodingID, 0, m), OTI: oti, Interleave: interleave, ReadAhead: 400,
		FDTInterval: time.Hour, FDTDuration: 24 * time.Hour, FDTOTI: fec.OTI{SymbolLength: 1000},
	})
	if err != nil {
		t.Fatal(err)
	}
	o, err := Prepare(context.Background(), File{ContentLocation: "a", Content: bytes.NewReader(content), Size: 2_950},
		nil)
	if err != nil {
		t.Fatal(err)
	}
	o.source = m
	if _, err := s.Add(o); err != nil {
		t.Fatal(err)
	}
	next := func(now time.Time) (p []byte, ok bool, err error) {
		defer func() {
			if v := recover(); v != nil && v != "bomb" {
				panic(v)
			}
		}()
		return s.AppendNext(nil, now)
	}
	for now := start; !s.Done(); {
		p, ok, err := next(now)
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			packets = append(packets, p)
		}
		if d := s.Deadline(); d.After(now) {
			now = d
		}
		if len(packets) > 1000 {
			t.Fatal("no end")
		}
	}
	return packets, s.Events()
}

// Wherever the content or the code panics, the same packets are sent as if it had not: the block is read again.
func TestCrashIsNotSeenInPackets(t *testing.T) {
	for name, oti := range map[string]fec.OTI{
		"no code":    {EncodingID: fec.CompactNoCode, SymbolLength: 100, MaxSourceBlockLength: 8},
		"repair":     {EncodingID: fec.ReedSolomonGF28, SymbolLength: 100, MaxSourceBlockLength: 8, MaxEncodingSymbols: 11},
		"sub-blocks": {EncodingID: fec.RaptorQ, SymbolLength: 100, MaxSourceBlockLength: 8, SubBlocks: 2, Alignment: 4},
	} {
		for interleave := range 2 {
			sound := &bomb{}
			want, _ := sendMined(t, oti, 1+interleave, sound)
			if sound.calls < 8 {
				t.Fatalf("%s: %d calls", name, sound.calls)
			}
			for at := range sound.calls {
				got, events := sendMined(t, oti, 1+interleave, &bomb{at: at + 1})
				if len(got) != len(want) {
					t.Errorf("%s: panic at call %d: %d packets, want %d", name, at+1, len(got), len(want))
					continue
				}
				for i := range got {
					if !bytes.Equal(got[i], want[i]) {
						t.Errorf("%s: panic at call %d: packet %d differs", name, at+1, i)
					}
				}
				completed := func(e event.Event) bool { _, ok := e.(event.ObjectCompleted); return ok }
				if !slices.ContainsFunc(events, completed) {
					t.Errorf("%s: panic at call %d: not completed: %+v", name, at+1, events)
				}
			}
		}
	}
}

// A second crash soon after the first ends the object; one now and then does not.
func TestCrashesAgain(t *testing.T) {
	for _, pause := range []time.Duration{0, crashPeriod - 1, crashPeriod} {
		o := &object{}
		if o.crashesAgain(start) || o.crashesAgain(start.Add(pause)) != (pause < crashPeriod) {
			t.Errorf("after a pause of %v", pause)
		}
	}
}
