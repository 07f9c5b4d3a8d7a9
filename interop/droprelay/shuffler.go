package main

import (
	"math/rand/v2"
	"time"

	"github.com/flute-node/flute-node/flute/lct"
)

const (
	// depth bounds how many datagrams overtake one that is held back.
	depth = 32
	// idle is how long the network must be silent before what is held back is sent all the same.
	idle = 50 * time.Millisecond
	// pause is the same before the last packet of a file: a sender may stand still in the midst of it.
	pause = 5 * time.Second
)

// shuffler changes the order of datagrams and sends some twice. The zero value does neither.
type shuffler struct {
	spare     bool    // packets of FDT Instances keep their place
	reorder   float64 // probability that a datagram is held back
	duplicate float64 // probability that a second copy is sent, held back as well
	lateAt    int     // number of the packet of a file that is held back until the network is silent; 0: none
	lateFDT   bool    // packets of FDT Instances are held back until the network is silent
	rand      *rand.Rand

	seen                int  // packets of files
	closed              bool // one of them had the B flag
	held                []late
	overtaken, repeated int // datagrams that others overtook, and second copies
}

// late is a datagram that is held back.
type late struct {
	b     []byte // a copy
	after int    // datagrams that go first; forever: until the network is silent
}

const forever = -1

func newShuffler(cfg config) *shuffler {
	return &shuffler{
		spare: cfg.spareFDT, reorder: cfg.reorder, duplicate: cfg.duplicate, lateAt: cfg.lateAt,
		lateFDT: cfg.lateFDT, rand: rand.New(rand.NewPCG(cfg.seed, depth)),
	}
}

// pass takes the next datagram and emits what is to be sent now. It keeps no reference to b.
func (s *shuffler) pass(b []byte, emit func([]byte) error) error {
	_, toi, err := lct.Peek(b)
	fdt, file := err == nil && toi.IsFDT(), err == nil && !toi.IsFDT()
	if file {
		s.seen++
		s.closed = s.closed || b[1]&1 != 0 // RFC 5651, section 5.1: Close Object flag (B)
	}
	switch {
	case fdt && s.lateFDT, file && s.seen == s.lateAt:
		s.hold(b, forever)
		s.overtaken++
		return s.release(emit)
	case fdt && s.spare:
	default:
		if s.duplicate > 0 && s.rand.Float64() < s.duplicate {
			s.repeated++
			s.hold(b, s.rand.IntN(depth))
		}
		if s.reorder > 0 && s.rand.Float64() < s.reorder {
			s.overtaken++
			s.hold(b, 1+s.rand.IntN(depth))
			return s.release(emit)
		}
	}
	if err := emit(b); err != nil {
		return err
	}
	return s.release(emit)
}

func (s *shuffler) hold(b []byte, after int) {
	s.held = append(s.held, late{append([]byte(nil), b...), after})
}

// release emits what enough datagrams have overtaken, and counts one more for the rest.
func (s *shuffler) release(emit func([]byte) error) error {
	kept := s.held[:0]
	var failed error
	for _, l := range s.held {
		if l.after != 0 {
			if l.after > 0 {
				l.after--
			}
			kept = append(kept, l)
			continue
		}
		if err := emit(l.b); err != nil {
			failed = err
		}
	}
	clear(s.held[len(kept):])
	s.held = kept
	return failed
}

// flush emits all that is held back.
func (s *shuffler) flush(emit func([]byte) error) error {
	for _, l := range s.held {
		if err := emit(l.b); err != nil {
			return err
		}
	}
	clear(s.held)
	s.held = s.held[:0]
	return nil
}

// deadline is until when to wait for the next datagram: for ever if nothing is held back.
func (s *shuffler) deadline(now time.Time) time.Time {
	if len(s.held) == 0 {
		return time.Time{}
	}
	if (s.lateAt > 0 || s.lateFDT) && !s.closed {
		return now.Add(pause)
	}
	return now.Add(idle)
}
