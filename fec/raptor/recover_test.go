package raptor

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/flute-node/flute-node/fec"
)

// lossy returns source as a receiver has it: symbols that are not in lost zero padded, the others empty.
func lossy(source []byte, k, length int, lost []int) [][]byte {
	padded := make([]byte, k*length)
	copy(padded, source)
	symbols := make([][]byte, k)
	for i := range symbols {
		symbols[i] = padded[i*length : (i+1)*length : (i+1)*length]
	}
	for _, i := range lost {
		clear(symbols[i])
		symbols[i] = symbols[i][:0]
	}
	return symbols
}

// TestRecover loses symbols at random, in blocks of all sizes, and gives back any repair symbols, in any order.
func TestRecover(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	s := New(Config{})
	for n := range 300 {
		k := 4 + random.IntN(100)
		if n%10 == 0 {
			k = 4 + random.IntN(2000)
		}
		length := 1 + random.IntN(200)
		source := make([]byte, k*length-random.IntN(length)) // the last symbol may be short
		for i := range source {
			source[i] = byte(random.Uint32())
		}
		enc := newTestEncoder(t, s, k, length, source)
		lost := random.Perm(k)[:1+random.IntN(k)]
		symbols := lossy(source, k, length, lost)
		dec := newTestDecoder(t, s, k, length)
		var repair []fec.Symbol
		for range len(lost) - 1 {
			repair = append(repair, repairOf(t, enc, uint32(k+random.IntN(modulus-k))))
		}
		for {
			repair = append(repair, repairOf(t, enc, uint32(k+random.IntN(modulus-k))))
			random.Shuffle(len(repair), func(i, j int) { repair[i], repair[j] = repair[j], repair[i] })
			err := dec.Recover(symbols, repair)
			if err == nil {
				break
			}
			if !errors.Is(err, fec.ErrMoreSymbols) || len(repair) > len(lost)+30 {
				t.Fatalf("K=%d lost=%d repair=%d: %v", k, len(lost), len(repair), err)
			}
		}
		if want := lossy(source, k, length, nil); !bytes.Equal(bytes.Join(symbols, nil), bytes.Join(want, nil)) {
			t.Fatalf("K=%d length=%d lost=%d: other bytes", k, length, len(lost))
		}
		if !dec.Matches(symbols, repair[0]) {
			t.Fatalf("K=%d: a repair symbol does not match", k)
		}
	}
}
