package assembly

import (
	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/store"
)

// Assembly is what is held of one object: its State, its source blocks in reception, and the staged bytes. It outlives
// whoever calls it: after a panic in one of its methods, but for the packet in hand, it goes on. It is not safe for
// concurrent use.
type Assembly struct {
	State
	sender *Sender
	scheme fec.Scheme
	part   fec.Partition

	object store.Object
	buffer *store.Buffer // over object
	budget *store.Budget // memory of this object

	blocks      map[fec.SBN]*block    // source blocks that are neither complete nor untouched, and guessed ones
	spare       *block                // for the next one
	attempts    map[*Attempt]struct{} // that have not been concluded
	stalled     []fec.SBN             // source blocks that want memory, or a place among the attempts
	waiting     bool                  // for memory, or for a permit
	unpermitted bool                  // a source block of it waits for a permit, see Labour

	effects Effects
	esis    []fec.ESI // of the packet in hand
	block   fec.SBN   // the source block in hand
	inHand  bool
}

// New prepares for an object whose OTI was validated, and whose bytes go to object. It allocates nothing that depends
// on the OTI. Memory is charged to budget, which is this object's alone.
func New(
	sender *Sender, scheme fec.Scheme, oti fec.OTI, fti []byte, object store.Object, budget *store.Budget,
) Assembly {
	a := Assembly{
		State: State{OTI: oti, FTI: fti}, sender: sender, scheme: scheme, object: object, budget: budget,
		buffer: store.NewBuffer(object, budget), blocks: map[fec.SBN]*block{}, attempts: map[*Attempt]struct{}{},
	}
	if oti.TransferLength > 0 {
		a.part = oti.Partition()
	}
	return a
}

// Adopt charges what is held to parent from now on. It does nothing when that has no room. The error is the store's.
func (a *Assembly) Adopt(parent *store.Budget) (adopted bool, err error) {
	if err := a.buffer.Flush(); err != nil {
		return false, err
	}
	budget, held := store.NewBudget(a.budget.Limit(), parent), a.budget.Used()
	if !budget.TryReserve(held) {
		return false, nil
	}
	a.budget.Release(held)
	a.buffer.Release()
	a.budget, a.buffer = budget, store.NewBuffer(a.object, budget)
	for at := range a.attempts {
		at.budget = budget
	}
	return true, nil
}

// Effects drains what is to be done since the last call.
func (a *Assembly) Effects() Effects {
	f := a.effects
	a.effects = Effects{}
	return f
}

// IsWhole reports whether every source block is complete. An object of no bytes is whole from the start.
func (a *Assembly) IsWhole() bool { return a.complete.count == a.part.Blocks() }

// IsDecoding reports whether Attempts are under way: perhaps nothing is missing.
func (a *Assembly) IsDecoding() bool { return len(a.attempts) > 0 }

// IsWaiting reports whether a source block waits for memory or for a permit, and wants Retry to be called.
func (a *Assembly) IsWaiting() bool { return a.waiting }

// Stalled returns how many source blocks wait for memory, a permit, or an end of other Attempts.
func (a *Assembly) Stalled() int { return len(a.stalled) }

// IsUnpermitted reports whether a source block waits for a permit.
func (a *Assembly) IsUnpermitted() bool { return a.unpermitted }

// HoldsSymbols reports whether there is any symbol, or nothing to be received.
func (a *Assembly) HoldsSymbols() bool {
	if a.Received > 0 || a.complete.count > 0 || a.OTI.TransferLength == 0 {
		return true
	}
	for _, b := range a.blocks {
		if b.sources > 0 || len(b.repair) > 0 {
			return true
		}
	}
	return false
}

// InHand returns the SBN of the source block that the latest Take was interrupted in, if it was: what to blame for a
// panic.
func (a *Assembly) InHand() (fec.SBN, bool) { return a.block, a.inHand }

// Partition returns the source block structure; the zero value for an object of no bytes.
func (a *Assembly) Partition() *fec.Partition { return &a.part }

// Prefix returns how many bytes from the start of the object are final: complete, and recovered under no guess.
func (a *Assembly) Prefix() uint64 {
	sbn := a.complete.next
	if a.guesses > 0 {
		for s, b := range a.blocks {
			if b.lost != nil && s < sbn {
				sbn = s
			}
		}
	}
	if uint32(sbn) >= a.part.Blocks() {
		return a.OTI.TransferLength
	}
	off, _ := a.part.Block(sbn)
	return off
}

// Object returns the staged object. Nobody else may write to it.
func (a *Assembly) Object() store.Object { return a.object }

// Flush writes all that pages hold to the object, and frees them.
func (a *Assembly) Flush() error { return a.buffer.Flush() }

// FlushBefore writes all pages that begin before the offset end.
func (a *Assembly) FlushBefore(end uint64) error { return a.buffer.FlushBefore(int64(end)) }

// TakeTail takes the bytes that were not written yet, for whoever reads the object next to write them.
func (a *Assembly) TakeTail() (*store.Tail, error) { return a.buffer.Take() }

// Release gives back all memory, but that of Attempts which are under way, and discards the staged object if told to.
// The Assembly is not used any more, but by Conclude.
func (a *Assembly) Release(discard bool) {
	for _, at := range a.effects.Attempts { // nobody has it yet, so nobody will bring it back
		a.End(at)
	}
	a.effects.Attempts = nil
	a.buffer.Release()
	for sbn, b := range a.blocks {
		a.forget(sbn, b)
	}
	a.complete.release(a.budget)
	if discard {
		// The name was never published, so a failure leaves only a file that the next start removes.
		_ = a.object.Discard()
	}
}

// write stores source symbol esi of block sbn, which has SymbolLength bytes or no less than the object has of it. It
// returns how many of them are the object's.
func (a *Assembly) write(sbn fec.SBN, esi fec.ESI, symbol []byte) (n uint32, err error) {
	if !a.part.HasSubBlocks() {
		off, n := a.part.Symbol(sbn, esi)
		_, err := a.buffer.WriteAt(symbol[:n], int64(off))
		return n, err
	}
	for i := range a.part.Pieces() {
		off, at, length := a.part.Piece(sbn, esi, i)
		if _, err := a.buffer.WriteAt(symbol[at:at+length], int64(off)); err != nil {
			return n, err
		}
		n += length
	}
	return n, nil
}
