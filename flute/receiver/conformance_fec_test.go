package receiver

import (
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/internal/drop"
)

// K06: RFC 6330, section 4.4.2: "Each packet ... contains ... one or more encoding symbols", whole ones, of consecutive
// ESIs. The last source symbol may come without its padding (RFC 6330, section 4.4.1.2, defines it "for encoding
// purposes").
func TestConf_K06_SeveralSymbolsPerPacket(t *testing.T) {
	for _, sub := range []uint16{1, 3} {
		r := newRig(t)
		o := object{t: t, toi: flute.NewTOI(1), content: random(20*24-10, 1)}
		o.oti = fec.OTI{
			EncodingID: fec.RaptorQ, TransferLength: uint64(len(o.content)), SymbolLength: 24, SourceBlocks: 1,
			SubBlocks: sub, Alignment: 4,
		}
		r.feed(describe(t, 0, o.file("a")))
		source := make([]byte, 20*24)
		p := o.oti.Partition()
		p.GatherSymbols(source, o.content, 0)
		_, unpadded := p.SymbolBytes(0, 19)
		scheme, err := r.cfg.Registry.Scheme(&o.oti)
		if err != nil {
			t.Fatal(err)
		}
		enc, err := scheme.NewEncoder(&o.oti, "", 20, source)
		if err != nil {
			t.Fatal(err)
		}
		var repair []byte
		for esi := fec.ESI(20); esi < 30; esi++ {
			if repair, err = enc.AppendRepair(repair, esi); err != nil {
				t.Fatal(err)
			}
		}
		short := int(unpadded) - 24
		r.feed(
			o.raw(0, 2, source[2*24:7*24]),
			o.raw(0, 18, source[18*24:20*24+short]),
			o.raw(0, 9, source[9*24:12*24+5]),         // not whole
			o.raw(0, 18, source[18*24:20*24+short-1]), // the same, cut
			o.raw(0, 20, repair[:5*24]),
			o.raw(0, 25, repair[5*24:10*24-1]), // a repair symbol is never short
			o.raw(0, 9, source[9*24:12*24]),
		)
		if got := r.dropped(drop.SymbolLength); got != 3 {
			t.Errorf("N=%d: %d packets dropped for the length of their symbols, want 3", sub, got)
		}
		r.want()
		r.feed(o.raw(0, 25, repair[5*24:10*24]), o.raw(0, 0, source[:24]))
		r.want("completed 1 a 470")
		r.file("a", o.content)
		r.close()
	}
}
