package assembly

import (
	"slices"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/internal/drop"
)

// ROUTE addresses bytes, not symbols: its FEC Payload ID is the offset of the first byte (RFC 9223, section 2.3), and a
// packet may begin and end anywhere. The object is divided into source symbols all the same, of the length that its
// packets seem to have: whole symbols go the way of all others. What a packet brings of a symbol that it does not hold
// whole is a piece, which waits in memory for the rest.

// pieceOverhead is charged for each piece besides its bytes: slice, place in the list, a share of the map.
const pieceOverhead = 96

// errOffset says that a packet has bytes beyond the end of the object, or some that are held beside some that are not.
var errOffset = drop.NewError(drop.StartOffset, "receiver: bytes beyond the end of the object, or that overlap others")

// piece is bytes of a source symbol that is not whole.
type piece struct {
	from uint32 // offset in the symbol
	data []byte
}

// symbolID is a source symbol of the object.
type symbolID struct {
	sbn fec.SBN
	esi fec.ESI
}

// pieces are what is held of source symbols that are not whole, in the order of their offsets.
type pieces struct {
	of      map[symbolID][]piece
	cost    uint64
	lenient bool // packets may overlap what is held: it came another way, or in part
}

// stretch is the part of a packet that belongs to one source symbol.
type stretch struct {
	symbolID
	from, to uint32 // offsets in the symbol
	size     uint32 // bytes of the symbol
	data     []byte
}

// stretches calls yield for the parts of p, which lies at off.
func (a *Assembly) stretches(off uint64, p []byte, yield func(stretch) error) error {
	for len(p) > 0 {
		sbn, esi := a.part.At(off)
		begin, size := a.part.Symbol(sbn, esi)
		from := uint32(off - begin)
		n := min(size-from, uint32(min(len(p), 1<<16)))
		if n == 0 {
			return errOffset // cannot happen: off lies before the end
		}
		if err := yield(stretch{symbolID{sbn, esi}, from, from + n, size, p[:n]}); err != nil {
			return err
		}
		off, p = off+uint64(n), p[n:]
	}
	return nil
}

// TakeAt takes the bytes of a packet of ROUTE, which lie at off of the object. The error is one of the packet,
// ErrDuplicate when none of the bytes was new, or a *Failure. RFC 9223, section 6: "the receiver SHALL NOT receive
// overlapping data; if such a condition is encountered at the receiver, the packet SHALL be assumed to be corrupted."
// A packet that is held as a whole is a repetition. One of which a part is held is used where that part may have come
// another way: by Put, by an earlier process, or in a packet that memory did not suffice for.
func (a *Assembly) TakeAt(now time.Time, off uint64, p []byte) error {
	a.pieces.lenient = a.pieces.lenient || a.inHand || a.PutBytes > 0
	a.putting, a.inHand = false, false
	length := a.OTI.TransferLength
	switch {
	case off > length || uint64(len(p)) > length-off:
		return errOffset
	case len(p) == 0:
		return nil
	}
	held := 0
	_ = a.stretches(off, p, func(s stretch) error {
		held += a.heldOf(&s)
		return nil
	})
	if held > 0 && held < len(p) && !a.pieces.lenient {
		return errOffset
	}
	err := a.stretches(off, p, func(s stretch) error { return a.takeStretch(now, &s) })
	a.inHand = false
	switch {
	case err != nil:
		a.pieces.lenient = true
		return err
	case held == len(p):
		return ErrDuplicate
	}
	return nil
}

// heldOf returns how many bytes of s are held.
func (a *Assembly) heldOf(s *stretch) (n int) {
	if a.Holds(s.sbn, s.esi) {
		return int(s.to - s.from)
	}
	for _, have := range a.pieces.of[s.symbolID] {
		from, to := max(s.from, have.from), min(s.to, have.from+uint32(len(have.data)))
		n += max(0, int(to)-int(from))
	}
	return n
}

// takeStretch takes what is new of s.
func (a *Assembly) takeStretch(now time.Time, s *stretch) error {
	a.block, a.inHand = s.sbn, true
	if s.from == 0 && s.to == s.size {
		_, err := a.symbol(now, s.sbn, s.esi, a.part.BlockSymbols(s.sbn), s.data)
		if err == nil {
			a.dropPieces(s.symbolID)
		}
		return err
	}
	if a.Holds(s.sbn, s.esi) {
		return nil
	}
	list := a.pieces.of[s.symbolID]
	for from := s.from; from < s.to; {
		// The first piece that ends behind from: what lies before it is new.
		i := slices.IndexFunc(list, func(h piece) bool { return h.from+uint32(len(h.data)) > from })
		to := s.to
		if i >= 0 {
			to = min(to, max(from, list[i].from))
		} else {
			i = len(list)
		}
		if to == from {
			from = list[i].from + uint32(len(list[i].data))
			continue
		}
		if !a.budget.TryReserve(uint64(to-from) + pieceOverhead) {
			return ErrBudget
		}
		a.pieces.cost += uint64(to-from) + pieceOverhead
		if a.pieces.of == nil {
			a.pieces.of = map[symbolID][]piece{}
		}
		list = slices.Insert(list, i, piece{from, slices.Clone(s.data[from-s.from : to-s.from])})
		a.pieces.of[s.symbolID] = list
		from = to
	}
	return a.join(now, s, list)
}

// join takes the symbol of s if its pieces are all of it.
func (a *Assembly) join(now time.Time, s *stretch, list []piece) error {
	total := 0
	for _, have := range list {
		total += len(have.data)
	}
	if total < int(s.size) {
		return nil
	}
	symbol := make([]byte, 0, total)
	for _, have := range list {
		symbol = append(symbol, have.data...)
	}
	_, err := a.symbol(now, s.sbn, s.esi, a.part.BlockSymbols(s.sbn), symbol)
	if err == nil {
		a.dropPieces(s.symbolID)
	}
	return err
}

// dropPieces forgets the pieces of a symbol.
func (a *Assembly) dropPieces(id symbolID) {
	list, ok := a.pieces.of[id]
	if !ok {
		return
	}
	freed := uint64(0)
	for _, have := range list {
		freed += uint64(len(have.data)) + pieceOverhead
	}
	delete(a.pieces.of, id)
	a.pieces.cost -= freed
	a.budget.Release(freed)
}

// releasePieces gives back all of them.
func (a *Assembly) releasePieces() {
	a.budget.Release(a.pieces.cost)
	a.pieces = pieces{}
}
