package fectest

import (
	"testing"

	"github.com/flute-node/flute-node/fec"
)

// Source returns k source symbols of length bytes, one after the other: byte b of symbol i is i*i*7 + i*131 + b*29 +
// 5*i*b + 3. The vectors of other programs were made of it.
func Source(k, length int) []byte {
	source := make([]byte, 0, k*length)
	for i := range k {
		for b := range length {
			source = append(source, byte(i*i*7+i*131+b*29+5*i*b+3))
		}
	}
	return source
}

// Split returns the symbols of length bytes that b is made of. None has room for more.
func Split(b []byte, length int) (symbols [][]byte) {
	for ; len(b) > 0; b = b[length:] {
		symbols = append(symbols, b[:length:length])
	}
	return symbols
}

// Lossy returns a copy of a block of k source symbols as a receiver has it: zero padded, those in lost empty, with
// room.
func Lossy(source []byte, k, length int, lost []int) [][]byte {
	padded := make([]byte, k*length)
	copy(padded, source)
	symbols := Split(padded, length)
	for _, i := range lost {
		clear(symbols[i])
		symbols[i] = symbols[i][:0]
	}
	return symbols
}

// Missing returns the ESIs of the source symbols that are empty.
func Missing(source [][]byte) (lost []fec.ESI) {
	for i, b := range source {
		if len(b) == 0 {
			lost = append(lost, fec.ESI(i))
		}
	}
	return lost
}

// ESIs returns those of symbols.
func ESIs(symbols []fec.Symbol) (esis []fec.ESI) {
	for _, s := range symbols {
		esis = append(esis, s.ESI)
	}
	return esis
}

// Repair returns the repair symbols from ESI from to ESI to - 1.
func Repair(tb testing.TB, enc fec.Encoder, from, to uint32) (symbols []fec.Symbol) {
	tb.Helper()
	for esi := fec.ESI(from); uint32(esi) < to; esi++ {
		data, err := enc.AppendRepair(nil, esi)
		if err != nil {
			tb.Fatal(err)
		}
		symbols = append(symbols, fec.Symbol{ESI: esi, Data: data})
	}
	return symbols
}
