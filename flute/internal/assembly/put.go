package assembly

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/flute-node/flute-node/fec"
)

// Bytes and symbols of an object may come another way than in its packets, such as by unicast from a server. They are
// symbols as any others, but that they are not counted in Sender.Useful: those are of packets. Where versions of a
// symbol differ, one that was put goes before those that came until then. The digest decides all the same: if it
// fails, what comes afterwards may win again.

// errRange says that bytes were put that the object does not have.
var errRange = errors.New("receiver: bytes beyond the end of the object")

// Put takes bytes of the object as it is transferred: p lies at off. It takes the whole source symbols in p, or with
// sub-blocks the whole source blocks, since their symbols are not in one piece. It returns how many bytes from the
// start of p need not be put again: parts of a symbol at the start are of no use, and one that is cut off at the end
// is left for another Put, which begins with it. fresh: some were new. The error is that of the first symbol that
// could not be taken: ErrBudget, a *Failure, or that the object has no such bytes.
func (a *Assembly) Put(now time.Time, off uint64, p []byte) (n int, fresh bool, err error) {
	length := a.OTI.TransferLength
	if off > length || uint64(len(p)) > length-off {
		return 0, false, fmt.Errorf("%w: %d bytes at %d of %d", errRange, len(p), off, length)
	}
	a.inHand, a.putting = false, true
	for n < len(p) {
		begin, taken, isNew, err := a.putNext(now, off, p, n)
		fresh = fresh || isNew
		if err != nil || taken == 0 {
			a.inHand = false
			return min(begin, len(p)), fresh, err
		}
		n = begin + taken
	}
	a.inHand = false
	return n, fresh, nil
}

// putNext takes the first unit of p that begins at n or behind it: it begins at begin, and has taken bytes; 0: p does
// not hold all of it.
func (a *Assembly) putNext(now time.Time, off uint64, p []byte, n int) (begin, taken int, isNew bool, err error) {
	at := off + uint64(n)
	sbn, esi := a.part.At(at)
	from, size := a.unit(sbn, esi)
	if from < at { // it begins before p: the next one
		begin = int(from + size - off)
		if begin >= len(p) {
			return begin, 0, false, nil
		}
		sbn, esi = a.part.At(from + size)
		_, size = a.unit(sbn, esi)
	} else {
		begin = n
	}
	if uint64(len(p)-begin) < size {
		return begin, 0, false, nil
	}
	bytes, k := p[begin:begin+int(size)], a.part.BlockSymbols(sbn)
	a.block, a.inHand = sbn, true
	if !a.part.HasSubBlocks() {
		isNew, err = a.symbol(now, sbn, esi, k, bytes)
		return begin, int(size), isNew, err
	}
	blockOff, _ := a.part.Block(sbn)
	symbol := make([]byte, a.OTI.SymbolLength)
	for esi := range fec.ESI(k) {
		clear(symbol) // the last one may be shorter
		for i := range a.part.Pieces() {
			off, at, n := a.part.Piece(sbn, esi, i)
			copy(symbol[at:], bytes[off-blockOff:][:n])
		}
		one, err := a.symbol(now, sbn, esi, k, symbol)
		if isNew = isNew || one; err != nil {
			return begin, 0, isNew, err
		}
	}
	return begin, int(size), isNew, nil
}

// unit returns what can be put of the object at a symbol: the symbol, or with sub-blocks its source block.
func (a *Assembly) unit(sbn fec.SBN, esi fec.ESI) (off, size uint64) {
	if a.part.HasSubBlocks() {
		return a.part.Block(sbn)
	}
	off, n := a.part.Symbol(sbn, esi)
	return off, uint64(n)
}

// PutUnit returns how many bytes Put may need at once to take any of them.
func (a *Assembly) PutUnit() uint64 {
	if a.part.HasSubBlocks() {
		return uint64(a.part.Large) * uint64(a.part.SymbolLength)
	}
	return uint64(a.part.SymbolLength)
}

// PutSymbols takes a FEC Payload ID and the encoding symbols behind it, as Take does: repair symbols too.
func (a *Assembly) PutSymbols(now time.Time, payload []byte) error {
	if len(payload) == 0 {
		return errSymbolLength
	}
	a.putting = true
	return a.take(now, payload)
}

// count counts a source symbol that came, of n bytes of the object.
func (a *Assembly) count(n uint32) {
	a.Received += uint64(n)
	if a.putting {
		a.PutBytes += uint64(n)
		a.sender.Put++
		return
	}
	a.sender.Useful++
}

// lead returns with how many votes version i is the best of c.
func (c *conflict) lead(i int) int {
	votes := 0
	for j, v := range c.versions {
		if j < i {
			votes = max(votes, v.votes)
		} else if j > i {
			votes = max(votes, v.votes+1)
		}
	}
	return votes
}

// giveWay removes the version of c that came least often, of those that the object does not have, for one that is put.
func (a *Assembly) giveWay(c *conflict) {
	least := -1
	for i, v := range c.versions {
		if i != c.held && (least < 0 || v.votes < c.versions[least].votes) {
			least = i
		}
	}
	freed := uint64(len(c.versions[least].bytes))
	c.versions = slices.Delete(c.versions, least, least+1)
	if c.held > least {
		c.held--
	}
	a.budget.Release(freed)
	a.doubt.cost -= freed
}
