package assembly

import "github.com/flute-node/flute-node/fec"

// block is a source block in reception: what was received, and what is live.
type block struct {
	received
	seen        map[fec.ESI]struct{} // ESIs of repair
	decoder     fec.Decoder          // made when a try was worth while; nil before
	decoderCost uint64               // charged for decoder
	attempt     *Attempt             // the decoding that is under way; nil: none
	news        bool                 // symbols came since it began
	changed     bool                 // it is in Assembly.changed
}

// The budget is charged for bookkeeping besides symbolSets and symbols.
const (
	blockOverhead  = 192
	symbolOverhead = 96 // of a repair symbol, in repair and in seen
)

// open returns the block sbn of k source symbols, made on first use. It allocates nothing that depends on k. ErrBudget
// when its bookkeeping cannot be paid.
func (a *Assembly) open(sbn fec.SBN, k uint32) (*block, error) {
	if a.latest != nil && a.latestSBN == sbn {
		return a.latest, nil
	}
	if b := a.blocks[sbn]; b != nil {
		a.latest, a.latestSBN = b, sbn
		return b, nil
	}
	if !a.complete.prepare(a.budget, sbn) || !a.budget.TryReserve(blockOverhead) {
		return nil, ErrBudget
	}
	b := a.spare
	if b == nil {
		b = &block{}
	}
	a.spare = nil
	b.k = k
	a.blocks[sbn] = b
	a.latest, a.latestSBN = b, sbn
	return b, nil
}

// repairCost is what one repair symbol is charged.
func (a *Assembly) repairCost() uint64 { return uint64(a.OTI.SymbolLength) + symbolOverhead }

// close marks block sbn complete and frees what it held, except for a guessed one, which is kept until it is proved.
func (a *Assembly) close(sbn fec.SBN, b *block) {
	a.complete.add(a.budget, sbn)
	a.touch(sbn, b)
	if b.lost == nil {
		a.forget(sbn, b)
	}
}

// forget drops the bookkeeping of a block. What an attempt that is under way still uses is its own from now on.
func (a *Assembly) forget(sbn fec.SBN, b *block) {
	cost := blockOverhead + b.have.cost
	used := uint64(len(b.repair))*a.repairCost() + b.decoderCost
	switch proof := a.proof; {
	case b.attempt != nil:
		b.attempt.cost += used
	case proof != nil && proof.block == b:
		proof.cost += used
	default:
		cost += used
	}
	a.budget.Release(cost)
	delete(a.blocks, sbn)
	if a.latest == b {
		a.latest = nil
	}
	b.have.reset()
	*b = block{received: received{have: b.have}}
	a.spare = b
}
