package main

import "math/rand/v2"

// dropper chooses one datagram to drop in every window of datagrams.
type dropper struct {
	spare  int // datagrams at the start that are still to be let through
	window int // datagrams of a window; 0 drops nothing
	at     int // index in the window, counted from 0, of the next that is asked for
	victim int // index in the window of the one that is dropped
	rand   *rand.Rand
}

func newDropper(window, spare int, seed uint64) *dropper {
	d := &dropper{window: window, spare: spare, rand: rand.New(rand.NewPCG(seed, uint64(window)))}
	d.open()
	return d
}

// drop reports whether the next datagram is lost.
func (d *dropper) drop() bool {
	if d.window == 0 {
		return false
	}
	if d.spare > 0 {
		d.spare--
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
