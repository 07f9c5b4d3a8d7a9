package sender

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/flute-node/flute-node/fec"
)

// TestLargeBlocksLendTheirMemory: of large source blocks as many are in memory as are in transfer, each read once and
// encoded in the memory of the one before, also where it is a symbol shorter. The packets are those of a session that
// reads when they are due; also after a crash while repair symbols are sent.
func TestLargeBlocksLendTheirMemory(t *testing.T) {
	const symbol, blocks = 8000, 5
	oti := fec.OTI{EncodingID: fec.RaptorQ, SymbolLength: symbol, MaxSourceBlockLength: lendBytes/symbol + 10}
	size := symbol*int(oti.MaxSourceBlockLength)*blocks - 3*symbol - 7
	for _, interleave := range []int{1, 2} {
		t.Run(fmt.Sprint(interleave), func(t *testing.T) {
			cfg := Config{OTI: oti, FDTOTI: fec.OTI{SymbolLength: 1000}, Interleave: interleave, Redundancy: 0.02}
			s, g := attended(t, cfg, size)
			g.inside = true
			want := files(t, s, nil)

			s, g = attended(t, cfg, size)
			s.Works()
			read, most := 0, 0
			g.ReaderAt = reads{g.ReaderAt, &read}
			encoders := map[fec.Encoder]bool{}
			got := files(t, s, func(works []*Work) {
				for _, w := range works {
					g.run(w)
				}
				for _, c := range s.schedule.queue(0).active {
					if n := len(c.content.spare) + len(c.content.pieces); n > 2*interleave {
						t.Fatalf("%d pieces", n)
					}
					held := c.content.bytes
					for i := range c.slots[:c.active] {
						held += len(c.slots[i].held)
						encoders[c.slots[i].enc] = true
					}
					most = max(most, held)
				}
			})
			if !slices.EqualFunc(got, want, bytes.Equal) {
				t.Error("the packets differ")
			}
			if limit := interleave * symbol * int(oti.MaxSourceBlockLength); most > limit {
				t.Errorf("%d bytes of the file in memory, want %d at most", most, limit)
			}
			if delete(encoders, nil); read != size || len(encoders) != interleave {
				t.Errorf("%d bytes were read of %d, with %d encoders", read, size, len(encoders))
			}

			s, g = attended(t, cfg, size)
			s.Works()
			crashed := false
			got = files(t, s, func(works []*Work) {
				for _, w := range works {
					g.run(w)
				}
				for _, c := range s.schedule.queue(0).active {
					if b := &c.slots[0]; !crashed && c.active > 0 && b.packet == b.group.sources+2 {
						c.inside, crashed = true, true
					}
				}
			})
			if !crashed || !slices.EqualFunc(got, want, bytes.Equal) {
				t.Errorf("crashed %v, or the packets differ", crashed)
			}
		})
	}
}

// thriftyScheme is a scheme that says whether its encoders detach.
type thriftyScheme struct {
	fec.Scheme
	detaches bool
}

func (s thriftyScheme) Detaches() bool                                 { return s.detaches }
func (thriftyScheme) Reuse(fec.Encoder, *fec.OTI, uint32, []byte) bool { return false }

// TestDetaches: only what a scheme says itself.
func TestDetaches(t *testing.T) {
	if detaches(xor{}) || detaches(thriftyScheme{}) || !detaches(thriftyScheme{detaches: true}) {
		t.Error("a source block would lend memory that its encoder needs, or keep what it does not")
	}
}
