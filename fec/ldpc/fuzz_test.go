package ldpc

import (
	"bytes"
	"errors"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
)

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
	})
}
