package assembly

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/flute-node/flute-node/fec"
)

// What is held of the source blocks of an object is written as entries. Each begins with an SBN and a number n, both
// unsigned varints. n > 0: so many source blocks, from the SBN on, are complete. n = 0: the block is open, and a
// bitmap follows of its source symbols, one bit each, the least significant of the first byte for ESI 0. Of two
// entries for one block both hold. Repair symbols are not written: they lie in memory only.

// errEntries reports entries that are cut off, or that are not of the object.
var errEntries = errors.New("assembly: entries of source blocks are damaged")

// AppendBlocks appends entries for all that is held. From then on the changes are remembered for AppendChanges.
func (a *Assembly) AppendBlocks(b []byte) []byte {
	a.forgetChanges()
	a.tracks = true
	if a.complete.next > 0 && a.guesses == 0 {
		b = appendComplete(b, 0, uint64(a.complete.next))
	} else if a.guesses > 0 {
		for sbn := range a.complete.next {
			b = a.appendBlock(b, sbn)
		}
	}
	for _, page := range a.sortedPages() {
		for i := range fec.SBN(setPage) {
			if sbn := page*setPage + i; sbn >= a.complete.next && a.complete.has(sbn) {
				b = a.appendBlock(b, sbn)
			}
		}
	}
	for sbn := range a.blocks {
		if !a.complete.has(sbn) {
			b = a.appendBlock(b, sbn)
		}
	}
	return b
}

func (a *Assembly) sortedPages() []fec.SBN {
	pages := make([]fec.SBN, 0, len(a.complete.pages))
	for page := range a.complete.pages {
		pages = append(pages, page)
	}
	slices.Sort(pages)
	return pages
}

// HasChanges reports whether more is held than entries were appended for.
func (a *Assembly) HasChanges() bool {
	a.confirm()
	return len(a.changed) > 0 || !a.tracks && (a.complete.count > 0 || len(a.blocks) > 0)
}

// AppendChanges appends entries for the blocks that have changed since the last AppendChanges or AppendBlocks.
func (a *Assembly) AppendChanges(b []byte) []byte {
	slices.Sort(a.changed)
	changed := slices.Compact(a.changed)
	for i := 0; i < len(changed); {
		n := 0
		for i+n < len(changed) && changed[i+n] == changed[i]+fec.SBN(n) && a.isFinal(changed[i+n]) {
			n++
		}
		if n > 0 {
			b = appendComplete(b, changed[i], uint64(n))
			i += n
			continue
		}
		b = a.appendBlock(b, changed[i])
		i++
	}
	a.forgetChanges()
	return b
}

// forgetChanges notes that entries were appended for all that is held.
func (a *Assembly) forgetChanges() {
	for _, sbn := range a.changed {
		if b := a.blocks[sbn]; b != nil {
			b.changed = false
		}
	}
	a.changed = a.changed[:0]
}

// touch notes that more is held of block sbn.
func (a *Assembly) touch(sbn fec.SBN, b *block) {
	if a.tracks && !b.changed {
		b.changed = true
		a.changed = append(a.changed, sbn)
	}
}

// isFinal reports whether block sbn is complete, and its bytes will not change.
func (a *Assembly) isFinal(sbn fec.SBN) bool {
	b := a.blocks[sbn]
	return a.complete.has(sbn) && (b == nil || b.lost == nil)
}

// appendBlock appends the entry of one block. What was recovered under a guess is not held: it may change.
func (a *Assembly) appendBlock(out []byte, sbn fec.SBN) []byte {
	if a.isFinal(sbn) {
		return appendComplete(out, sbn, 1)
	}
	b := a.blocks[sbn]
	if b == nil {
		return out
	}
	out = append(binary.AppendUvarint(out, uint64(sbn)), 0)
	at, size := len(out), int((uint64(b.k)+7)/8)
	out = append(out, make([]byte, size)...)
	bits := out[at:]
	if len(b.have.bits) > 0 {
		for i := range bits {
			bits[i] = byte(b.have.bits[i/8] >> (8 * (i % 8)))
		}
	} else {
		for _, esi := range b.have.list {
			bits[esi/8] |= 1 << (esi % 8)
		}
	}
	for _, esi := range b.lost {
		bits[esi/8] &^= 1 << (esi % 8)
	}
	return out
}

func appendComplete(b []byte, sbn fec.SBN, n uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(b, uint64(sbn)), n)
}

// Restore takes what entries say to be held: the object has those bytes. It does so before anything else was taken.
// Blocks for whose bookkeeping there is no memory are left out. Entries that are damaged are an error; those before
// were taken.
func (a *Assembly) Restore(entries []byte) error {
	a.pieces.lenient = true
	for len(entries) > 0 {
		sbn, n := binary.Uvarint(entries)
		if n <= 0 || sbn >= uint64(a.part.Blocks()) {
			return errEntries
		}
		entries = entries[n:]
		count, n := binary.Uvarint(entries)
		if n <= 0 || count > uint64(a.part.Blocks())-sbn {
			return errEntries
		}
		entries = entries[n:]
		for i := range count {
			a.restoreComplete(fec.SBN(sbn + i))
		}
		if count > 0 {
			continue
		}
		k := a.part.BlockSymbols(fec.SBN(sbn))
		size := (uint64(k) + 7) / 8
		if uint64(len(entries)) < size {
			return errEntries
		}
		a.restoreOpen(fec.SBN(sbn), k, entries[:size])
		entries = entries[size:]
	}
	return nil
}

func (a *Assembly) restoreComplete(sbn fec.SBN) {
	if a.complete.has(sbn) || !a.complete.prepare(a.budget, sbn) {
		return
	}
	a.complete.add(a.budget, sbn)
	_, n := a.part.Block(sbn)
	if b := a.blocks[sbn]; b != nil {
		n -= a.bytesOf(sbn, b)
		a.forget(sbn, b)
	}
	a.Received += n
}

func (a *Assembly) restoreOpen(sbn fec.SBN, k uint32, bits []byte) {
	if a.complete.has(sbn) {
		return
	}
	b, err := a.open(sbn, k)
	if err != nil || !b.have.widen(a.budget, k) {
		return
	}
	for esi := range k {
		if bits[esi/8]&(1<<(esi%8)) == 0 || b.have.has(esi) {
			continue
		}
		b.have.set(esi)
		b.sources++
		n, _ := a.part.SymbolBytes(sbn, fec.ESI(esi))
		a.Received += uint64(n)
	}
	if b.sources == k {
		a.close(sbn, b)
	}
}

// bytesOf returns how many bytes of the object the source symbols held of a block have.
func (a *Assembly) bytesOf(sbn fec.SBN, b *block) (bytes uint64) {
	for esi := range b.k {
		if b.have.has(esi) {
			n, _ := a.part.SymbolBytes(sbn, fec.ESI(esi))
			bytes += uint64(n)
		}
	}
	return bytes
}

// Holds reports whether source symbol esi of block sbn is held, and recovered under no guess.
func (a *Assembly) Holds(sbn fec.SBN, esi fec.ESI) bool {
	if a.isFinal(sbn) {
		return true
	}
	b := a.blocks[sbn]
	if b == nil || !b.have.has(uint32(esi)) {
		return false
	}
	_, lost := slices.BinarySearch(b.lost, esi)
	return !lost
}
