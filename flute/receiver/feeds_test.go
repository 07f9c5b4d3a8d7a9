package receiver

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/event"
)

// withFeeds gives the session n feeds of one channel.
func withFeeds(n int) func(*Config) {
	return func(c *Config) {
		for i := range n {
			group := netip.AddrPortFrom(netip.AddrFrom4([4]byte{239, 1, 1, byte(1 + i)}), 3400)
			c.Feeds = append(c.Feeds, flute.Feed{Group: group})
		}
	}
}

// withChannels gives the session n feeds, each of a channel of its own.
func withChannels(n int) func(*Config) {
	return func(c *Config) {
		withFeeds(n)(c)
		for i := range c.Feeds {
			c.Feeds[i].Channel = uint8(i)
		}
	}
}

// on feeds a datagram that comes on one of the feeds. Each has a port of its own.
func (r *rig) on(feed int, datagrams ...[]byte) {
	r.from, r.port = uint8(feed), uint16(1000*(feed+1))
	r.feed(datagrams...)
}

// arrival is a datagram on a feed.
type arrival struct {
	feed int
	b    []byte
}

// TestFeeds: what one feed has lost another brings. The session needs no second turn if both together bring all,
// whichever comes first and however far one is behind. What each has lost is counted, if the other brought it.
func TestFeeds(t *testing.T) {
	for _, skew := range []int{0, 1, 7, 500} {
		for _, order := range [][2]int{{0, 1}, {1, 0}} {
			t.Run(fmt.Sprint(skew, order), func(t *testing.T) {
				r := newRig(t, withFeeds(2))
				o := plain(t, 1, 200_000, 100, 50)
				sent := concat([][]byte{describe(t, 0, o.file("a"))}, o.all())
				rng := rand.New(rand.NewPCG(1, 2))
				var arrivals []arrival
				lost := map[int]map[int]bool{0: {}, 1: {}}
				for i := range len(sent) + skew {
					for n, at := range []int{i, i - skew} {
						if at < 0 || at >= len(sent) {
							continue
						}
						// What both have lost no feed can bring.
						if feed := order[n]; at > 0 && rng.Float64() < 0.2 && !lost[1-feed][at] {
							lost[feed][at] = true
						} else {
							arrivals = append(arrivals, arrival{feed, sent[at]})
						}
					}
				}
				got := map[int]uint64{}
				for _, a := range arrivals {
					r.on(a.feed, a.b)
					got[a.feed]++
					r.wait(time.Millisecond)
				}
				r.want("completed 1 a 200000")
				r.file("a", o.content)
				r.close()
				closed := eventsOf[event.SessionClosed](r)[0]
				if n := closed.Counters.Accepted; n != uint64(len(sent)) {
					t.Errorf("%d accepted, want %d", n, len(sent))
				}
				for i, f := range closed.Feeds {
					// The first datagram of all comes before the window is there.
					if want := uint64(len(lost[i])); f.Lost > want+1 || f.Lost < want || f.Received != got[i] {
						t.Errorf("feed %d: received %d, lost %d, want %d and %d", i, f.Received, f.Lost, got[i], want)
					}
				}
				late := closed.Feeds[0].Late + closed.Feeds[1].Late
				if want := uint64(len(sent) - len(lost[0]) - len(lost[1])); late > want || late+1 < want {
					t.Errorf("%d late, want %d", late, want)
				}
			})
		}
	}
}

// TestFeedDies: one of two feeds falls silent and comes back. The session goes on, and both are told.
func TestFeedDies(t *testing.T) {
	r := newRig(t, withFeeds(2))
	p := newProgram(t, 1, "a", 0)
	o := plain(t, 2, 30_000, 100, 50)
	d := describe(t, 1, o.file("b"))
	for i, b := range o.all() {
		if i%20 == 0 { // each second
			r.on(0, p.fdt...)
			r.on(0, d)
		}
		r.on(0, b)
		if i < 50 || i >= 250 {
			if i%20 == 0 {
				r.on(1, p.fdt...)
				r.on(1, d)
			}
			r.on(1, b)
		}
		r.wait(50 * time.Millisecond)
	}
	r.file("b", o.content)
	var told []bool
	for _, e := range eventsOf[event.FeedState](r) {
		if told = append(told, e.Alive); e.Feed != r.cfg.Feeds[1] {
			t.Errorf("%+v", e)
		}
	}
	if fmt.Sprint(told) != "[false true]" {
		t.Errorf("told %v, want that it is silent, then that it is heard", told)
	}
	r.close()
}

