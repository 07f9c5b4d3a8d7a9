package schemes_test

import (
	"fmt"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
)

// TestLimits: each codec takes the shortest and the longest source block that OTI.Limits permits, and none beyond.
func TestLimits(t *testing.T) {
	registry := schemes.Default()
	for _, o := range []fec.OTI{
		{EncodingID: fec.Raptor, SubBlocks: 1, Alignment: 1},
		{EncodingID: fec.RaptorQ, SubBlocks: 1, Alignment: 1},
		{EncodingID: fec.ReedSolomonGF28},
		{EncodingID: fec.SmallBlockSystematic},
		{EncodingID: fec.ReedSolomonGF2m, FieldBits: 2, GroupSize: 1},
		{EncodingID: fec.ReedSolomonGF2m, GroupSize: 1},
		{EncodingID: fec.ReedSolomonGF2m, FieldBits: 16, GroupSize: 1},
		{EncodingID: fec.LDPCStaircase, N1: 3, Seed: 1, GroupSize: 1},
		{EncodingID: fec.LDPCTriangle, N1: 3, Seed: 1, GroupSize: 1},
	} {
		o.SymbolLength = 2
		t.Run(fmt.Sprintf("%v,m=%d", o.EncodingID, o.FieldBits), func(t *testing.T) {
			s, err := registry.Scheme(&o)
			if err != nil {
				t.Fatal(err)
			}
			limits, repair := o.Limits(), max(1, uint32(o.N1)) // repair symbols, without which there is no code
			takes := func(k uint32) bool {
				o := o
				o.MaxSourceBlockLength, o.MaxEncodingSymbols = k, k+repair
				return s.Memory(&o, k) != fec.Memory{}
			}
			shortest, longest := limits.MinBlockSymbols, min(limits.MaxBlockSymbols, limits.Symbols-repair)
			if takes(shortest-1) || !takes(shortest) || !takes(longest) || takes(longest+1) {
				t.Errorf("%+v: the codec takes blocks of %d: %v, %d: %v, %d: %v, %d: %v", limits, shortest-1,
					takes(shortest-1),
					shortest, takes(shortest), longest, takes(longest), longest+1, takes(longest+1))
			}
		})
	}
}
