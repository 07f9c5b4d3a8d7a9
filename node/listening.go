package node

import (
	"net/netip"
	"slices"

	"github.com/flute-node/flute-node/actors/session/routing"
	"github.com/flute-node/flute-node/actors/socket"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/internal/slab"
	"github.com/flute-node/flute-node/internal/udp"
)

// Receptions that listen to the same share a socket: its datagrams are read once, and two of one unicast address get
// all of them each.

// listening is an open socket with those that receive from it.
type listening struct {
	key   listeningKey
	used  int    // receptions; guarded by Node.listenMu
	means string // see Reception.Means
	deep  bool   // the system has a large buffer for it
	*socket.Endpoint
	id uint64
}

// deepBuffer is the receive buffer, as the system counts it, from which on a session may be waited for whoever sends. A
// quarter of it stays free: it holds what comes in 2 ms at 10 Gbit/s, or 3 where datagrams come joined in messages, and
// the reader looks each millisecond.
const deepBuffer = 16 << 20

// listeningKey is what a socket does not share with another one. Receptions with other bounds have other sockets.
type listeningKey struct {
	udp         udp.Config
	maxDatagram int
}

// way is how a feed is listened to.
type way struct {
	group  netip.AddrPort
	iface  string
	key    listeningKey
	source socket.Source // open, and not shared; nil: the socket of key
	reopen func() (socket.Source, error)
}

// way returns how to listen to f.
func (n *Node) way(cfg *ReceiveConfig, f flute.Feed) way {
	c := udp.Config{
		Group: f.Group, Source: f.Source, Interface: f.Interface, ReceiveBuffer: cfg.ReceiveBuffer,
		Offload: !cfg.NoOffload && n.batch(slab.MessageSize) > 0,
	}
	open := func() (socket.Source, error) {
		if n.cfg.Network != nil {
			return n.cfg.Network.Listen(c)
		}
		r, err := udp.Listen(c)
		if err != nil {
			return nil, err
		}
		return r, nil
	}
	key := listeningKey{udp: c, maxDatagram: cfg.maxDatagram()}
	if !f.Group.Addr().IsMulticast() && f.Source.Unmap().Is4() == f.Group.Addr().Unmap().Is4() {
		key.udp.Source = netip.Addr{} // the system does not look at it
	}
	return way{group: f.Group, iface: f.Interface, key: key, reopen: open}
}

// isDeep reports whether the system has a large buffer for each feed.
func (r *Reception) isDeep() bool {
	return !slices.ContainsFunc(r.endpoints, func(e endpoint) bool { return !e.deep })
}

// leave ends the use of l by router, which need not have been added. It reports whether nobody receives from l any
// more.
func (n *Node) leave(l *listening, router *routing.Router) (last bool) {
	l.Remove(router)
	n.listenMu.Lock()
	defer n.listenMu.Unlock()
	if l.used--; l.used > 0 {
		return false
	}
	if n.listening[l.key] == l {
		delete(n.listening, l.key)
	}
	return true
}

// open returns the socket of w with one more who uses it, opened under id if there is none.
func (n *Node) open(cfg *ReceiveConfig, w *way, id uint64) (*listening, error) {
	n.listenMu.Lock()
	defer n.listenMu.Unlock()
	source := w.source
	if source == nil {
		if l := n.listening[w.key]; l != nil && !l.Closed() {
			l.used++
			return l, nil
		}
		var err error
		if source, err = w.reopen(); err != nil {
			return nil, err
		}
	}
	if s, ok := source.(interface{ BufferLimited() string }); ok {
		n.warn(s.BufferLimited())
	}
	if s, ok := source.(interface{ InterfaceAway() string }); ok {
		n.warn(s.InterfaceAway())
	}
	l := &listening{key: w.key, used: 1, id: id, Endpoint: socket.NewEndpoint(socket.Config{
		ID: id, Group: w.group, Interface: w.iface, Reopen: w.reopen,
		Memory: n.slabs, MaxDatagram: cfg.maxDatagram(), Batch: n.batch(cfg.maxDatagram()),
		Messages: min(n.batch(slab.MessageSize), maxMessages),
	}, source)}
	if s, ok := source.(interface{ BufferSize() int }); ok {
		l.deep = s.BufferSize() >= deepBuffer
	}
	if s, ok := source.(interface{ Means() string }); ok {
		l.means = s.Means()
	}
	if w.source == nil {
		n.listening[w.key] = l
	}
	return l, nil
}
