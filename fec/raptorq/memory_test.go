package raptorq

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/internal/fectest"
	"github.com/flute-node/flute-node/internal/allocbound"
)

// TestMemory compares what Memory says with what is allocated by a scheme that has done nothing before: its tables,
// plans and work memory count too.
func TestMemory(t *testing.T) {
	fectest.OneGoroutine(t)
	for _, parallel := range []bool{false, true} {
		for _, k := range []int{1, 10, 27, 101, 1000, 4000, 56403} {
			for _, length := range []int{1, 8, 64, 100, 1400} {
				if k > 4000 && (length != 64 || parallel || testing.Short()) {
					continue
				}
				t.Run(fmt.Sprintf("k=%d/length=%d/parallel=%v", k, length, parallel), func(t *testing.T) {
					config := Config{}
					if parallel {
						config.Parallel = func(n int, f func(int)) {
							for i := range n {
								f(i)
							}
						}
					}
					o := testOTI(k, length)
					if length >= 1400 {
						o = testOTI(k, 5600)
					}
					testMemory(t, config, &o, k)
				})
			}
		}
	}
}

func testMemory(t *testing.T, config Config, o *fec.OTI, k int) {
	length := int(o.SymbolLength)
	said := New(config).Memory(o, uint32(k))
	for _, chance := range []float64{0.5, min(0.5, 3/float64(k))} {
		b := lose(t, rand.New(rand.NewPCG(7, uint64(k))), New(config), k, length, chance, 3)
		testDecoderMemory(t, config, o, b, said)
	}
	b := lose(t, rand.New(rand.NewPCG(7, uint64(k))), New(config), k, length, 0, 0)
	symbol := make([]byte, 0, length)
	var err error
	for _, prepared := range []int{0, 1, max(1, k/2), k} {
		encoder := allocbound.Allocated(func() {
			var enc fec.Encoder
			if enc, err = New(config).NewEncoder(o, "", uint32(k), b.source); err == nil && prepared > 0 {
				err = enc.(preparing).Prepare(fec.ESI(k), prepared)
			}
			if err == nil {
				_, err = enc.AppendRepair(symbol, fec.ESI(k))
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("an encoder that prepared %d allocated %d bytes, Memory says %d", prepared, encoder, said.Encoder)
		if encoder > said.Encoder {
			t.Errorf("an encoder that prepared %d allocated %d bytes, Memory says %d", prepared, encoder, said.Encoder)
		}
	}
	// A bound that is far too high keeps objects out for nothing.
	if source := uint64(k * length); said.Decoder > 12*max(source, uint64(k)*200)+(1<<20) {
		t.Errorf("Memory says %d bytes for the decoder of %d", said.Decoder, source)
	}
}

// testDecoderMemory decodes a block twice with one scheme: from the second block on it may use the plan of encoders.
func testDecoderMemory(t *testing.T, config Config, o *fec.OTI, b *received, said fec.Memory) {
	s, esis := New(config), fectest.ESIs(b.repair)
	var err error
	decoder := allocbound.Allocated(func() {
		for range 2 {
			for _, i := range b.lost {
				b.symbols[i] = b.symbols[i][:0]
			}
			var dec fec.Decoder
			if dec, err = s.NewDecoder(o, "", uint32(b.k)); err != nil {
				return
			}
			// One symbol short, then all of them.
			_ = dec.(fec.Solver).Solve(b.lost, esis[:max(0, len(b.lost)-1)])
			if err = dec.(fec.Solver).Solve(b.lost, esis); err != nil {
				return
			}
			if err = dec.Recover(b.symbols, b.repair); err != nil {
				return
			}
			if len(b.repair) > 0 && !dec.Matches(b.symbols, b.repair[0]) {
				t.Error("a symbol does not match")
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d lost: a decoder allocated %d bytes, Memory says %d", len(b.lost), decoder, said.Decoder)
	if decoder > said.Decoder {
		t.Errorf("%d lost: a decoder allocated %d bytes, Memory says %d", len(b.lost), decoder, said.Decoder)
	}
}
