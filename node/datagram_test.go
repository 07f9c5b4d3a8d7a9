package node

import (
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/drop"
	"github.com/flute-node/flute-node/internal/simnet"
	"github.com/flute-node/flute-node/store/mem"
)

// TestMaxDatagram: datagrams above the limit are counted, and told once; below a larger one they are received.
func TestMaxDatagram(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		small := w.receive(simnet.Link{}, ReceiveConfig{Store: mem.New()})
		w.receive(simnet.Link{}, ReceiveConfig{MaxDatagram: 4096})
		s := w.send(1, 8_000_000, sender.Config{OTI: fec.OTI{SymbolLength: 3000}, FDTOTI: fec.OTI{SymbolLength: 1000}})
		w.add(s, 2, 100_000)
		w.finish(s)
		time.Sleep(10 * time.Second)
		got := map[string]bool{}
		warnings := 0
		for _, e := range w.take() {
			switch e := e.(type) {
			case event.ObjectCompleted:
				got[e.ContentLocation] = got[e.ContentLocation] || !e.Sending
			case notice.Warning:
				if strings.Contains(e.Text, "2048 bytes") {
					warnings++
				}
			}
		}
		if !got["file:///1/1"] || !got["file:///1/2"] {
			t.Errorf("received: %v", got)
		}
		if n := small.counters.Dropped()[drop.Truncated]; n != 2*33 || warnings != 1 {
			t.Errorf("%d datagrams cut, %d warnings; want 66 and 1", n, warnings)
		}
		w.stop()
	})
}
