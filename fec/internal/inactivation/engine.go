package inactivation

import (
	"sync"
	"sync/atomic"

	"github.com/flute-node/flute-node/fec"
)

// Config is what an Engine is made of.
type Config struct {
	// Name begins the text of errors.
	Name string
	// Size returns the dimensions of the code for k' source symbols, and allocates nothing.
	Size func(extended int) Size
	// Code returns the code for k' source symbols.
	Code func(extended int) *Code
	// Parallel runs work on a large source block at the same time; nil: one after the other.
	Parallel func(n int, f func(i int))
	// PlanBytes bounds the plans that are kept for encoders, in bytes. 0: 64 MiB. The plan used last is kept in any
	// case.
	PlanBytes uint64
}

// defaultPlanBytes keeps plans for all the source block lengths that a node is likely to meet at a time: one of 56,403
// symbols takes 8 MiB, half of which is the shortcut, one of 1000 symbols 84 KiB.
const defaultPlanBytes = 64 << 20

// maxFree bounds the free list: as many decoders as are likely to work at the same time.
const maxFree = 4

// Block is the source block of an encoder or decoder. The scheme has checked that Symbols >= 1, Extended >= Symbols,
// SymbolLength >= 1 and MaxESI > Symbols.
type Block struct {
	Symbols      int     // K
	Extended     int     // K'
	SymbolLength int     // T, bytes
	MaxESI       fec.ESI // ESIs are below it
}

// isi returns the ISI of an encoding symbol (RFC 6330, section 5.3.1).
func (b *Block) isi(esi fec.ESI) uint32 {
	if int64(esi) < int64(b.Symbols) {
		return uint32(esi)
	}
	return uint32(esi) + uint32(b.Extended-b.Symbols)
}

// surplus returns how many repair symbols more than needed are made use of. They say no more than that the chance to
// fail is far below that of a bit error in memory, unless their ESIs were chosen to that end.
func (b *Block) surplus() int { return 64 + b.Extended/64 }

// cells bounds the columns of the symbols from which the block is decoded. Their ISIs are not of our choice.
func (b *Block) cells(s *Size) int { return s.cellsOf() + (b.Symbols+b.surplus())*s.degree() }

// Engine makes encoders and decoders. It is safe for concurrent use; they are not.
type Engine struct {
	config Config

	mu    sync.Mutex
	codes []*known // the one used last comes last
	bytes uint64   // of codes
	free  []*worker
}

// New returns an Engine without plans.
func New(c Config) *Engine {
	if c.PlanBytes == 0 {
		c.PlanBytes = defaultPlanBytes
	}
	return &Engine{config: c}
}

// known is a code in use.
type known struct {
	extended int
	bytes    uint64 // counted by the Engine

	code func() *Code // made once
	// source are the rows of the K' source symbols.
	source func() *Rows
	plan   func() *Plan // of encoders; nil if the matrix is singular

	planned atomic.Bool // the plan is there
	decoded atomic.Bool // a block has been decoded that could use it
}

// isPlanned reports whether a decoder should use the plan: for a single block it costs more to make it than to do
// without.
func (k *known) isPlanned() bool { return k.planned.Load() || k.decoded.Swap(true) }

// known returns the code for k' source symbols. What is costly is made when it is asked for, once, whoever asks.
func (e *Engine) known(extended int) *known {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, k := range e.codes {
		if k.extended == extended {
			copy(e.codes[i:], e.codes[i+1:])
			e.codes[len(e.codes)-1] = k
			return k
		}
	}
	k := &known{extended: extended}
	k.code = sync.OnceValue(func() *Code {
		c := e.config.Code(extended)
		e.grown(k, c.bytes())
		return c
	})
	k.source = sync.OnceValue(func() *Rows {
		rows := k.code().sourceRows()
		e.grown(k, rows.bytes())
		return rows
	})
	k.plan = sync.OnceValue(func() *Plan {
		w := e.worker()
		defer e.release(w)
		p := w.encoderPlan(k.code(), k.source())
		if p != nil {
			e.grown(k, p.bytes())
			k.planned.Store(true)
		}
		return p
	})
	e.codes = append(e.codes, k)
	return k
}

// grown counts memory that k holds now and drops what was used longest ago.
func (e *Engine) grown(k *known, bytes uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	dropped := true
	for _, other := range e.codes {
		dropped = dropped && other != k
	}
	if dropped {
		return
	}
	k.bytes += bytes
	e.bytes += bytes
	for i := 0; e.bytes > e.config.PlanBytes && i < len(e.codes)-1; {
		if e.codes[i] == k {
			i++
			continue
		}
		e.bytes -= e.codes[i].bytes
		e.codes = append(e.codes[:i], e.codes[i+1:]...)
	}
}
