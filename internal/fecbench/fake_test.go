package fecbench

import (
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
)

// clock is a clock that every look moves on by the next of its steps, again and again.
type clock struct {
	steps []time.Duration
	looks int
}

func (c *clock) now() time.Time {
	t := time.Unix(0, 0)
	for i := range c.looks {
		t = t.Add(c.steps[i%len(c.steps)])
	}
	c.looks++
	return t
}

// parrot is a scheme that any k+extra of its symbols decode: each repair symbol stands for the whole block.
type parrot struct {
	fec.Scheme
	extra     int
	spoils    bool // what it recovers is wrong
	elsewhere bool // and it is in a place of its own
	short     bool // its repair symbols are too short
	memory    fec.Memory
	solver    bool
	made      *int // encoders
	resets    *int
}

func (p parrot) registry() *fec.Registry { return new(fec.Registry).With(fec.RaptorQ, 0, p) }

func (p parrot) Supports(*fec.OTI) error            { return nil }
func (p parrot) Variants() []fec.Variant            { return nil }
func (p parrot) Memory(*fec.OTI, uint32) fec.Memory { return p.memory }

func (p parrot) NewEncoder(_ *fec.OTI, _ fec.Variant, k uint32, source []byte) (fec.Encoder, error) {
	if p.made != nil {
		*p.made++
	}
	return &parrotEncoder{p, source, len(source) / int(k)}, nil
}

func (p parrot) NewDecoder(*fec.OTI, fec.Variant, uint32) (fec.Decoder, error) {
	d := parrotDecoder{p}
	if p.solver {
		return parrotSolver{d}, nil
	}
	return d, nil
}

type parrotEncoder struct {
	parrot
	source []byte
	length int
}

func (e *parrotEncoder) Reset(source []byte) error {
	*e.resets++
	e.source = source
	return nil
}

func (e *parrotEncoder) AppendRepair(b []byte, _ fec.ESI) ([]byte, error) {
	if e.short {
		return append(b, 1), nil
	}
	return append(b, e.source[:e.length]...), nil
}

type parrotDecoder struct{ parrot }

func (d parrotDecoder) Ready(int, int) bool { return true }

// Recover knows the source: testSource has the same bytes in every symbol.
func (d parrotDecoder) Recover(source [][]byte, repair []fec.Symbol) error {
	lost := 0
	for _, s := range source {
		if len(s) == 0 {
			lost++
		}
	}
	if lost == 0 {
		return nil
	}
	if len(repair) < lost+d.extra {
		return fec.ErrMoreSymbols
	}
	for i, s := range source {
		if len(s) == 0 {
			source[i] = append(s, repair[0].Data...)
			if d.elsewhere {
				source[i] = append([]byte(nil), repair[0].Data...)
			}
			if d.spoils {
				source[i][0] ^= 1
			}
		}
	}
	return nil
}

func (d parrotDecoder) Matches([][]byte, fec.Symbol) bool { return true }

type parrotSolver struct{ parrotDecoder }

func (d parrotSolver) Solve(lost, repair []fec.ESI) error {
	if len(lost) > 0 && len(repair) < len(lost)+d.extra {
		return fec.ErrMoreSymbols
	}
	return nil
}

// raptorQBlock is a block that parrot codes.
func raptorQBlock(k, repair uint32) Block {
	return Block{
		OTI: fec.OTI{
			EncodingID: fec.RaptorQ, TransferLength: 16 * uint64(k), SymbolLength: 16, SourceBlocks: 1, SubBlocks: 1,
			Alignment: 4,
		},
		K: k, Repair: repair,
	}
}

// rsBlock is a block of a real code.
func rsBlock(k, repair uint32) Block {
	return Block{
		OTI: fec.OTI{
			EncodingID: fec.ReedSolomonGF28, TransferLength: 16 * uint64(k), SymbolLength: 16, MaxSourceBlockLength: k,
			MaxEncodingSymbols: k + repair,
		},
		K: k, Repair: repair,
	}
}

// config has a clock by which a run takes 10 ms, and so does what is between two runs.
func config(registry func() *fec.Registry) Config {
	c := &clock{steps: []time.Duration{10 * time.Millisecond}}
	if registry == nil {
		registry = schemes.Default
	}
	return Config{Registry: registry, Now: c.now, Budget: 35 * time.Millisecond, Seed: 1}
}
