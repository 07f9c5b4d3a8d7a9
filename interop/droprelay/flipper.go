package main

import "github.com/flute-node/flute-node/flute/lct"

// flipper changes one bit in one datagram: what a checksum of 16 bits lets through now and then. The zero value changes
// none.
type flipper struct {
	at   int // number of the packet of a file to be changed, counted from 1; 0: none
	seen int
}

// flip changes the last bit of b if it is the one. Packets of FDT Instances are not counted.
func (f *flipper) flip(b []byte) (flipped bool) {
	if _, toi, err := lct.Peek(b); err != nil || toi.IsFDT() {
		return false
	}
	f.seen++
	if f.seen != f.at {
		return false
	}
	b[len(b)-1] ^= 1
	return true
}
