package node

import (
	"bytes"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/simnet"
)

// brittle is content whose reading panics: from read number first on, so many times. Reads count from when it is armed.
type brittle struct {
	bytes.Reader
	armed        atomic.Bool
	first, times int
	reads        int
}

func (b *brittle) ReadAt(p []byte, off int64) (int, error) {
	if b.armed.Load() {
		b.reads++
		if b.reads >= b.first && b.reads < b.first+b.times {
			for i := range p {
				p[i] = 0xee // what a read may leave behind that does not end
			}
			panic("brittle")
		}
	}
	return b.Reader.ReadAt(p, off)
}

// sendBrittle sends a brittle file of some blocks beside a sound one, and returns how many reads there were and what
// Wait says.
func sendBrittle(t *testing.T, w *world, cfg sender.Config, first, times int) (reads int, err error) {
	t.Helper()
	w.receive(simnet.Link{}, ReceiveConfig{})
	s := w.send(1, 8_000_000, cfg)
	w.addNamed(s, "sound", 7, 30_000)
	data := randomBytes(99, 70_001)
	w.sent["1/brittle"] = data
	b := &brittle{Reader: *bytes.NewReader(data), first: first, times: times}
	o := sender.File{ContentLocation: "file:///1/brittle", Content: b, Size: uint64(len(data))}
	if cfg.OTI.EncodingID == fec.CompactNoCode {
		o.Digests = sender.NoDigest // nothing but the sender can notice stale bytes then
	}
	// The session may read ahead as soon as it has the file, and no read may go before b is armed.
	if err := s.PauseSession(w.ctx, true); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Add(w.ctx, o, nil); err != nil {
		t.Fatal(err)
	}
	b.armed.Store(true)
	if err := s.PauseSession(w.ctx, false); err != nil {
		t.Fatal(err)
	}
	_ = s.Finish(w.ctx)
	err = s.Wait(w.ctx)
	return b.reads, err
}

// TestSourcePanicsOnce: wherever the content of a file panics once while it is sent, the session's actor is made anew,
// and reads again: the file arrives with its bytes, all of them.
func TestSourcePanicsOnce(t *testing.T) {
	for name, cfg := range map[string]sender.Config{
		"no code":    {OTI: fec.OTI{SymbolLength: 1000, MaxSourceBlockLength: 20}},
		"interleave": {OTI: repaired, Interleave: 3},
		"repair":     {OTI: repaired},
		"sub-blocks": {OTI: fec.OTI{
			EncodingID: fec.RaptorQ, SymbolLength: 1000, MaxSourceBlockLength: 20, SubBlocks: 2, Alignment: 4,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg.Parallel, cfg.ReadAhead = 2, 7000
			reads := 1
			for first := 1; first <= reads; first++ {
				inWorld(t, Config{}, func(w *world) {
					n, err := sendBrittle(t, w, cfg, first, 1)
					if err != nil {
						t.Errorf("panic at read %d: %v", first, err)
					}
					w.delivered()
					reads = n - 1 // one was for the panic
				})
			}
			if reads < 4 {
				t.Errorf("%d reads", reads)
			}
		})
	}
}

// TestSourcePanicsAlways: content that panics again and again costs its own file, and Wait tells.
func TestSourcePanicsAlways(t *testing.T) {
	for first := range 4 {
		inWorld(t, Config{}, func(w *world) {
			_, err := sendBrittle(t, w, sender.Config{OTI: repaired, Parallel: 2}, first+1, 1000)
			if err == nil || !strings.Contains(err.Error(), fmt.Sprint(event.FailQuarantined)) {
				t.Errorf("panic at read %d: %v", first, err)
			}
			if how := w.ends()["1/sound"]; how != "completed" {
				t.Errorf("panic at read %d: the sound file: %q", first, how)
			}
		})
	}
}
