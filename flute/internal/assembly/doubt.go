package assembly

import (
	"bytes"
	"maps"
	"slices"

	"github.com/flute-node/flute-node/fec"
)

// An object whose digest fails holds a wrong symbol: one was forged or damaged, or FEC has made others of such a one. A
// digest does not say which. So what comes again is compared with what is held, by a tag of each source symbol; where
// they differ both versions are counted, and the object gets the one that came more often, or the newer one. A single
// wrong symbol in each turn of a carousel costs a turn then, and not the object.

const (
	// maxConflicts bounds the source symbols of which versions are counted.
	maxConflicts = 4096
	// maxVersions bounds the versions of one of them that are counted.
	maxVersions = 4
	// conflictCost is charged for one, besides the bytes of its versions.
	conflictCost = 256
	// maxSubset bounds the conflicts of which each choice of versions is tried.
	maxSubset = 4
	// maxEarly bounds the versions that are kept before a digest has failed.
	maxEarly = 64
)

// doubt is what is known of an object whose digest has failed.
type doubt struct {
	tags
	agreed    []uint64 // source symbols that came again as they are held, as bits
	conflicts map[uint64]*conflict
	compared  uint64 // source symbols since the last change
	attempt   int    // which versions are tried next, see wanted
	cost      uint64 // charged
}

// conflict is a source symbol of which several versions have come, in the order of their arrival.
type conflict struct {
	off      uint64
	versions []version
	held     int // the one that the object has
}

type version struct {
	tag   uint32
	votes int
	bytes []byte // nil: it is held, and was never replaced
}

// early is a version of a source symbol that differs from the one that was held when it came. It is kept for the case
// that the digest fails.
type early struct {
	off   uint64
	bytes []byte
	put   bool // it came another way than in a packet
}

// Doubt has what comes again compared with what is held, by the tags that were made.
func (a *Assembly) Doubt(t *Tagging) {
	a.doubt = &doubt{
		tags: t.tags, agreed: make([]uint64, (len(t.tags.list)+63)/64), conflicts: map[uint64]*conflict{},
		cost: a.doubtCost,
	}
	a.doubtCost = 0
	for _, e := range a.early {
		a.putting = e.put
		a.vote(e.off, e.bytes)
		a.budget.Release(conflictCost + uint64(len(e.bytes)))
	}
	a.early = nil
}

// notice keeps a source symbol that came again, and of which memory holds another version.
func (a *Assembly) notice(sbn fec.SBN, esi fec.ESI, symbol []byte) {
	if a.buffer == nil || a.part.HasSubBlocks() || len(a.early) == maxEarly {
		return
	}
	off, n := a.part.Symbol(sbn, esi)
	symbol = symbol[:n]
	if cap(a.scratch) < int(n) {
		a.scratch = make([]byte, a.OTI.SymbolLength)
	}
	held := a.scratch[:n]
	a.gaps = a.peek(held, int64(off), a.gaps[:0])
	if len(a.gaps) > 0 || bytes.Equal(held, symbol) || !a.budget.TryReserve(conflictCost+uint64(n)) {
		return
	}
	a.early = append(a.early, early{off, bytes.Clone(symbol), a.putting})
}

// InDoubt reports whether what comes again is compared.
func (a *Assembly) InDoubt() bool { return a.doubt != nil }

// Conflicts returns of how many source symbols several versions have come.
func (a *Assembly) Conflicts() int {
	if a.doubt == nil {
		return 0
	}
	return len(a.doubt.conflicts)
}

// Compared reports whether as many source symbols as the object has were compared since the last change.
func (a *Assembly) Compared() bool { return a.doubt.compared >= uint64(len(a.doubt.list)) }

// releaseDoubt frees what doubt holds.
func (a *Assembly) releaseDoubt() {
	cost := a.doubtCost
	for _, e := range a.early {
		cost += conflictCost + uint64(len(e.bytes))
	}
	a.early = nil
	if a.doubt != nil {
		cost += a.doubt.cost
	}
	a.budget.Release(cost)
	a.doubt, a.doubtCost = nil, 0
}

// compare compares a source symbol that came again with the one that is held. It reports whether it is a version that
// was not known.
func (a *Assembly) compare(sbn fec.SBN, esi fec.ESI, symbol []byte) (isNew bool) {
	off, n := a.part.Symbol(sbn, esi)
	a.doubt.compared++
	return a.vote(off, symbol[:n])
}

// vote counts a version of the source symbol at off. It reports whether that was not known.
func (a *Assembly) vote(off uint64, symbol []byte) (isNew bool) {
	d := a.doubt
	i, tag := off/uint64(a.OTI.SymbolLength), d.tag(symbol)
	c := d.conflicts[i]
	switch {
	case c == nil && tag == d.list[i]:
		d.agreed[i/64] |= 1 << (i % 64)
		return false
	case c == nil:
		if len(d.conflicts) == maxConflicts || !a.reserveDoubt(conflictCost) {
			return false
		}
		c = &conflict{off: off, versions: []version{{tag: d.list[i], votes: 1 + int(d.agreed[i/64]>>(i%64)&1)}}}
		d.conflicts[i] = c
	}
	for j := range c.versions {
		if v := &c.versions[j]; v.tag == tag {
			before := c.best()
			if v.votes++; a.putting {
				v.votes = max(v.votes, c.lead(j))
			}
			if c.best() != before {
				d.attempt = 0
			}
			return false
		}
	}
	if len(c.versions) == maxVersions && a.putting {
		a.giveWay(c)
	}
	if len(c.versions) == maxVersions || !a.reserveDoubt(uint64(len(symbol))) {
		return false
	}
	c.versions = append(c.versions, version{tag: tag, votes: 1, bytes: bytes.Clone(symbol)})
	if last := len(c.versions) - 1; a.putting {
		c.versions[last].votes = max(1, c.lead(last))
	}
	d.compared, d.attempt = 0, 0
	return true
}

func (a *Assembly) reserveDoubt(n uint64) bool {
	if !a.budget.TryReserve(n) {
		return false
	}
	a.doubt.cost += n
	return true
}

// best returns which version the object should have: the one that came most often, of several the newest.
func (c *conflict) best() int {
	at := 0
	for i, v := range c.versions {
		if v.votes >= c.versions[at].votes {
			at = i
		}
	}
	return at
}

// wanted calls yield with the conflicts, and with the version that the object is to have of each in the attempt at
// hand. The first attempt takes the best of all. Each further one takes the next best of some, if there are few.
func (d *doubt) wanted(yield func(c *conflict, version int) bool) {
	keys := slices.Sorted(maps.Keys(d.conflicts))
	for k, i := range keys {
		c := d.conflicts[i]
		at := c.best()
		if d.attempt>>k&1 == 1 {
			at = (at + len(c.versions) - 1) % len(c.versions)
		}
		if !yield(c, at) {
			return
		}
	}
}

// attempts returns how many attempts there are.
func (d *doubt) attempts() int {
	if len(d.conflicts) > maxSubset {
		return 1
	}
	return 1 << len(d.conflicts)
}
