package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"slices"

	"github.com/flute-node/flute-node/internal/defaults"

	"github.com/flute-node/flute-node/actors/session"
	"github.com/flute-node/flute-node/actors/session/receiving"
	"github.com/flute-node/flute-node/actors/session/routing"
	"github.com/flute-node/flute-node/actors/socket"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/file"
)

const (
	// maxBatch is how many datagrams one read brings at most, and maxMessages how many messages where the system joins
	// datagrams: more gain nothing. One read fills a slab at most.
	maxBatch    = 64
	maxMessages = 8
	// minReads is how many of them the memory for datagrams must hold.
	minReads    = 8
	maxDatagram = 64 << 10
)

// ReceiveConfig says what to receive, and where to. Group and one of Dir and Store are required; the zero value of the
// rest is its default.
type ReceiveConfig struct {
	Group     netip.AddrPort // multicast group or local unicast address, with the UDP port
	Source    netip.Addr     // sender: source-specific multicast, and datagrams of others are dropped; zero: any
	Interface string         // name, index or address; empty: the system's choice
	// Feeds are further ways on which the same sessions come, beside Group, Source and Interface: copies of the packets
	// over another network or from another sender, or other channels of the session. What comes on all of them is
	// merged. A session is named by Group, and by Source if a feed has another one. At most eight in all.
	Feeds []flute.Feed
	TSIs  []flute.TSI // sessions wanted; empty: all

	Dir   string       // folder that receives the files; it is made if it does not exist
	Files file.Options // how they get there, with Dir; receptions of one folder have the same. Its Warn becomes events
	Store store.Store  // instead of Dir; the caller closes it, after Close or Stop

	// Session configures the core: layout of the files, limits of a session, profile, expiry. Its Registry, Store,
	// Budget and Labour are filled in.
	Session receiver.Config

	MaxSessions   int // at once; zero: routing.DefaultMaxSessions
	ReceiveBuffer int // bytes of the socket's buffer; zero: as much as the system allows
	MaxDatagram   int // bytes, up to 64 KiB; longer ones are dropped; zero: 2048
	// InboxBytes and InboxMessages bound the datagrams and reads of the socket that wait for one session; the rest is
	// dropped and counted. Zero: 24 MiB and 16,384.
	InboxBytes, InboxMessages int

	// NoOffload has the system hand over datagrams one by one, which costs several times the processor time. False: it
	// joins those of one sender that follow each other (UDP_GRO), where it can: on Linux.
	NoOffload bool
}

// Receive joins the group and receives every session on it that cfg wants, until Close or the node's Stop. Its error
// says what could not be joined, opened or made, or is that of ctx, when that ends before the reception has begun.
func (n *Node) Receive(ctx context.Context, cfg ReceiveConfig) (*Reception, error) {
	if err := cfg.check(); err != nil { // before anything is opened
		return nil, err
	}
	if !cfg.Group.IsValid() {
		return nil, errors.New("node: ReceiveConfig.Group is required")
	}
	for _, f := range cfg.feeds() {
		if f.Group.Port() == 0 { // the system would choose one that no sender knows
			return nil, fmt.Errorf("node: ReceiveConfig: %v has no UDP port", f.Group)
		}
	}
	if n.batch(cfg.maxDatagram()) == 0 {
		return nil, fmt.Errorf("node: Config.Budget %d is too small for datagrams of %d bytes: take %d or more",
			n.cfg.Budget, cfg.maxDatagram(), slabShare*minReads*cfg.maxDatagram())
	}
	ways := make([]way, 0, 1+len(cfg.Feeds))
	for _, f := range cfg.feeds() {
		ways = append(ways, n.way(&cfg, f))
	}
	return n.receiveOn(ctx, cfg, ways)
}

// feeds returns all ways on which the sessions come.
func (c *ReceiveConfig) feeds() []flute.Feed {
	first := flute.Feed{Group: c.Group, Source: c.Source, Interface: c.Interface}
	return append([]flute.Feed{first}, c.Feeds...)
}

// receive runs a reception of cfg, which was checked, on any source of datagrams, and closes it at the end.
func (n *Node) receive(
	ctx context.Context, cfg ReceiveConfig, source socket.Source, reopen func() (socket.Source, error),
) (*Reception, error) {
	return n.receiveOn(ctx, cfg, []way{{group: cfg.Group, iface: cfg.Interface, source: source, reopen: reopen}})
}

