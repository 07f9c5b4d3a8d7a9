package ldpc

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
)

// FuzzDecoder: symbols that nobody has sent give an error or other symbols, and those of a block what it was.
func FuzzDecoder(f *testing.F) {
	f.Add(uint8(0), uint16(10), uint16(20), uint8(3), uint32(1), uint8(4), []byte{0, 3, 12, 15})
	f.Add(uint8(1), uint16(2), uint16(12), uint8(10), uint32(maxSeed), uint8(1), []byte{})
	f.Add(uint8(1), uint16(100), uint16(130), uint8(7), uint32(99), uint8(31), bytes.Repeat([]byte{1, 7, 200}, 30))
	f.Fuzz(func(t *testing.T, id uint8, k, n uint16, n1 uint8, seed uint32, g uint8, symbols []byte) {
		o := otiOf(ids[id%2], int(k%300), int(n%900), int(n1), seed, 4)
		o.GroupSize = g
		s := New(Config{})
		if s.Supports(&o) != nil || k%300 == 0 {
			return
		}
		kk := uint32(k % 300)
		d, err := s.NewDecoder(&o, "", kk)
		if err != nil {
			t.Fatal(err)
		}
		source := make([][]byte, kk)
		var repair []fec.Symbol
		for i, b := range symbols {
			esi := fec.ESI(int(b) + 256*(i%4))
			if uint32(esi) < kk {
				source[esi] = []byte{b, 1, 2, 3}
			} else {
				repair = append(repair, fec.Symbol{ESI: esi, Data: []byte{b, 2, 3, 4}})
			}
			_, _ = s.AppendGroup(nil, &o, kk, esi)
			_, _ = s.AppendPacket(nil, &o, kk, uint32(esi))
		}
		_ = d.Ready(3, len(repair))
		if err := d.Recover(source, repair); err != nil && !errors.Is(err, fec.ErrMoreSymbols) &&
			!errors.Is(err, flute.ErrOTI) {
			t.Fatal(err)
		}
		checkHonest(t, s, &o, symbols)
	})
}

// checkHonest encodes a block and loses what choices say. It is decoded to what it was, and whenever elimination says
// that it can be.
func checkHonest(t *testing.T, s *Scheme, o *fec.OTI, choices []byte) {
	t.Helper()
	k, n := int(o.MaxSourceBlockLength), int(o.MaxEncodingSymbols)
	if n > 200 {
		return // slow
	}
	b := &block{o: *o, k: k, n: n, source: make([]byte, k*int(o.SymbolLength))}
	for i := range b.source {
		b.source[i] = byte(i*7 + i>>8 + len(choices))
		if len(choices) > 0 {
			b.source[i] ^= choices[i%len(choices)]
		}
	}
	b.repair = encodeAll(t, s, o, b.source)
	received, chosen := make([]bool, n), []int{}
	for i := range received {
		received[i] = true
	}
	at := 0
	for _, c := range choices {
		at = (at + 1 + int(c)) % n
		received[at] = false
	}
	for i, here := range received {
		if here {
			chosen = append(chosen, i)
		}
	}
	source, repair := b.received(chosen)
	d, err := s.NewDecoder(o, "", uint32(k))
	if err != nil {
		t.Fatal(err)
	}
	err = d.Recover(source, repair)
	if err == nil && !bytes.Equal(slices.Concat(source...), b.source) {
		t.Fatalf("%+v, of %d symbols: other bytes", o, len(chosen))
	}
	triangle := o.EncodingID == fec.LDPCTriangle
	can := !slices.Contains(received[:k], false) ||
		n > k && oracle(newMatrix(params{k, n, int(o.N1), o.Seed, triangle}), received)
	if (err == nil) != can || err != nil && !errors.Is(err, fec.ErrMoreSymbols) {
		t.Fatalf("%+v, of %d symbols: %v; it can be decoded: %v", o, len(chosen), err, can)
	}
	if err == nil && len(repair) > 0 {
		if !d.Matches(source, repair[0]) {
			t.Fatalf("repair symbol %d does not match", repair[0].ESI)
		}
		forged := fec.Symbol{ESI: repair[0].ESI, Data: bytes.Clone(repair[0].Data)}
		if forged.Data[0] ^= 1; d.Matches(source, forged) {
			t.Fatalf("repair symbol %d matches with another bit", forged.ESI)
		}
	}
}
