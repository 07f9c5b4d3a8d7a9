package sender

import (
	"bytes"
	"context"
	"testing"

	"github.com/flute-node/flute-node/fec"
)

// xor is a code whose every repair symbol is the number of its block, and whose encoder is reusable.
type xor struct {
	fec.Scheme
	made, reset *int
}

func (x xor) Supports(*fec.OTI) error { return nil }

func (x xor) Variants() []fec.Variant { return nil }

func (x xor) NewEncoder(o *fec.OTI, _ fec.Variant, _ uint32, source []byte) (fec.Encoder, error) {
	*x.made++
	return &xorEncoder{length: int(o.SymbolLength), source: source, reset: x.reset}, nil
}

type xorEncoder struct {
	length int
	source []byte
	reset  *int
}

func (e *xorEncoder) Reset(source []byte) error {
	*e.reset++
	e.source = source
	return nil
}

func (e *xorEncoder) AppendRepair(b []byte, _ fec.ESI) ([]byte, error) {
	symbol := make([]byte, e.length)
	for i, c := range e.source {
		symbol[i%e.length] ^= c
	}
	return append(b, symbol...), nil
}

// An encoder that can be reused is, for blocks of the same length of one object; the symbols are those of the block.
func TestEncodersAreReused(t *testing.T) {
	var made, reset int
	registry := new(fec.Registry).With(fec.ReedSolomonGF28, 0, xor{made: &made, reset: &reset})
	cfg, err := Config{Registry: registry, OTI: fec.OTI{
		EncodingID: fec.ReedSolomonGF28, SymbolLength: 10, MaxSourceBlockLength: 4, MaxEncodingSymbols: 5,
	}, Repair: 1}.validated()
	if err != nil {
		t.Fatal(err)
	}
	content := pattern(18 * 10) // blocks of 4, 4, 4, 3 and 3 symbols
	o, err := Prepare(context.Background(), File{ContentLocation: "a", Content: bytes.NewReader(content), Size: 180},
		nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := newCoding(cfg, cfg.OTI, "", redundancy{symbols: 1}, 180)
	if err != nil {
		t.Fatal(err)
	}
	var r readAhead
	r.hold(o.source)
	for i := range c.blocks {
		var b block
		if err := b.open(&c, &r, fec.SBN(i)); err != nil {
			t.Fatal(err)
		}
	}
	if made != 5 || reset != 0 {
		t.Errorf("in new blocks: %d made, %d reset", made, reset)
	}
	made = 0
	var b block
	for i := range c.blocks {
		if err := b.open(&c, &r, fec.SBN(i)); err != nil {
			t.Fatal(err)
		}
		got, err := b.appendSymbol(nil, &c, &r, fec.ESI(b.group.k), 0)
		if err != nil {
			t.Fatal(err)
		}
		off, n := c.part.Block(fec.SBN(i))
		want, _ := (&xorEncoder{length: 10, source: content[off : off+n]}).AppendRepair(nil, 0)
		if !bytes.Equal(got, want) {
			t.Errorf("block %d: repair symbol %x, want %x", i, got, want)
		}
	}
	if made != 2 || reset != 3 {
		t.Errorf("in one block: %d made, %d reset", made, reset)
	}
}

// A small read-ahead and a large one read every byte of a No-Code file once.
func TestReadAhead(t *testing.T) {
	for _, ahead := range []int{1, 100, 1000, 1 << 20} {
		s, _ := oneFile(t,
			Config{OTI: fec.OTI{SymbolLength: 100, MaxSourceBlockLength: 7}, ReadAhead: ahead, Interleave: 2}, 0)
		r := &counting{r: bytes.NewReader(pattern(5432))}
		addTo(t, s, File{ContentLocation: "b", Content: r, Size: 5432})
		r.n, r.calls = 0, 0
		objectPackets(t, s)
		if most := 5432/max(100, min(ahead/100*100, 700)) + 8; r.n != 5432 || r.calls > most {
			t.Errorf("read-ahead %d: %d bytes in %d reads, at most %d", ahead, r.n, r.calls, most)
		}
	}
}

type counting struct {
	r        *bytes.Reader
	n, calls int
}

func (c *counting) ReadAt(p []byte, off int64) (int, error) {
	c.calls++
	c.n += len(p)
	return c.r.ReadAt(p, off)
}
