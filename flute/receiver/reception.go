package receiver

import (
	"math/bits"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/store"
)

// reception is what is held of one object: its FEC OTI, which symbols of which source blocks, and the staged bytes. It
// outlives the actor that works on it: a restarted one goes on from here. Bytes are stored before their bit is set, so
// every bit that is set tells the truth whatever crashed in between.
type reception struct {
	oti  fec.OTI
	fti  []byte // content of EXT_FTI as received; nil when the OTI came from the FDT
	part fec.Partition

	object store.Object
	buffer *store.Buffer // over object
	budget *store.Budget // memory of this object

	blocks   map[fec.SBN]*block // source blocks that are neither complete nor untouched, and guessed ones
	complete bitmap             // by SBN
	whole    uint32             // number of complete source blocks
	held     uint64             // bytes of source symbols held
	guesses  int                // number of blocks recovered under a guess
	repaired uint64             // source symbols recovered by FEC
	frontier fec.SBN            // all source blocks below it are complete

	digest  *digest // the object's prefix hashed so far; nil before the first Work
	working bool    // a Work reads object and digest; nobody else may
	first   time.Time
	percent uint64 // last announced progress
}

// block is a source block in reception.
type block struct {
	k       uint32
	have    bitmap               // source symbols held, by ESI
	sources uint32               // number of bits in have
	repair  []fec.Symbol         // repair symbols held, in order of arrival
	seen    map[fec.ESI]struct{} // ESIs of repair
	guess   fec.Variant          // with lost: the code assumed when the block was recovered
	lost    []fec.ESI            // source symbols recovered under a guess; nil when the block holds what was sent
}

// blockOverhead is charged to the budget for a block's bookkeeping besides its bitmap.
const blockOverhead = 160

// bitmap is a set of small integers that grows with the largest member.
type bitmap []uint64

func (b bitmap) has(i uint32) bool {
	w := int(i / 64)
	return w < len(b) && b[w]&(1<<(i%64)) != 0
}

func (b *bitmap) set(i uint32) {
	w := int(i / 64)
	if w >= len(*b) {
		*b = append(*b, make([]uint64, w+1-len(*b))...)
	}
	(*b)[w] |= 1 << (i % 64)
}

func (b bitmap) count() (n uint32) {
	for _, w := range b {
		n += uint32(bits.OnesCount64(w))
	}
	return n
}

// newReception prepares for an object whose OTI was validated. It allocates nothing that depends on the OTI.
func newReception(oti fec.OTI, fti []byte, object store.Object, parent *store.Budget, now time.Time) *reception {
	budget := store.NewBudget(1<<62, parent)
	r := &reception{
		oti: oti, fti: fti, object: object, budget: budget,
		buffer: store.NewBuffer(object, budget), blocks: map[fec.SBN]*block{}, first: now,
	}
	if oti.TransferLength > 0 {
		r.part = oti.Partition()
	}
	return r
}

// isWhole reports whether every source block is complete. An object of no bytes is whole from the start.
func (r *reception) isWhole() bool { return r.whole == r.part.Blocks() }

// open returns the block sbn of k source symbols, made on first use. errBudget when its bookkeeping cannot be paid.
func (r *reception) open(sbn fec.SBN, k uint32) (*block, error) {
	if b := r.blocks[sbn]; b != nil {
		return b, nil
	}
	if !r.budget.TryReserve(blockOverhead + uint64(k)/8) {
		return nil, errBudget
	}
	b := &block{k: k, have: make(bitmap, (k+63)/64)}
	r.blocks[sbn] = b
	return b, nil
}

// close marks block sbn complete and frees what it held, except for a guessed one, which is kept until it is proved.
func (r *reception) close(sbn fec.SBN, b *block) {
	if !r.complete.has(uint32(sbn)) {
		r.complete.set(uint32(sbn))
		r.whole++
	}
	for uint32(r.frontier) < r.part.Blocks() && r.complete.has(uint32(r.frontier)) {
		r.frontier++
	}
	if b != nil && b.lost == nil {
		r.forget(sbn, b)
	}
}

// forget drops the bookkeeping of a block.
func (r *reception) forget(sbn fec.SBN, b *block) {
	r.budget.Release(blockOverhead + uint64(b.k)/8 + uint64(len(b.repair))*uint64(r.oti.SymbolLength))
	delete(r.blocks, sbn)
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
	sbn := r.frontier
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
	if discard {
		// The name was never published, so a failure leaves only a file that the next start removes.
		_ = r.object.Discard()
	}
}