// TestFeedBringsAllAlone: the feed that the session began with dies for good, and the other one brings the rest.
func TestFeedBringsAllAlone(t *testing.T) {
	r := newRig(t, withFeeds(2))
	o := plain(t, 1, 30_000, 100, 50)
	d := describe(t, 0, o.file("a"))
	for i, b := range o.all() {
		if i%20 == 0 {
			r.on(1, d)
		}
		if i < 100 {
			r.on(0, b)
		}
		r.on(1, b)
		r.wait(50 * time.Millisecond)
	}
	r.want("completed 1 a 30000")
	r.file("a", o.content)
	r.close()
}

// TestConf_E75_Channels: the channels of a session bring different packets, none of which is lost.
func TestConf_E75_Channels(t *testing.T) {
	r := newRig(t, withChannels(3))
	o := plain(t, 1, 30_000, 100, 50)
	r.on(0, describe(t, 0, o.file("a")))
	for i, b := range o.all() {
		r.on(i%3, b)
		r.wait(time.Millisecond)
	}
	r.want("completed 1 a 30000")
	r.close()
	for i, f := range eventsOf[event.SessionClosed](r)[0].Feeds {
		if f.Lost != 0 || f.Late != 0 || f.Duplicate != 0 || f.Accepted < 100 {
			t.Errorf("channel %d: %+v", i, f)
		}
	}
}

// TestSendersOfFeedsStartAgain: two senders of one session are started again with other content under the same numbers.
// Nothing is mixed, though one feed is behind the other.
func TestSendersOfFeedsStartAgain(t *testing.T) {
	r := newRig(t, withFeeds(2))
	one, two := newProgram(t, 1, "a", 0), newProgram(t, 2, "b", 0)
	const behind = 7
	var sent [][]byte
	for _, p := range []program{one, two} {
		for range 12 {
			sent = append(sent, concat(p.fdt, p.o.all()[:9])...) // never whole
		}
	}
	sent = append(sent, concat(two.fdt, two.o.all())...)
	for i := range len(sent) + behind {
		if i < len(sent) {
			r.on(0, sent[i])
		}
		if i >= behind {
			r.on(1, sent[i-behind])
		}
		r.wait(100 * time.Millisecond)
	}
	r.wait(10 * time.Second)
	r.unmixed(one, two)
	r.file("b", two.o.content)
	r.close()
}

// TestFeedsCostLittle: the window of a session is paid, and a session that nobody has proved has none.
func TestFeedsCostLittle(t *testing.T) {
	r := newRig(t, withFeeds(2))
	o := plain(t, 1, 1000, 100, 4)
	r.on(0, o.packet(0, 0, 1))
	const packet = 296 // and its place in the list
	if n := r.l.Held(); n > undescribedOverhead+packet || r.l.feeds.window != nil {
		t.Errorf("%d bytes are held without an FDT Instance", n)
	}
	r.on(0, describe(t, 0, o.file("a")))
	r.on(1, o.packet(0, 1, 1))
	if n := r.l.Held(); n < windowBytes || n > windowBytes+100_000 {
		t.Errorf("%d bytes are held", n)
	}
	if n := testing.AllocsPerRun(100, func() { r.l.feeds.note(1, 12345); r.l.feeds.note(0, 12345) }); n != 0 {
		t.Errorf("%v allocations for a datagram", n)
	}
	r.close()
}

// TestFeedsAreChecked: feeds that cannot be told apart are refused.
func TestFeedsAreChecked(t *testing.T) {
	for _, n := range []int{1, 9} {
		cfg := *newRig(t).cfg
		withFeeds(n)(&cfg)
		if n == 1 {
			cfg.Feeds = append(cfg.Feeds, cfg.Feeds[0])
		}
		if _, err := cfg.Validated(); err == nil {
			t.Errorf("%v was taken", cfg.Feeds)
		}
	}
}

// A datagram of a feed that there is not counts as one of the first.
func TestUnknownFeed(t *testing.T) {
	for _, n := range []int{2, 3} {
		r := newRig(t, withFeeds(n))
		first := r.s.line(r.now, Origin{Port: 9}, &alc.Packet{})
		for feed := range uint8(6) {
			got := r.s.line(r.now, Origin{Feed: feed, Port: 9}, &alc.Packet{})
			if (got == first) != (feed == 0 || int(feed) >= n) {
				t.Errorf("%d feeds: feed %d is the first: %v", n, feed, got == first)
			}
		}
	}
}
