package receiver

import (
	"fmt"
	"hash/maphash"
	"net/netip"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/internal/defaults"
)

// The feeds of a session bring copies of its packets, or its channels. What they bring goes one way from here: the
// first copy of a symbol is used, the others are duplicates. Each feed is counted apart. Its loss is estimated from the
// gaps in what it brings itself, be that the first copy or not.

// Origin tells where a datagram came from. The zero value is the first feed, and a port that is not known.
type Origin struct {
	Feed uint8  // index in Config.Feeds; 0 if there are none
	Port uint16 // UDP source port; 0: not known
}

const (
	// feedSilence is how long nothing must come on a feed, while others bring feedMissed datagrams, until it is told to
	// be silent.
	feedSilence = 3 * time.Second
	feedMissed  = 10
)

// noFeed is the feed of packets of which none is known: those that were kept until their object was described.
const noFeed = ^uint8(0)

// feeds is what is known of the feeds of a session; without any for a session that has one.
type feeds struct {
	list   []feed
	peers  []uint8 // for each feed: those of its channel, as bits
	copies bool    // all feeds are of one channel
	began  time.Time
	seed   maphash.Seed
	window []windowSet // nil: there is none yet, or no memory for it
}

type feed struct {
	stats  event.FeedStats
	last   time.Time
	missed int  // datagrams on others since
	silent bool // it was told

	sequences sequences // of what came on it, if feeds.copies
	arrivals  arrivals
}

func newFeeds(list []flute.Feed) feeds {
	if len(list) < 2 {
		return feeds{}
	}
	f := feeds{list: make([]feed, len(list)), peers: make([]uint8, len(list)), copies: true, seed: maphash.MakeSeed()}
	for i := range list {
		f.list[i].stats.Feed = list[i]
		for j := range list {
			if list[j].Channel == list[i].Channel {
				f.peers[i] |= 1 << j
			} else {
				f.copies = false
			}
		}
	}
	return f
}

// checkFeeds refuses feeds that cannot be told apart.
func checkFeeds(list []flute.Feed) error {
	if len(list) > defaults.MaxFeeds {
		return fmt.Errorf("receiver: Config.Feeds: %d feeds, the limit is %d", len(list), defaults.MaxFeeds)
	}
	for i := range list {
		for _, other := range list[:i] {
			if other == list[i] {
				return fmt.Errorf("receiver: Config.Feeds: %v is there twice", other)
			}
		}
	}
	return nil
}

// hear notes a datagram that came on a feed.
func (s *Session) hear(now time.Time, origin Origin, datagram []byte) {
	f := &s.l.feeds
	if int(origin.Feed) >= len(f.list) {
		return
	}
	if f.began.IsZero() {
		f.began = now
	}
	for i := range f.list {
		one := &f.list[i]
		if i == int(origin.Feed) {
			if one.last, one.missed = now, 0; one.silent {
				one.silent = false
				s.tellFeed(one)
			}
			continue
		}
		since := one.last
		if since.IsZero() {
			since = f.began
		}
		if one.missed++; one.missed >= feedMissed && !one.silent && s.l.opened && now.Sub(since) >= feedSilence {
			one.silent = true
			s.tellFeed(one)
		}
	}
	if f.window == nil {
		if !s.l.proven || !s.l.share.Small.TryReserve(f.bytes()) {
			return
		}
		f.window = make([]windowSet, windowSets)
	}
	f.note(origin.Feed, maphash.Bytes(f.seed, datagram[:min(len(datagram), hashedBytes)]))
}

// bytes returns what the window and the sequences of the feeds take of the memory of the session.
func (f *feeds) bytes() uint64 {
	if !f.copies {
		return windowBytes
	}
	return windowBytes + uint64(len(f.list))*sequenceBytes
}

// watched returns what watches the packets that come on a feed: nothing for noFeed, whose packets had copies that
// were not kept, and no sequences while there is no memory for them. A source block may be sent over several
// channels: gaps in what one of them brings tell nothing, so that the session watches them together.
func (l *Ledger) watched(from uint8) (*sequences, *arrivals) {
	f := &l.feeds
	switch {
	case len(f.list) == 0:
		return l.watchedTogether(), &l.arrivals
	case int(from) >= len(f.list):
		return nil, nil
	case !f.copies:
		return l.watchedTogether(), &f.list[from].arrivals
	case f.window == nil:
		return nil, &f.list[from].arrivals
	default:
		return &f.list[from].sequences, &f.list[from].arrivals
	}
}

// watchedTogether returns the sequences of the session; nil as long as there is no memory for them.
func (l *Ledger) watchedTogether() *sequences {
	if !l.watching {
		if !l.share.Small.TryReserve(sequenceBytes) {
			return nil
		}
		l.watching = true
	}
	return &l.sequences
}

// tellFeed announces that a feed is silent, or is heard again.
func (s *Session) tellFeed(f *feed) {
	s.emit(event.FeedState{Session: s.l.key, Feed: f.stats.Feed, Alive: !f.silent})
}

// Feeds returns the counts of each of Config.Feeds; nil if there are fewer than two.
func (l *Ledger) Feeds() []event.FeedStats {
	if len(l.feeds.list) == 0 {
		return nil
	}
	list := make([]event.FeedStats, len(l.feeds.list))
	for i := range list {
		f := &l.feeds.list[i]
		list[i] = f.stats
		list[i].Account = account(&f.sequences, &f.arrivals)
		list[i].Account.Derive()
	}
	return list
}

// accept, repeat and dropped count datagrams of a feed, for the session and for the feed.
func (l *Ledger) accept(from uint8) {
	l.counters.Accept()
	if s := l.feedStats(from); s != nil {
		s.Received++
		s.Accepted++
	}
}

func (l *Ledger) repeat(from uint8) {
	l.counters.Repeat()
	if s := l.feedStats(from); s != nil {
		s.Received++
		s.Duplicate++
	}
}

func (l *Ledger) dropped(from uint8, r flute.DropReason, n uint64) {
	l.counters.Drop(r, n)
	if s := l.feedStats(from); s != nil {
		s.Received += n
		s.Dropped += n
	}
}

func (l *Ledger) feedStats(from uint8) *event.FeedStats {
	if int(from) >= len(l.feeds.list) {
		return nil
	}
	return &l.feeds.list[from].stats
}

// source returns the address of the sender on a feed.
func (l *Ledger) source(feed uint8) netip.Addr {
	if int(feed) < len(l.feeds.list) {
		if a := l.feeds.list[feed].stats.Feed.Source; a.IsValid() {
			return a
		}
	}
	return l.key.Source
}
