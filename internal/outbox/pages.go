package outbox

import (
	"encoding/binary"
	"fmt"
	"io"
)

// What is in a page of bbolt, in the order of bytes of the machine that wrote it.
const (
	pageHeader  = 16 // number, kind, count of elements, count of the pages that follow and belong to it
	elementSize = 16 // of branches: place and length of the key, page; of leaves: kind, place, lengths of key and value
	idSize      = 8  // of a page in the free list

	kindBranch   = 0x01
	kindLeaf     = 0x02
	kindFreeList = 0x10

	countAhead = 0xffff // the count of a free list is its first element
	firstPage  = 2      // behind the meta pages
)

var native = binary.NativeEndian

// pages are the pages of a file that were reached.
type pages struct {
	file io.ReaderAt
	size int64    // of a page
	end  uint64   // number of the first page that was never used
	seen []uint64 // a bit for each
}

// damage returns an error that wraps errDamaged.
func damage(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errDamaged, fmt.Sprintf(format, args...))
}

// reach notes that a page is reached, which happens once to each.
func (p *pages) reach(number uint64) error {
	if number < firstPage || number >= p.end {
		return damage("page %d is not in it", number)
	}
	word, bit := &p.seen[number/64], uint64(1)<<(number%64)
	if *word&bit != 0 {
		return damage("page %d is there twice", number)
	}
	*word |= bit
	return nil
}

// read returns a page with those that belong to it.
func (p *pages) read(number uint64) (b []byte, err error) {
	if err := p.reach(number); err != nil {
		return nil, err
	}
	b = make([]byte, p.size)
	if err := p.fill(b, number); err != nil {
		return nil, err
	}
	if says := native.Uint64(b); says != number {
		return nil, damage("page %d says that it is page %d", number, says)
	}
	follow := uint64(native.Uint32(b[12:]))
	for i := range follow {
		if err := p.reach(number + 1 + i); err != nil {
			return nil, err
		}
	}
	if follow > 0 {
		b = append(b, make([]byte, int64(follow)*p.size)...)
		err = p.fill(b[p.size:], number+1)
	}
	return b, err
}

// fill reads pages.
func (p *pages) fill(b []byte, number uint64) error {
	if _, err := p.file.ReadAt(b, int64(number)*p.size); err != nil {
		return unreadable(fmt.Sprint("page ", number), err)
	}
	return nil
}

// freeList looks at the pages that are free: what is written next goes there.
func (p *pages) freeList(number uint64) error {
	b, err := p.read(number)
	if err != nil {
		return err
	}
	if kind := native.Uint16(b[8:]); kind != kindFreeList {
		return damage("page %d is of kind %#x and no free list", number, kind)
	}
	ids, count := b[pageHeader:], uint64(native.Uint16(b[10:]))
	if count == countAhead {
		ids, count = ids[idSize:], native.Uint64(ids)
	}
	if room := uint64(len(ids) / idSize); count > room {
		return damage("a free list with room for %d pages has %d", room, count)
	}
	for i := range count {
		if err := p.reach(native.Uint64(ids[i*idSize:])); err != nil {
			return err
		}
	}
	return nil
}

// keys are those that a page may have: from one on, and before another one. nil is no limit.
type keys struct {
	from, before []byte
}

// element is one of a page of a tree.
type element struct {
	key   []byte
	page  uint64 // of a branch: with the keys from this one on
	kind  uint32 // of a leaf
	value []byte // of a leaf
}

// elements returns what is in a page of a tree, or in a bucket that has no page of its own. Keys and values lie behind
// each other: if they did not, few bytes could pass for many.
func elements(b []byte, in keys) (list []element, err error) {
	kind, count := native.Uint16(b[8:]), int(native.Uint16(b[10:]))
	if kind != kindBranch && kind != kindLeaf {
		return nil, damage("a page of kind %#x is in a tree", kind)
	}
	end := uint64(pageHeader + count*elementSize)
	if end > uint64(len(b)) {
		return nil, damage("%d elements are in %d bytes", count, len(b))
	}
	list = make([]element, count)
	for i := range list {
		at, e := uint64(pageHeader+i*elementSize), &list[i]
		var place, key, value uint64
		word := func(n int) uint64 { return uint64(native.Uint32(b[int(at)+4*n:])) }
		if kind == kindBranch {
			place, key, e.page = at+word(0), word(1), native.Uint64(b[at+8:])
		} else {
			e.kind = uint32(word(0))
			place, key, value = at+word(1), word(2), word(3)
		}
		if place < end || key == 0 || place+key+value > uint64(len(b)) {
			return nil, damage("an element of a page has %d and %d bytes at %d of %d", key, value, place, len(b))
		}
		end = place + key + value
		e.key, e.value = b[place:place+key], b[place+key:end]
		if !in.has(e.key) || i > 0 && string(e.key) <= string(list[i-1].key) {
			return nil, damage("keys are not in order")
		}
	}
	return list, nil
}

func (k keys) has(key []byte) bool {
	return string(key) >= string(k.from) && (k.before == nil || string(key) < string(k.before))
}