// receiveOn is receive with a source of datagrams for each feed.
func (n *Node) receiveOn(ctx context.Context, cfg ReceiveConfig, ways []way) (*Reception, error) {
	r := &Reception{
		node: n, id: n.next.Add(1), feeds: cfg.feeds(), counters: &routing.Counters{},
		closed: make(chan struct{}),
	}
	release := func() error { return nil }
	fail := func(err error) (*Reception, error) {
		r.leave()
		return nil, errors.Join(err, release())
	}
	for i := range ways {
		id := r.id
		if i > 0 {
			id = n.next.Add(1)
		}
		l, err := n.open(&cfg, &ways[i], id)
		if err != nil {
			return fail(err)
		}
		r.endpoints = append(r.endpoints, endpoint{listening: l})
	}
	st, err := n.openStore(&cfg)
	if err != nil {
		return fail(err)
	}
	release = st.release
	own := cfg.Session
	if len(cfg.Feeds) > 0 {
		own.Feeds = cfg.feeds()
	}
	own.Registry, own.Store, own.Budget, own.Labour = n.cfg.Registry, st.Store, n.budget, n.labour
	own.ProgressInterval = cmp.Or(own.ProgressInterval, progressInterval)
	taken := st.takeovers.take(st.Store, &cfg)
	if taken.err != nil {
		return fail(taken.err)
	}
	own.Leftovers, own.Delivered = taken.leftovers, taken.delivered
	core, err := own.Validated()
	if err != nil {
		return fail(err)
	}
	reception := &receiving.Reception{
		ID: r.id, Config: core, Limits: cfg.inboxLimits(), Drops: r.counters, Deep: r.isDeep(),
	}
	var shared *routing.Shared
	if len(ways) > 1 {
		shared = routing.NewShared()
	}
	for i, f := range cfg.feeds() {
		r.endpoints[i].router = routing.New(routing.Config{
			Group: cfg.Group, Feed: uint8(i), As: cfg.as(f), Shared: shared,
			Sources: wanted(f.Source), TSIs: cfg.TSIs, MaxSessions: cfg.MaxSessions,
			Reception: reception, Counters: r.counters,
			Open: func(in *receiving.Inbox) {
				n.ledger.Receive(in)
				n.send(sessionsName, session.Open{Inbox: in})
			},
		})
	}
	if err := r.register(release); err != nil {
		return fail(err)
	}
	for _, e := range r.endpoints {
		e.Add(e.router, r.hear)
		if err := order[socket.Started](ctx, n, socketsName, socket.Start{Endpoint: e.Endpoint}); err != nil {
			r.end() // Sockets may still hear of it
			return nil, err
		}
	}
	return r, nil
}

// as returns the source that names the sessions on a feed: zero for that of their datagrams.
func (c *ReceiveConfig) as(f flute.Feed) netip.Addr {
	if f.Source.IsValid() {
		return c.Source
	}
	return netip.Addr{}
}

// wanted returns the senders that are wanted; empty: any. Of unicast the system takes what anybody sends.
func wanted(source netip.Addr) []netip.Addr {
	if source.IsValid() {
		return []netip.Addr{source}
	}
	return nil
}

func (c *ReceiveConfig) maxDatagram() int { return cmp.Or(c.MaxDatagram, defaults.MaxDatagram) }

// batch returns how many datagrams of up to so many bytes a read shall bring, so that memory holds some reads; 0: it
// cannot.
func (n *Node) batch(maxDatagram int) int {
	return int(min(n.cfg.Budget/slabShare/minReads/uint64(maxDatagram), maxBatch))
}

// check refuses numbers that mean nothing; the core checks its own.
func (c *ReceiveConfig) check() error {
	for _, given := range []struct {
		name string
		n    int
	}{
		{"MaxSessions", c.MaxSessions},
		{"MaxDatagram", c.MaxDatagram},
		{"ReceiveBuffer", c.ReceiveBuffer},
		{"InboxBytes", c.InboxBytes},
		{"InboxMessages", c.InboxMessages},
	} {
		if given.n < 0 {
			return fmt.Errorf("node: ReceiveConfig.%s %d is negative", given.name, given.n)
		}
	}
	if v := reflect.ValueOf(c.Store); v.Kind() == reflect.Pointer && v.IsNil() { // else the first object finds out
		return fmt.Errorf("node: ReceiveConfig.Store is a nil %T: leave it out, or open it", c.Store)
	}
	if n := len(c.Feeds); n >= defaults.MaxFeeds {
		return fmt.Errorf("node: ReceiveConfig.Feeds: %d beside the first, the limit is %d", n, defaults.MaxFeeds-1)
	}
	all := c.feeds()
	for i, f := range all[1:] {
		switch {
		case !f.Group.IsValid():
			return fmt.Errorf("node: ReceiveConfig.Feeds[%d].Group is required", i)
		case slices.Contains(all[:i+1], f):
			return fmt.Errorf("node: ReceiveConfig.Feeds[%d]: %v is there twice", i, f)
		case f.Source.IsValid() && !c.Source.IsValid():
			return fmt.Errorf("node: ReceiveConfig.Feeds[%d].Source %v needs ReceiveConfig.Source, "+
				"which names the sessions", i, f.Source)
		}
	}
	if c.MaxDatagram > maxDatagram {
		return fmt.Errorf("node: ReceiveConfig.MaxDatagram %d is more than %d", c.MaxDatagram, maxDatagram)
	}
	return nil
}
