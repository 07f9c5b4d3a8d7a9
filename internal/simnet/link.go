package simnet

import (
	"bytes"
	"math/rand/v2"
	"time"
)

// Link is a one-way path with faults. The zero value has none. The fields are set before the first use and not changed
// later; a Link is not safe for concurrent use.
type Link struct {
	Seed uint64

	Loss  float64 // probability that a datagram is lost, 0 to 1
	Burst float64 // mean number of datagrams that are lost in a row; up to 1: losses are independent

	Duplicate float64 // probability that a datagram arrives twice

	Reorder float64 // probability that a datagram is overtaken by later ones
	Depth   int     // by how many at most; less than 1: by one

	// Delay and Jitter are for a Network only: each datagram takes Delay and up to Jitter more, so that one of Jitter
	// reorders too.
	Delay, Jitter time.Duration

	// Drop, if it is set, sees each datagram first and says whether it is lost. It knows the protocol: "every symbol of
	// source block 3", "the first FDT Instance". It must not keep the bytes. A Receiver calls it for one datagram at a
	// time.
	Drop func(datagram []byte) bool

	stats    Stats
	dice     *dice
	inBurst  bool
	held     []heldDatagram
	arriving [][]byte
}

// Stats counts datagrams: Carried + Duplicated = Lost + Dropped + Arrived + Held.
type Stats struct {
	Carried    uint64 // put in
	Lost       uint64 // by chance
	Dropped    uint64 // by Drop
	Duplicated uint64 // second copies
	Reordered  uint64 // that were held back, Held included
	Held       uint64 // that still wait to be overtaken
	Arrived    uint64
}

// heldDatagram waits to be overtaken.
type heldDatagram struct {
	data []byte
	by   int // how many more
}

// dice are independent sequences, one for each kind of fault.
type dice struct{ loss, duplicate, reorder, delay *rand.Rand }

func newDice(seed uint64) *dice {
	d := func(kind uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, kind)) }
	return &dice{loss: d(1), duplicate: d(2), reorder: d(3), delay: d(4)}
}

// Carry puts one datagram in and returns those that arrive now, in order: none, this one, or others that it has
// overtaken. Delay and Jitter do not matter. The list is valid until the next call. A datagram that is held back is
// copied; one that arrives at once is not.
func (l *Link) Carry(datagram []byte) [][]byte {
	if l.dice == nil {
		l.dice = newDice(l.Seed)
	}
	l.arriving = l.arriving[:0]
	l.stats.Carried++
	// Every die is cast for every datagram, so that the fate of the next one does not depend on this one's.
	lost := l.lose()
	twice := l.dice.duplicate.Float64() < l.Duplicate
	first, second := l.holdBack(), l.holdBack()
	waiting := len(l.held)
	switch {
	case l.Drop != nil && l.Drop(datagram):
		l.stats.Dropped++
	case lost:
		l.stats.Lost++
	default:
		l.pass(datagram, first)
		if twice {
			l.stats.Duplicated++
			l.pass(datagram, second)
		}
	}
	l.overtake(waiting)
	l.stats.Arrived += uint64(len(l.arriving))
	return l.arriving
}

// Flush returns the datagrams that still wait to be overtaken: nothing follows.
func (l *Link) Flush() [][]byte {
	l.arriving = l.arriving[:0]
	for _, h := range l.held {
		l.arriving = append(l.arriving, h.data)
	}
	l.held = nil
	l.stats.Arrived += uint64(len(l.arriving))
	return l.arriving
}

// Stats returns the counts so far.
func (l *Link) Stats() Stats {
	s := l.stats
	s.Held = uint64(len(l.held))
	return s
}

// lose follows the model of Gilbert: a burst ends with probability 1/Burst after each loss, and begins as often as
// makes Loss the mean.
func (l *Link) lose() bool {
	p := l.dice.loss.Float64()
	if l.Burst <= 1 || l.Loss <= 0 || l.Loss >= 1 {
		return p < l.Loss
	}
	if l.inBurst {
		l.inBurst = p >= 1/l.Burst
	} else {
		l.inBurst = p < l.Loss/(l.Burst*(1-l.Loss))
	}
	return l.inBurst
}

// holdBack returns by how many datagrams the next one is overtaken.
func (l *Link) holdBack() int {
	p, n := l.dice.reorder.Float64(), 1+l.dice.reorder.IntN(max(l.Depth, 1))
	if p < l.Reorder {
		return n
	}
	return 0
}

func (l *Link) pass(datagram []byte, by int) {
	if by == 0 {
		l.arriving = append(l.arriving, datagram)
		return
	}
	l.stats.Reordered++
	l.held = append(l.held, heldDatagram{bytes.Clone(datagram), by})
}

// overtake lets those of the first n held datagrams arrive that were overtaken often enough.
func (l *Link) overtake(n int) {
	rest := l.held[:0]
	for i, h := range l.held {
		if i < n {
			if h.by--; h.by == 0 {
				l.arriving = append(l.arriving, h.data)
				continue
			}
		}
		rest = append(rest, h)
	}
	clear(l.held[len(rest):])
	l.held = rest
}

// latency casts the die for one datagram on its way through a Network.
func (l *Link) latency() time.Duration {
	if l.Jitter <= 0 {
		return l.Delay
	}
	return l.Delay + time.Duration(l.dice.delay.Int64N(int64(l.Jitter)+1))
}

// fresh returns an unused Link like l with its own seed.
func (l *Link) fresh(seed uint64) *Link {
	return &Link{
		Seed: seed, Loss: l.Loss, Burst: l.Burst, Duplicate: l.Duplicate, Reorder: l.Reorder, Depth: l.Depth,
		Delay: l.Delay, Jitter: l.Jitter, Drop: l.Drop,
	}
}
