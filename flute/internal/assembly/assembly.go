package assembly

import (
	"errors"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute/internal/staging"
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

	object *staging.Object
	buffer *store.Buffer // of what is to be written to object; nil: it is written at once, see Sender.Inline
	budget *store.Budget // memory of this object
	beside uint64        // charged by Reserve
	window window        // of object, if that is memory

	blocks      map[fec.SBN]*block    // source blocks that are neither complete nor untouched, and guessed ones
	latest      *block                // the one of them that was opened last; nil: it was forgotten
	latestSBN   fec.SBN               // of latest
	spare       *block                // for the next one
	limitK      uint32                // the number of source symbols that limit belongs to
	limit       uint32                // fec.OTI.MaxESI of limitK
	attempts    map[*Attempt]struct{} // that have not been concluded
	proof       *Attempt              // the one of them that is to prove a variant; nil: none
	assumed     fec.Variant           // that guessed blocks shall hold; empty: the first
	confirmed   fec.Variant           // for which confirm was done
	stalled     []fec.SBN             // source blocks that want memory, or a place among the attempts
	waiting     bool                  // for memory, or for a permit
	unpermitted bool                  // a source block of it waits for a permit, see Labour

	changed []fec.SBN // blocks of which more is held than entries were appended for
	tracks  bool      // they are remembered

	pieces    pieces // of symbols that are not whole, see TakeAt
	doubt     *doubt // the digest has failed; nil: it has not
	doubtCost uint64 // charged for one that is being made
	early     []early
	scratch   []byte // a symbol
	gaps      []store.Span

	effects Effects
	esis    []fec.ESI // of the packet in hand
	block   fec.SBN   // the source block in hand
	inHand  bool
	putting bool // what is in hand did not come in a packet
}

// New prepares for an object whose OTI was validated, and whose bytes go to object. It allocates nothing that depends
// on the OTI. Memory is charged to budget, which is this object's alone.
func New(
	sender *Sender, scheme fec.Scheme, oti fec.OTI, fti []byte, object *staging.Object, budget *store.Budget,
) Assembly {
	a := Assembly{
		State: State{OTI: oti, FTI: fti}, sender: sender, scheme: scheme, object: object, budget: budget,
		blocks: map[fec.SBN]*block{}, attempts: map[*Attempt]struct{}{},
	}
	if !sender.Inline {
		a.buffer = store.NewBuffer(budget)
	}
	if oti.TransferLength > 0 {
		a.part = oti.Partition()
	}
	if a.buffer != nil && scheme != nil && scheme.Memory(&oti, a.part.Large).Decoder > 0 {
		a.buffer.Gather(gathered(uint64(a.part.Large)*uint64(oti.SymbolLength), budget.Ceiling()))
	}
	return a
}

// The bytes of an object that is repaired block by block gather in pages until the holes in them are: those of as many
// source blocks, but within bounds. One block is on its way, the one before it is decoded, and so may be the one before
// that. What has a hole is written in pieces, unless it waits for the repair.
const (
	gatheredBlocks = 3
	leastGathered  = 4 << 20
	mostGathered   = 32 << 20
	gatheredShare  = 4 // of the memory of the object: a quarter
)

// gathered returns how many bytes gather, of an object whose source blocks have so many, with so much memory.
func gathered(block, memory uint64) int {
	return int(max(min(gatheredBlocks*block, mostGathered, memory/gatheredShare), leastGathered))
}

// Reserve charges n bytes for what is held of the object besides the Assembly, and reports whether there is room for
// them. Release gives them back.
func (a *Assembly) Reserve(n uint64) bool {
	if !a.budget.TryReserve(n) {
		return false
	}
	a.beside += n
	return true
}

// Adopt charges what is held to parent from now on, and reports whether that has room for it; else it does nothing.
func (a *Assembly) Adopt(parent *store.Budget) bool {
	budget, held := store.NewBudget(a.budget.Limit(), parent), a.budget.Used()
	if !budget.TryReserve(held) {
		return false
	}
	a.budget.Release(held)
	a.budget = budget
	a.buffer.Adopt(budget)
	for at := range a.attempts {
		at.budget = budget
	}
	return true
}

// Effects drains what is to be done since the last call.
func (a *Assembly) Effects() Effects {
	f := a.effects
	a.effects = Effects{}
	return f
}

