package socket

import (
	"github.com/flute-node/flute-node/internal/slab"
)

// A read that brings less than one part in sparseShare of its slab is copied into a slab of that size. At low rates
// reads bring a datagram or two, and while these wait for an owner whose disk is slow, each read would hold the memory
// of a whole one.
const sparseShare = 4

// denseSlot is the least that a copied datagram takes of a slab: it bounds how many small ones may wait.
const denseSlot = 512

// dense is a slab that the datagrams of several sparse reads share. It belongs to the reader.
type dense struct {
	slab *slab.Slab // with one reference; nil: none
	used int        // bytes of it
}

// take copies the datagrams of a sparse read and returns the slab that holds them, with a reference for the caller; nil
// if they are to stay where they are.
func (d *dense) take(pool *slab.Pool, datagrams []slab.Datagram) *slab.Slab {
	total := 0
	for i := range datagrams {
		total += max(len(datagrams[i].Data), denseSlot)
	}
	if total == 0 || total > pool.Size() {
		return nil
	}
	if d.slab == nil || d.used+total > pool.Size() {
		d.release()
		if d.slab = pool.Get(); d.slab == nil {
			return nil
		}
	}
	for i := range datagrams {
		data := &datagrams[i].Data
		n := copy(d.slab.Bytes()[d.used:], *data)
		*data = d.slab.Bytes()[d.used : d.used+n : d.used+n]
		d.used += max(n, denseSlot)
	}
	d.slab.Retain(1)
	return d.slab
}

// release gives the slab up. Those of its datagrams that wait keep it.
func (d *dense) release() {
	if d.slab != nil {
		d.slab.Release()
	}
	*d = dense{}
}
