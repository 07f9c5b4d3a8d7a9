package node

import (
	"runtime"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/simnet"
)

// repaired is a Reed-Solomon code with as many repair as source symbols.
var repaired = fec.OTI{
	EncodingID: fec.ReedSolomonGF28, SymbolLength: 1000, MaxSourceBlockLength: 20, MaxEncodingSymbols: 40,
}

// TestSessionsAtOnce has sessions with and without FEC delivered over a lossy network.
func TestSessionsAtOnce(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		w.receive(simnet.Link{Loss: 0.05, Duplicate: 0.05, Reorder: 0.1, Depth: 8}, ReceiveConfig{})
		var all []*Sending
		for i := range 10 {
			cfg := sender.Config{TransferCount: 5} // no code: the carousel heals the losses
			if i%2 == 0 {
				cfg = sender.Config{OTI: repaired, TransferCount: 2}
			}
			s := w.send(flute.TSI(i+1), 8_000_000, cfg)
			w.add(s, 3, 50_000+i*7)
			all = append(all, s)
		}
		w.finish(all...)
		w.delivered()
		w.stop()
		w.accounted()
	})
}

// TestConf_L45_ManySessions: sessions take a goroutine while they have something to do; how many there are does not
// matter.
func TestConf_L45_ManySessions(t *testing.T) {
	const sessions = 200
	inWorld(t, Config{}, func(w *world) {
		w.receive(simnet.Link{}, ReceiveConfig{})
		before := runtime.NumGoroutine()
		var all []*Sending
		for i := range sessions {
			s := w.send(flute.TSI(i+1), 4_000_000, sender.Config{TransferCount: 2})
			w.add(s, 2, 10_000)
			all = append(all, s)
		}
		w.take()
		if n := runtime.NumGoroutine() - before; n > sessions/2 {
			t.Errorf("%d goroutines for %d sessions", n, sessions)
		}
		w.finish(all...)
		w.delivered()
		w.stop()
		w.accounted()
	})
}
