package main

import (
	"math/rand/v2"

	"github.com/flute-node/flute-node/flute/lct"
)

// dropper chooses the datagrams to drop: one in every window of datagrams, or each by chance.
type dropper struct {
	spare  bool    // packets of FDT Instances are let through
	loss   float64 // probability that a datagram is dropped; 0 if windows decide
	window int     // datagrams of a window; 0 drops nothing
	at     int     // index in the window, counted from 0, of the next that is asked for
	victim int     // index in the window of the one that is dropped
	rand   *rand.Rand
}

// newDropper makes a dropper of windows.
func newDropper(window int, seed uint64) *dropper {
	d := &dropper{window: window, rand: rand.New(rand.NewPCG(seed, uint64(window)))}
	d.open()
	return d
}

// newRandomDropper makes a dropper that drops each datagram with the probability loss, whatever became of the others.
func newRandomDropper(loss float64, seed uint64) *dropper {
	return &dropper{loss: loss, rand: rand.New(rand.NewPCG(seed, 0))}
}

// drop reports whether the next datagram, b, is lost.
func (d *dropper) drop(b []byte) bool {
	if d.spare {
		if _, toi, err := lct.Peek(b); err == nil && toi.IsFDT() {
			return false
		}
	}
	if d.loss > 0 {
		return d.rand.Float64() < d.loss
	}
	if d.window == 0 {
		return false
	}
	lost := d.at == d.victim
	if d.at++; d.at == d.window {
		d.open()
	}
	return lost
}

// open starts a window.
func (d *dropper) open() {
	d.at = 0
	if d.window > 0 {
		d.victim = d.rand.IntN(d.window)
	}
}
