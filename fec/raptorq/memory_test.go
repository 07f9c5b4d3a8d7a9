package raptorq

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/flute-node/flute-node/fec"
)

// allocated returns what f allocates, bytes.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestMemory compares what Memory says with what is allocated by a scheme that has done nothing before: its tables, plans and
// work memory count too.
func TestMemory(t *testing.T) {
	for _, parallel := range []bool{false, true} {
		for _, k := range []int{1, 10, 27, 101, 500, 1000, 4000, 12000, 56403} {
			for _, length := range []int{1, 8, 64, 100, 1400} {
				if k > 12000 && (length > 64 || parallel || testing.Short()) {
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
	b := lose(t, rand.New(rand.NewPCG(7, uint64(k))), New(config), k, length, 0.5, 3)
	esis := b.esis()
	symbol := make([]byte, 0, length)
	var err error
	encoder := allocated(func() {
		var enc fec.Encoder
		if enc, err = New(config).NewEncoder(o, "", uint32(k), b.source); err == nil {
			_, err = enc.AppendRepair(symbol, fec.ESI(k))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	decoder := allocated(func() {
		var dec fec.Decoder
		if dec, err = New(config).NewDecoder(o, "", uint32(k)); err != nil {
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
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("encoder %d of %d, decoder %d of %d bytes", encoder, said.Encoder, decoder, said.Decoder)
	if encoder > said.Encoder {
		t.Errorf("an encoder allocated %d bytes, Memory says %d", encoder, said.Encoder)
	}
	if decoder > said.Decoder {
		t.Errorf("a decoder allocated %d bytes, Memory says %d", decoder, said.Decoder)
	}
	// A bound that is far too high keeps objects out for nothing.
	if source := uint64(k * length); said.Decoder > 12*max(source, uint64(k)*200)+(1<<20) {
		t.Errorf("Memory says %d bytes for the decoder of %d", said.Decoder, source)
	}
}
