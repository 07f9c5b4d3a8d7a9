package receiver

// Copies of a datagram on several feeds are told by a hash of its first bytes, in a window of the latest datagrams.

const (
	// hashedBytes is how many bytes of a datagram tell it from others: the LCT header, its extensions, the FEC Payload
	// ID and the first bytes of the symbol.
	hashedBytes = 96
	// The window has windowSets sets of windowWays datagrams. A datagram belongs to one set: with eight in each, less
	// than one in 100,000 leaves before 2,000 others have come.
	windowSets = 2048
	windowWays = 8
	// windowBytes is what it takes of the memory of the session.
	windowBytes = windowSets * (windowWays*5 + 1)
)

// windowSet holds the latest datagrams of one part of all hashes.
type windowSet struct {
	hashes [windowWays]uint32
	by     [windowWays]uint8 // the feeds that brought it, as bits; 0: the way is free
	next   uint8             // the way that is taken next: the oldest
}

// note puts a datagram into the window, and counts what it shows.
func (f *feeds) note(from uint8, hash uint64) {
	set := &f.window[hash%windowSets]
	tag, bit := uint32(hash>>32), uint8(1)<<from
	for i := range set.hashes {
		switch {
		case set.hashes[i] != tag || set.by[i]&f.peers[from] == 0:
			continue
		case set.by[i]&bit == 0:
			set.by[i] |= bit
			f.list[from].stats.Late++
		default: // it is sent again
			f.settle(set.by[i])
			set.by[i] = bit
		}
		return
	}
	f.settle(set.by[set.next])
	set.hashes[set.next], set.by[set.next] = tag, bit
	set.next = (set.next + 1) % windowWays
}

// settle counts a datagram, which these feeds have brought, as lost by the others of their channel.
func (f *feeds) settle(by uint8) {
	if by == 0 {
		return
	}
	for i := range f.list {
		if by&f.peers[i] != 0 && by&(1<<i) == 0 {
			f.list[i].stats.Lost++
		}
	}
}

// closeFeeds settles the window.
func (l *Ledger) closeFeeds() {
	f := &l.feeds
	if f.window == nil {
		return
	}
	for i := range f.window {
		for _, by := range f.window[i].by {
			f.settle(by)
		}
	}
	f.window = nil
	l.share.Small.Release(f.bytes())
}
