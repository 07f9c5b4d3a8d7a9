package receiver

import (
	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/store"
)

// reception is what is held of one object: its FEC OTI, which symbols of which source blocks, and the staged bytes. It
// outlives the actor that works on it: a restarted one goes on from here. Bytes are stored before their bit is set, so
// every bit that is set tells the truth whatever crashed in between.
type reception struct {
	oti    fec.OTI
	fti    []byte // content of EXT_FTI as received; nil when the OTI came from the FDT
	part   fec.Partition
	scheme fec.Scheme

	object   store.Object
	buffer   *store.Buffer // over object
	budget   *store.Budget // memory of this object
	stranger bool          // budget is below that of objects without a description

	blocks      map[fec.SBN]*block // source blocks that are neither complete nor untouched, and guessed ones
	spare       *block             // for the next one
	complete    blockSet
	held        uint64                // bytes of source symbols held
	guesses     int                   // number of blocks recovered under a guess
	decisive    bool                  // one of them shows which code it was, if it proves right
	repaired    uint64                // source symbols recovered by FEC
	attempts    map[*attempt]struct{} // whose Works are out
	waiting     bool                  // for memory, or for a permit
	unpermitted bool                  // a source block of it waits for a permit, see Labour
	queued      bool                  // whole, and waiting for the publication of an older version
	stalled     []fec.SBN             // source blocks that want memory, or a place among the attempts

	digest  *digest // the object's prefix hashed so far; nil before the first Work
	working bool    // a Work reads object and digest; nobody else may
	percent uint64  // last announced progress
}

// block is a source block in reception.
type block struct {
	k       uint32
	have    symbolSet            // source symbols held
	sources uint32               // number of members of have
	repair  []fec.Symbol         // repair symbols held, in order of arrival
	seen    map[fec.ESI]struct{} // ESIs of repair
	decoder fec.Decoder          // made when a try was worth while; nil before
	attempt *attempt             // the decoding by Works that is under way; nil: none
	news    bool                 // symbols came since it began
	guess   fec.Variant          // with lost: the code assumed when the block was recovered
	lost    []fec.ESI            // source symbols recovered under a guess; nil when the block holds what was sent

	decoderCost uint64 // charged for decoder
}

// The budget is charged for bookkeeping besides symbolSets and symbols.
const (
	blockOverhead  = 192
	symbolOverhead = 96 // of a repair symbol, in repair and in seen
)

// newReception prepares for an object whose OTI was validated. It allocates nothing that depends on the OTI.
func newReception(oti fec.OTI, fti []byte, scheme fec.Scheme, object store.Object, budget *store.Budget) *reception {
	r := &reception{
		oti: oti, fti: fti, scheme: scheme, object: object, budget: budget,
		buffer: store.NewBuffer(object, budget), blocks: map[fec.SBN]*block{},
		attempts: map[*attempt]struct{}{},
	}
	if oti.TransferLength > 0 {
		r.part = oti.Partition()
	}
	return r
}

// adopt charges what is held to parent from now on. It does nothing when that has no room. The error is the store's.
func (r *reception) adopt(parent *store.Budget) error {
	if err := r.buffer.Flush(); err != nil {
		return err
	}
	budget, held := store.NewBudget(r.budget.Limit(), parent), r.budget.Used()
	if !budget.TryReserve(held) {
		return nil
	}
	r.budget.Release(held)
	r.buffer.Release()
	r.budget, r.buffer, r.stranger = budget, store.NewBuffer(r.object, budget), false
	for a := range r.attempts {
		a.budget = budget
	}
	return nil
}

// isWhole reports whether every source block is complete. An object of no bytes is whole from the start.
func (r *reception) isWhole() bool { return r.complete.count == r.part.Blocks() }

// open returns the block sbn of k source symbols, made on first use. It allocates nothing that depends on k. errBudget
// when its bookkeeping cannot be paid.
func (r *reception) open(sbn fec.SBN, k uint32) (*block, error) {
	if b := r.blocks[sbn]; b != nil {
		return b, nil
	}
	if !r.complete.prepare(r.budget, sbn) || !r.budget.TryReserve(blockOverhead) {
		return nil, errBudget
	}
	b := r.spare
	if b == nil {
		b = &block{}
	}
	r.spare = nil
	b.k = k
	r.blocks[sbn] = b
	return b, nil
}

// repairCost is what one repair symbol is charged.
func (r *reception) repairCost() uint64 { return uint64(r.oti.SymbolLength) + symbolOverhead }

// close marks block sbn complete and frees what it held, except for a guessed one, which is kept until it is proved.
func (r *reception) close(sbn fec.SBN, b *block) {
	r.complete.add(r.budget, sbn)
	if b.lost == nil {
		r.forget(sbn, b)
	}
}

// forget drops the bookkeeping of a block. What an attempt that is under way still uses is its own from now on.
func (r *reception) forget(sbn fec.SBN, b *block) {
	cost := blockOverhead + b.have.cost
	used := uint64(len(b.repair))*r.repairCost() + b.decoderCost
	if b.attempt != nil {
		b.attempt.cost += used
	} else {
		cost += used
	}
	r.budget.Release(cost)
	delete(r.blocks, sbn)
	b.have.reset()
	*b = block{have: b.have}
	r.spare = b
}

// write stores source symbol esi of block sbn, which has SymbolLength bytes or no less than the object has of it. It returns
// how many of them are the object's.
func (r *reception) write(sbn fec.SBN, esi fec.ESI, symbol []byte) (n uint32, err error) {
	if !r.part.HasSubBlocks() {
		off, n := r.part.Symbol(sbn, esi)
		_, err := r.buffer.WriteAt(symbol[:n], int64(off))
		return n, err
	}
	for i := range r.part.Pieces() {
		p := r.part.Piece(sbn, esi, i)
		if _, err := r.buffer.WriteAt(symbol[p.At:p.At+p.Len], int64(p.Off)); err != nil {
			return n, err
		}
		n += p.Len
	}
	return n, nil
}

// hashed returns how many bytes of the object the digest covers.
func (r *reception) hashed() uint64 {
	if r.digest == nil {
		return 0
	}
	return r.digest.done
}

// prefix returns how many bytes from the start of the object are final: complete, and recovered under no guess.
func (r *reception) prefix() uint64 {
	sbn := r.complete.next
	if r.guesses > 0 {
		for s, b := range r.blocks {
			if b.lost != nil && s < sbn {
				sbn = s
			}
		}
	}
	if uint32(sbn) >= r.part.Blocks() {
		return r.oti.TransferLength
	}
	off, _ := r.part.Block(sbn)
	return off
}

// release gives back all memory and, unless it was published, the staged object.
func (r *reception) release(discard bool) {
	r.buffer.Release()
	for sbn, b := range r.blocks {
		r.forget(sbn, b)
	}
	r.complete.release(r.budget)
	if discard {
		// The name was never published, so a failure leaves only a file that the next start removes.
		_ = r.object.Discard()
	}
}
