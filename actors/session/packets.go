package session

import (
	"sync"
	"sync/atomic"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/object"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/internal/slab"
)

// Add appends a datagram, a view into the slab, that came from this UDP source port.
func (p *Packets) Add(datagram []byte, port uint16) {
	p.Datagrams = append(p.Datagrams, Datagram{Data: datagram, Port: port})
}

// Bytes implements actors.Data.
func (p *Packets) Bytes() int {
	n := 0
	for _, d := range p.Datagrams {
		n += len(d.Data)
	}
	return n
}

// Release implements actors.Data.
func (p *Packets) Release() {
	p.Slab.Release()
	if p.pins {
		p.pins = false
		p.free.pinned.Add(-1)
	}
	clear(p.Datagrams)
	p.Slab, p.Datagrams, p.done = nil, p.Datagrams[:0], 0
	p.free.put(p)
}

// IgnoreDeadLetterLogging implements actors.Data.
func (p *Packets) IgnoreDeadLetterLogging() {}

// left returns how many datagrams of d were not handled.
func left(d actors.Data) int {
	switch p := d.(type) {
	case *Packets:
		return len(p.Datagrams) - p.done
	case *object.Packets:
		return p.Left()
	}
	return 1
}

// losses counts datagrams that never reached the Ledger. Anybody adds; the session absorbs, until it is over.
type losses struct {
	mu      sync.Mutex
	dropped [flute.NumDropReasons]int
	sealed  bool
	missed  int // after the seal
}

func (l *losses) count(n int, why actors.Loss) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sealed {
		l.missed += n
		return
	}
	switch why {
	case actors.LossFull:
		l.dropped[flute.DropMailbox] += n
	case actors.LossClosed:
		l.dropped[flute.DropClosed] += n
	case actors.LossCrash:
		l.dropped[flute.DropFault] += n
	}
}

// absorb moves the counts into the Ledger; the last time, seal says that it is.
func (l *losses) absorb(to *receiver.Ledger, seal bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for r, n := range l.dropped {
		if n > 0 {
			to.Drop(flute.DropReason(r), n)
			l.dropped[r] = 0
		}
	}
	l.sealed = l.sealed || seal
}

// late returns what was counted after the seal, once.
func (l *losses) late() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.missed
	l.missed = 0
	return n
}

// freeList holds Packets for reuse, between the reader and the session's goroutine.
type freeList struct {
	pinned atomic.Int32 // slabs that the Packets in use hold
	mu     sync.Mutex
	list   []*Packets
}

// maxFree bounds a freeList: as many batches as a session usually has waiting.
const maxFree = 64

func (f *freeList) get(s *slab.Slab) *Packets {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := len(f.list)
	if n == 0 {
		return &Packets{Slab: s, free: f}
	}
	p := f.list[n-1]
	f.list[n-1] = nil
	f.list = f.list[:n-1]
	p.Slab = s
	return p
}

func (f *freeList) put(p *Packets) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.list) < maxFree {
		f.list = append(f.list, p)
	}
}
