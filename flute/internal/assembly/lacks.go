package assembly

import (
	"math/bits"
	"slices"

	"github.com/flute-node/flute-node/fec"
)

// Lacks says what an unfinished object lacks, in order: up to limit ranges of bytes, each with its first byte and the
// one behind its last, and up to limit source blocks, each with its SBN and the least number of further encoding
// symbols that it needs. symbols is the sum of these over all incomplete source blocks, blocks their number. An object
// whose source symbols do not lie in it in one piece has whole source blocks as ranges. What it takes is in proportion
// to what is held and to limit: the OTI may claim any number of symbols.
func (a *Assembly) Lacks(limit int) (ranges, needs [][2]uint64, symbols uint64, blocks uint32) {
	l := lacks{limit: limit}
	at, end := a.complete.next, fec.SBN(a.part.Blocks())
	for _, sbn := range a.touched() {
		a.lackAll(&l, at, sbn)
		if at = sbn + 1; !a.complete.has(sbn) {
			a.lackSome(&l, sbn)
		}
	}
	a.lackAll(&l, at, end)
	return l.ranges[:min(limit, len(l.ranges))], l.needs, l.symbols, l.blocks
}

// touched returns the source blocks of which symbols are held, in order, but for the first ones, which are complete.
func (a *Assembly) touched() (list []fec.SBN) {
	for sbn := range a.blocks {
		if !a.complete.has(sbn) {
			list = append(list, sbn)
		}
	}
	for page := range a.complete.pages {
		for sbn := page * setPage; sbn < (page+1)*setPage; sbn++ {
			if sbn >= a.complete.next && a.complete.has(sbn) {
				list = append(list, sbn)
			}
		}
	}
	slices.Sort(list)
	return list
}

// lacks is what Lacks gathers.
type lacks struct {
	limit         int
	ranges, needs [][2]uint64
	symbols       uint64
	blocks        uint32
}

// add adds a range. One more than the limit is kept, since others may follow the last.
func (l *lacks) add(from, to uint64) {
	if last := len(l.ranges) - 1; last >= 0 && l.ranges[last][1] == from {
		l.ranges[last][1] = to
	} else if !l.isFull() {
		l.ranges = append(l.ranges, [2]uint64{from, to})
	}
}

func (l *lacks) isFull() bool { return len(l.ranges) > l.limit }

// need adds a block that needs n symbols.
func (l *lacks) need(sbn fec.SBN, n uint64) {
	if len(l.needs) < l.limit {
		l.needs = append(l.needs, [2]uint64{uint64(sbn), n})
	}
}

// lackAll adds the blocks from from on and before to, of which nothing is held.
func (a *Assembly) lackAll(l *lacks, from, to fec.SBN) {
	if from >= to {
		return
	}
	begin, _ := a.part.Block(from)
	end, _ := a.part.Block(to)
	l.add(begin, end)
	l.blocks += uint32(to - from)
	l.symbols += (end - begin + uint64(a.part.SymbolLength) - 1) / uint64(a.part.SymbolLength)
	for sbn := from; sbn < to && len(l.needs) < l.limit; sbn++ {
		l.need(sbn, uint64(a.part.BlockSymbols(sbn)))
	}
}

// lackSome adds a block that is incomplete, and open. One that has as many symbols as its source symbols, and that the
// code could not be decoded from, needs another one.
func (a *Assembly) lackSome(l *lacks, sbn fec.SBN) {
	b := a.blocks[sbn]
	n := uint64(max(1, int64(b.k)-int64(b.sources)-int64(len(b.repair))))
	l.blocks++
	l.symbols += n
	l.need(sbn, n)
	if a.part.HasSubBlocks() {
		off, n := a.part.Block(sbn)
		l.add(off, off+n)
		return
	}
	for i := b.have.next(0, false); i < b.k && !l.isFull(); {
		end := min(b.have.next(i, true), b.k)
		from, _ := a.part.Symbol(sbn, fec.ESI(i))
		last, n := a.part.Symbol(sbn, fec.ESI(end-1))
		l.add(from, last+uint64(n))
		i = b.have.next(end, false)
	}
}

// next returns the first symbol from i on that is in the set, or that is not, as member says. If there is none it
// returns one behind all of the set.
func (s *symbolSet) next(i uint32, member bool) uint32 {
	const none = 1<<32 - 1
	if len(s.bits) == 0 {
		at, found := slices.BinarySearch(s.list, i)
		switch {
		case member && at == len(s.list):
			return none
		case member:
			return s.list[at]
		}
		for ; found; found = at < len(s.list) && s.list[at] == i {
			at++
			i++
		}
		return i
	}
	for ; int(i/64) < len(s.bits); i = (i/64 + 1) * 64 {
		word := s.bits[i/64]
		if !member {
			word = ^word
		}
		if word &= ^uint64(0) << (i % 64); word != 0 {
			return i/64*64 + uint32(bits.TrailingZeros64(word))
		}
	}
	return none
}
