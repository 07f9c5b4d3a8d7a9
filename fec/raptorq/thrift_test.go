package raptorq_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/raptor"
	"github.com/flute-node/flute-node/fec/raptorq"
)

// thrifty is what both codes promise to who has little memory.
type thrifty interface {
	fec.Scheme
	Detaches() bool
	Reuse(e fec.Encoder, o *fec.OTI, k uint32, source []byte) bool
}

// TestThrift: after its first repair symbol an encoder does without the source symbols; and one that is used again for
// a source block of other size makes the symbols of a new one.
func TestThrift(t *testing.T) {
	const length = 64
	for _, c := range []struct {
		s     thrifty
		id    fec.EncodingID
		reuse bool // of memory for a block that is a symbol shorter
	}{{raptorq.New(raptorq.Config{}), fec.RaptorQ, true}, {raptor.New(raptor.Config{}), fec.Raptor, false}} {
		const k = 1000
		o := &fec.OTI{EncodingID: c.id, SymbolLength: length, MaxSourceBlockLength: k, SubBlocks: 1, Alignment: 4}
		random := rand.New(rand.NewPCG(1, 2))
		block := func(k int) []byte {
			b := make([]byte, k*length)
			for i := range b {
				b[i] = byte(random.IntN(256))
			}
			return b
		}
		repairs := func(e fec.Encoder, k int, after func()) (all []byte) {
			for esi := fec.ESI(k); esi < fec.ESI(k)+20; esi++ {
				var err error
				if all, err = e.AppendRepair(all, esi); err != nil {
					t.Fatal(err)
				}
				after()
			}
			return all
		}
		encoder := func(k int, source []byte) fec.Encoder {
			e, err := c.s.NewEncoder(o, "", uint32(k), source)
			if err != nil {
				t.Fatal(err)
			}
			return e
		}
		a, b := block(k), block(k-1)
		want := repairs(encoder(k, a), k, func() {})
		lent := bytes.Clone(a)
		e := encoder(k, lent)
		if got := repairs(e, k, func() { clear(lent) }); !c.s.Detaches() || !bytes.Equal(got, want) {
			t.Errorf("FEC Encoding ID %d: the encoder needs the source symbols", c.id)
		}
		if got := c.s.Reuse(e, o, k-1, b); got != c.reuse {
			t.Fatalf("FEC Encoding ID %d: reused %v, want %v", c.id, got, c.reuse)
		}
		if !c.reuse {
			continue
		}
		if got := repairs(e, k-1, func() {}); !bytes.Equal(got, repairs(encoder(k-1, b), k-1, func() {})) {
			t.Errorf("FEC Encoding ID %d: a reused encoder makes other symbols", c.id)
		}
		if c.s.Reuse(e, o, 3*k, block(3*k)) || c.s.Reuse(e, o, k-1, block(k)) {
			t.Errorf("FEC Encoding ID %d: reused for a block that does not fit", c.id)
		}
		if got := repairs(e, k-1, func() {}); !bytes.Equal(got, repairs(encoder(k-1, b), k-1, func() {})) {
			t.Errorf("FEC Encoding ID %d: an encoder is changed by what it refused", c.id)
		}
	}
}