// HasEffects reports whether Effects has something.
func (a *Assembly) HasEffects() bool {
	f := &a.effects
	return len(f.Attempts) > 0 || f.Short || f.Variant != ""
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
		if len(b.repair) > 0 { // a source symbol counts in Received
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
		sbn = min(sbn, a.firstGuess)
	}
	if uint32(sbn) >= a.part.Blocks() {
		return a.OTI.TransferLength
	}
	off, _ := a.part.Block(sbn)
	return off
}

// Object returns the staged object. Nobody else may write to it.
func (a *Assembly) Object() *staging.Object { return a.object }

// HasTail reports whether Begin would return something.
func (a *Assembly) HasTail() bool { return a.buffer != nil && a.buffer.HasTail() }

// Begin returns what is to be written to the object now, by whoever waits for the store; nil: nothing, or the Tail
// before is still being written. End takes it back.
func (a *Assembly) Begin() *store.Tail {
	if a.buffer == nil {
		return nil
	}
	return a.buffer.Begin()
}

// End takes back a Tail that Begin has returned, and that is written. Retry is worth while then.
func (a *Assembly) End(t *store.Tail) { a.buffer.End(t) }

// IsWriting reports whether a Tail that Begin has returned is being written.
func (a *Assembly) IsWriting() bool { return a.buffer != nil && a.buffer.IsWriting() }

// IsShort reports whether bytes wait to be written that leave no memory for more: whoever can wait with the next packet
// should wait for End.
func (a *Assembly) IsShort() bool { return a.buffer != nil && a.buffer.IsShort() }

// Waiting returns how much memory holds what waits to be written, or is being written, in bytes.
func (a *Assembly) Waiting() uint64 {
	if a.buffer == nil {
		return 0
	}
	return a.buffer.Waiting()
}

// Flush has Begin return all that is held in pages.
func (a *Assembly) Flush() { a.buffer.Flush() }

// IsWritten reports whether the object has all bytes before end, which are complete. If pages still hold some of them,
// it has Begin return those.
func (a *Assembly) IsWritten(end uint64) bool {
	a.buffer.FlushBefore(int64(end))
	return a.buffer.IsWritten(int64(end))
}

// TakeTail takes the bytes that are not written, for whoever reads the object next to write them. IsWriting must be
// false.
func (a *Assembly) TakeTail() *store.Tail { return a.buffer.Take() }

// Release gives back all memory, but that of Attempts and of a Tail that are under way. The Assembly is not used any
// more, but by Conclude.
func (a *Assembly) Release() {
	for _, at := range a.effects.Attempts { // nobody has it yet, so nobody will bring it back
		a.Abandon(at)
	}
	a.effects.Attempts = nil
	if a.buffer != nil {
		a.buffer.Release()
	}
	for sbn, b := range a.blocks {
		a.forget(sbn, b)
	}
	a.releaseDoubt()
	a.releasePieces()
	a.complete.release(a.budget)
	a.budget.Release(a.beside)
	a.beside = 0
}

// write stores source symbol esi of block sbn, which has SymbolLength bytes or no less than the object has of it. It
// returns how many of them are the object's. The error is ErrBudget or a *Failure.
func (a *Assembly) write(sbn fec.SBN, esi fec.ESI, symbol []byte) (n uint32, err error) {
	if !a.part.HasSubBlocks() {
		off, n := a.part.Symbol(sbn, esi)
		return n, a.put(symbol[:n], off)
	}
	for i := range a.part.Pieces() {
		off, at, length := a.part.Piece(sbn, esi, i)
		if err := a.put(symbol[at:at+length], off); err != nil {
			return n, err
		}
		n += length
	}
	return n, nil
}

// put writes bytes of the object.
func (a *Assembly) put(p []byte, off uint64) error {
	if a.buffer == nil {
		return a.putNow(p, off)
	}
	if a.place(p, int64(off)) {
		return nil
	}
	_, err := a.buffer.WriteAt(p, int64(off))
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrBudget):
		return ErrBudget
	}
	return storeFailure(err)
}

func (a *Assembly) putNow(p []byte, off uint64) error {
	object, err := a.object.Open()
	if err == nil {
		_, err = object.WriteAt(p, int64(off))
	}
	if err != nil {
		return storeFailure(err)
	}
	return nil
}
