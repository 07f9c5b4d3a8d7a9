package receiver

import (
	"bytes"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/drop"
)

// parity is a scheme as an application may register one: a single repair symbol, the sum of all source symbols.
type parity struct{}

func (parity) Supports(*fec.OTI) error { return nil }
func (parity) Variants() []fec.Variant { return nil }
func (parity) Memory(*fec.OTI, uint32) fec.Memory {
	return fec.Memory{Encoder: 1 << 10, Decoder: 1 << 10}
}
func (p parity) NewDecoder(*fec.OTI, fec.Variant, uint32) (fec.Decoder, error) { return p, nil }

func (parity) NewEncoder(o *fec.OTI, _ fec.Variant, _ uint32, source []byte) (fec.Encoder, error) {
	return &parityEncoder{int(o.SymbolLength), source}, nil
}

type parityEncoder struct {
	length int
	source []byte
}

func (e *parityEncoder) Reset(source []byte) error {
	e.source = source
	return nil
}

func (e *parityEncoder) AppendRepair(b []byte, _ fec.ESI) ([]byte, error) {
	sum := make([]byte, e.length)
	for i, v := range e.source {
		sum[i%e.length] ^= v
	}
	return append(b, sum...), nil
}

func (parity) Ready(sources, repairs int) bool   { return repairs > 0 }
func (parity) Matches([][]byte, fec.Symbol) bool { return false }
func (parity) Recover(source [][]byte, repair []fec.Symbol) error {
	lost := -1
	sum := bytes.Clone(repair[0].Data)
	for i, s := range source {
		switch {
		case len(s) == 0 && lost >= 0:
			return fec.ErrMoreSymbols
		case len(s) == 0:
			lost = i
		}
		for j, v := range s {
			sum[j] ^= v
		}
	}
	if lost >= 0 {
		source[lost] = append(source[lost], sum...)
	}
	return nil
}

// K09: the under-specified schemes, which are refused as they are, work with what an application registers for them.
func TestConf_K09_RegisteredScheme(t *testing.T) {
	for _, id := range []fec.EncodingID{fec.SmallBlockExpandable, fec.Compact, fec.SmallBlockSystematic} {
		registry := schemes.Default().With(id, 7, parity{})
		oti := fec.OTI{EncodingID: id, InstanceID: 7, SymbolLength: 100, MaxSourceBlockLength: 10}
		if id == fec.SmallBlockSystematic {
			oti.MaxEncodingSymbols = 11
		}
		content := random(10*100*5-30, 3)
		packets := transmitWith(t, registry, sender.Config{OTI: oti, Repair: 1}, source{name: "a", content: content})
		r := newRig(t, func(c *Config) { c.Registry = registry })
		lost := 0
		for i, p := range packets {
			if len(p) > 100 && i%13 == 5 && lost < 4 {
				lost++
				continue
			}
			r.feed(p)
		}
		r.file("a", content)
		r.close()
		if lost == 0 {
			t.Error("nothing was lost")
		}

		r = newRig(t) // without it
		r.feed(packets...)
		r.want("failed 1 a oti")
		if r.dropped(drop.OTI)+r.dropped(drop.Finished) == 0 {
			t.Errorf("%v: %v", id, r.l.Counters())
		}
		r.close()
	}
}
