package sender

import (
	"bytes"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
)

// TestMadeAtOnce: all repair symbols of a transfer are made at once, unless the encoder is kept for the next one, or
// they do not follow one another.
func TestMadeAtOnce(t *testing.T) {
	const k, repair, length = 20, 3, 30_000
	last := uint64(1<<24-k) / repair // transfers until the repair symbols of RaptorQ begin again
	for name, c := range map[string]struct {
		id     fec.EncodingID
		number uint64
		cache  *blockCache
		want   int
	}{
		"not kept":          {fec.RaptorQ, 0, nil, repair},
		"a later transfer":  {fec.RaptorQ, 7, nil, repair},
		"the last ones":     {fec.RaptorQ, last - 1, nil, repair},
		"begin again":       {fec.RaptorQ, last, nil, 0},
		"no room to keep":   {fec.RaptorQ, 0, &blockCache{most: k * length}, repair},
		"kept":              {fec.RaptorQ, 0, &blockCache{most: 1 << 30}, 0},
		"no such encoder":   {fec.ReedSolomonGF28, 0, nil, 0},
		"Raptor, not kept":  {fec.Raptor, 0, nil, repair},
		"Raptor, once kept": {fec.Raptor, 0, &blockCache{most: 1 << 30}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, err := Config{Registry: schemes.Default()}.validated()
			if err != nil {
				t.Fatal(err)
			}
			oti := fec.OTI{EncodingID: c.id, SymbolLength: length, MaxSourceBlockLength: k}
			if c.id == fec.ReedSolomonGF28 {
				oti.MaxEncodingSymbols = k + repair
			}
			coding, err := newCoding(cfg, oti, "", redundancy{symbols: repair}, 2*k*length)
			if err != nil {
				t.Fatal(err)
			}
			var x transfer
			x.start(&coding, headers{}, c.number, 1, 0)
			x.content.hold(bytes.NewReader(pattern(2 * k * length)))
			x.cache, x.kept = c.cache, &keptBlocks{}
			if err := x.open(&x.slots[0]); err != nil {
				t.Fatal(err)
			}
			b := &x.slots[0]
			if j := b.work.job.(*encodeJob); j.n != c.want || b.once != (c.want > 0) {
				t.Fatalf("%d are made at once (%v), want %d", j.n, b.once, c.want)
			}
			b.work.Run(nil)
			if err := b.ready(); err != nil {
				t.Fatal(err)
			}
			b.packet = b.group.packets()
			if x.keep(b); (len(x.kept.blocks) > 0) != (c.cache != nil && c.want == 0) {
				t.Errorf("%d blocks are kept", len(x.kept.blocks))
			}
		})
	}
}

// symbolCounter is an encoder that counts the repair symbols it makes.
type symbolCounter struct{ made int }

func (c *symbolCounter) Reset([]byte) error { return nil }

func (c *symbolCounter) AppendRepair(b []byte, _ fec.ESI) ([]byte, error) {
	c.made++
	return b, nil
}

// TestMadeWhenDue: where nobody runs Works, each repair symbol is made once, when it is due.
func TestMadeWhenDue(t *testing.T) {
	enc := &symbolCounter{}
	b := block{group: group{k: 4, g: 1, sources: 4, repairs: 2, cycle: 2, end: 6}, size: workBytes, enc: enc}
	b.prepare(0, false)
	if err := b.ready(); err != nil || b.work != nil || enc.made > 0 {
		t.Errorf("%v, Work %p; %d repair symbols are made before one is due", err, b.work, enc.made)
	}
}
