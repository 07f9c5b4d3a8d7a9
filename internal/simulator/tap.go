package simulator

import (
	"time"

	"github.com/flute-node/flute-node/internal/simnet"
	"github.com/flute-node/flute-node/internal/slab"
)

// tap is a socket of the receiver. It sees what the receiver reads.
type tap struct {
	*simnet.Receiver
	p    *process
	main bool // not of the bystanders
	read uint64
}

// ReadBatch implements socket.Source.
func (t *tap) ReadBatch(s *slab.Slab, out []slab.Datagram) (int, error) {
	n, err := t.Receiver.ReadBatch(s, out)
	w := t.p.w
	w.mu.Lock()
	defer w.mu.Unlock()
	t.read += uint64(n)
	w.result.Figures.Read += uint64(n)
	if t.main && !t.p.dead {
		for _, d := range out[:n] {
			if d.Source.Addr() == source {
				if d.Source.Port() != forgedPort { // whose an FDT Instance from there is nobody knows
					w.held.sees(d.Data)
				}
				w.oracle.sees(d.Data)
			}
		}
	}
	return n, err
}

// link returns the way of the datagrams to the receiver.
func (w *world) link() simnet.Link {
	l := w.plan.Link
	return simnet.Link{
		Seed: w.plan.Seed, Loss: l.Loss, Burst: l.Burst, Duplicate: l.Duplicate, Reorder: l.Reorder, Depth: l.Depth,
		Jitter: l.Jitter, Drop: w.drop,
	}
}

// drop drops datagrams in a fade, and those that bear a symbol that is stored.
func (w *world) drop(b []byte) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.calm && w.plan.Strict {
		return w.held.withholds(b)
	}
	now := time.Since(w.begin)
	for _, f := range w.plan.Link.Fades {
		if now >= f.At && now < f.At+f.For {
			return true
		}
	}
	return w.held.withholds(b)
}

// traffic counts datagrams.
type traffic struct{ sent, forged, damaged uint64 }

func (t *traffic) addTo(f *Figures) { f.Sent, f.Forged, f.Damaged = t.sent, t.forged, t.damaged }
