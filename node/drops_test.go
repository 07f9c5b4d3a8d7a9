package node

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/actors/inject"
	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/actors/socket"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/simnet"
	"github.com/flute-node/flute-node/internal/slab"
)

// droppingSource is a simulated socket with a count of its own of what the kernel has dropped.
type droppingSource struct {
	*simnet.Receiver
	drops  atomic.Uint64
	broken atomic.Bool
}

func (s *droppingSource) KernelDrops() uint64 { return s.drops.Load() }

func (s *droppingSource) ReadBatch(b *slab.Slab, out []slab.Datagram) (int, error) {
	n, err := s.Receiver.ReadBatch(b, out)
	if s.broken.Load() {
		return n, errDevice
	}
	return n, err
}

// TestKernelDropsAreToldOnce: also when the socket's actor crashes, and when its source is opened again, which counts
// from zero.
func TestKernelDropsAreToldOnce(t *testing.T) {
	inWorld(t, Config{Faults: inject.New(1, crash("socket/*", "tick", 3))}, func(w *world) {
		var sources []*droppingSource
		open := func() (socket.Source, error) {
			s := &droppingSource{Receiver: w.net.Join(simnet.JoinConfig{Group: simGroup})}
			sources = append(sources, s)
			return s, nil
		}
		first, _ := open()
		r, err := w.node.receive(w.ctx, ReceiveConfig{Group: simGroup, Interface: "eth1", Store: w.store}, first, open)
		if err != nil {
			t.Fatal(err)
		}
		w.receptions = append(w.receptions, r)
		sources[0].drops.Store(5)
		time.Sleep(5 * time.Second) // it has crashed meanwhile
		sources[0].drops.Store(7)
		time.Sleep(2 * time.Second)
		sources[0].broken.Store(true)
		s := w.send(1, 8_000_000, sender.Config{TransferCount: 3, Delay: time.Second})
		w.add(s, 1, 5000)
		w.finish(s)
		sources[1].drops.Store(6)
		time.Sleep(2 * time.Second)
		var got []notice.KernelDrops
		for _, e := range w.take() {
			if d, ok := e.(notice.KernelDrops); ok {
				if d.Group != simGroup || d.Interface != "eth1" {
					t.Errorf("drops of %v on %q", d.Group, d.Interface)
				}
				got = append(got, notice.KernelDrops{New: d.New, Total: d.Total})
			}
		}
		if diff := cmp.Diff([]notice.KernelDrops{{New: 5, Total: 5}, {New: 2, Total: 7}, {New: 6, Total: 6}}, got,
			cmp.Comparer(func(a, b notice.KernelDrops) bool { return a == b })); diff != "" {
			t.Error(diff)
		}
		w.delivered()
	})
}
