package node

import (
	"net/netip"
	"testing"
	"time"

	"github.com/flute-node/flute-node/actors/socket"
	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/simnet"
)

var otherGroup = netip.MustParseAddrPort("239.1.1.2:3500")

// both writes each datagram to two senders.
type both struct {
	first, second *simnet.Sender
	cut           func() bool // the second one brings nothing more; nil: it does
}

func (b both) WriteBatch(d [][]byte) (int, error) {
	if b.cut == nil || !b.cut() {
		if n, err := b.second.WriteBatch(d); err != nil {
			return n, err
		}
	}
	return b.first.WriteBatch(d)
}

func (b both) Close() error { return b.second.Close() }

// receiveFeeds receives the sessions on two groups, each over its link.
func (w *world) receiveFeeds(cfg ReceiveConfig, links ...simnet.Link) *Reception {
	w.t.Helper()
	var all []way
	for i, f := range cfg.feeds() {
		open := func() (socket.Source, error) {
			return w.net.Join(simnet.JoinConfig{Group: f.Group, Source: f.Source, Link: links[i]}), nil
		}
		source, _ := open()
		all = append(all, way{group: f.Group, source: source, reopen: open})
	}
	if cfg.Store == nil {
		cfg.Store = w.store
	}
	if err := cfg.check(); err != nil {
		w.t.Fatal(err)
	}
	r, err := w.node.receiveOn(w.ctx, cfg, all)
	if err != nil {
		w.t.Fatal(err)
	}
	w.receptions = append(w.receptions, r)
	return r
}

// sendBoth opens a session that goes to both groups, from these addresses.
func (w *world) sendBoth(first, second netip.AddrPort, cut func() bool) *Sending {
	w.t.Helper()
	s, err := w.node.sendTo(w.ctx, SendConfig{To: simGroup, TSI: 7, Rate: 20_000_000, Session: sender.Config{
		FirstTOI: flute.NewTOI(1), OTI: fec.OTI{EncodingID: fec.CompactNoCode},
	}}, both{w.net.Dial(first, simGroup), w.net.Dial(second, otherGroup), cut}, first.Addr())
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// TestFeeds: each of two feeds loses a fifth of the datagrams, but never the same ones. The files come in the first
// pass, without FEC, also where the copies come from another sender.
func TestFeeds(t *testing.T) {
	for _, second := range []string{"10.0.0.1:0", "10.0.0.2:0"} {
		inWorld(t, Config{}, func(w *world) {
			from := netip.MustParseAddrPort(second)
			feed := flute.Feed{Group: otherGroup}
			cfg := ReceiveConfig{Group: simGroup}
			if from.Addr() != simSource.Addr() {
				cfg.Source, feed.Source = simSource.Addr(), from.Addr()
			}
			cfg.Feeds = []flute.Feed{feed}
			n := [2]int{}
			drop := func(i int) func([]byte) bool {
				return func([]byte) bool { n[i]++; return n[i]%10 == 1+2*i || n[i]%10 == 6+2*i }
			}
			r := w.receiveFeeds(cfg, simnet.Link{Drop: drop(0)}, simnet.Link{Drop: drop(1)})
			s := w.sendBoth(simSource, from, nil)
			w.add(s, 5, 300_000)
			w.finish(s)
			w.delivered()
			if err := r.Close(w.ctx); err != nil {
				t.Error(err)
			}
			w.accounted()
			var c event.SessionClosed
			for _, e := range w.take() {
				if e, ok := e.(event.SessionClosed); ok && !e.Sending {
					c = e
				}
			}
			var sum uint64
			for i, f := range c.Feeds {
				sum += f.Received
				if f.Received != f.Accepted+f.Duplicate+f.Dropped || f.Lost < f.Received/6 || f.Lost > f.Received/3 {
					t.Errorf("feed %d: %+v", i, f)
				}
			}
			if sum != c.Counters.Received || sum == 0 {
				t.Errorf("the feeds received %d, the session %d", sum, c.Counters.Received)
			}
		})
	}
}

// TestFeedGoesDown: one feed brings nothing from some moment on. No file is lost, and it is told.
func TestFeedGoesDown(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		cfg := ReceiveConfig{Group: simGroup, Feeds: []flute.Feed{{Group: otherGroup}}}
		w.receiveFeeds(cfg, simnet.Link{}, simnet.Link{})
		began := time.Now()
		s := w.sendBoth(simSource, simSource, func() bool { return time.Since(began) > 2*time.Second })
		w.add(s, 5, 3_000_000)
		w.finish(s)
		w.delivered()
		var told []event.FeedState
		for _, e := range w.take() {
			if e, ok := e.(event.FeedState); ok {
				told = append(told, e)
			}
		}
		if len(told) != 1 || told[0].Alive || told[0].Feed.Group != otherGroup {
			t.Errorf("told %+v, want that %v is silent", told, otherGroup)
		}
	})
}
