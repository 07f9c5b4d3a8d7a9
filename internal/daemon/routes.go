package daemon

import (
	"net/netip"
	"slices"
	"sync"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/internal/outbox"
	"github.com/flute-node/flute-node/node"
)

// route says which sessions belong to a unit.
type route struct {
	group   netip.AddrPort
	source  netip.Addr  // zero: any
	tsis    []flute.TSI // empty: all
	sending bool
}

func (r *route) has(key flute.SessionKey, sending bool) bool {
	return r.sending == sending && r.group == key.Group &&
		(!r.source.IsValid() || sending || r.source == key.Source) &&
		(len(r.tsis) == 0 || slices.Contains(r.tsis, key.TSI))
}

// routesOf returns the sessions that receptions take.
func routesOf(all []node.ReceiveConfig) (list []route) {
	for _, cfg := range all {
		r := route{group: cfg.Group, tsis: cfg.TSIs}
		if len(cfg.Feeds) == 0 { // with several feeds a session is named by the first one's source, or another's
			r.source = cfg.Source
		}
		list = append(list, r)
	}
	return list
}

// routes finds the unit of a session. A unit that has ended keeps its own, for the events that are still to come.
type routes struct {
	mu    sync.Mutex
	names []string // in the order in which they were first set
	list  map[string][]route
	known map[asked]string // what of has answered since the routes were changed, maxKnown at most
}

// asked is what of was asked.
type asked struct {
	key     flute.SessionKey
	sending bool
}

// maxKnown bounds routes.known: twice as many sessions as a socket takes by default. Anybody may begin sessions.
const maxKnown = 8192

func (r *routes) set(unit string, list []route) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.list == nil {
		r.list = map[string][]route{}
	}
	if _, known := r.list[unit]; !known {
		r.names = append(r.names, unit)
	}
	r.list[unit] = list
	clear(r.known)
}

// keep forgets all units but those of which known is true.
func (r *routes) keep(known func(unit string) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.known)
	r.names = slices.DeleteFunc(r.names, func(name string) bool {
		if known(name) {
			return false
		}
		delete(r.list, name)
		return true
	})
}

// of returns the unit of a session; empty: none.
func (r *routes) of(key flute.SessionKey, sending bool) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	q := asked{key, sending}
	unit, found := r.known[q]
	if found {
		return unit
	}
	if len(r.known) >= maxKnown {
		clear(r.known)
	}
	if r.known == nil {
		r.known = map[asked]string{}
	}
	unit = r.find(key, sending)
	r.known[q] = unit
	return unit
}

// find is of by a look at all units. r.mu is held.
func (r *routes) find(key flute.SessionKey, sending bool) string {
	for _, name := range r.names {
		for i := range r.list[name] {
			if r.list[name][i].has(key, sending) {
				return name
			}
		}
	}
	return ""
}

// ofEvent returns the unit of an event; empty: none.
func (r *routes) ofEvent(e notice.Event) string {
	switch e := e.(type) {
	case ended:
		return e.Unit
	case upload:
		return e.Unit
	case leased:
		return e.Unit
	case outbox.Tried:
		return e.Unit
	case outbox.Refused:
		return e.Unit
	}
	if key, ok := keyOf(e); ok {
		return r.of(key, event.IsSending(e))
	}
	return ""
}

// keyOf returns the session of an event.
func keyOf(e notice.Event) (key flute.SessionKey, ok bool) {
	switch e := e.(type) {
	case event.SessionOpened:
		key = e.Session
	case event.SessionStats:
		key = e.Session
	case event.SessionComplete:
		key = e.Session
	case event.SessionClosed:
		key = e.Session
	case event.FDTReceived:
		key = e.Session
	case event.FDTRejected:
		key = e.Session
	case event.FDTPublished:
		key = e.Session
	case event.FeedState:
		key = e.Session
	case event.MatrixDetected:
		key = e.Session
	case event.ObjectStarted:
		key = e.Session
	case event.ObjectProgress:
		key = e.Session
	case event.ObjectCompleted:
		key = e.Session
	case event.ObjectFailed:
		key = e.Session
	case event.ObjectRefused:
		key = e.Session
	case event.QueueEmpty:
		key = e.Session
	case event.Late:
		key = e.Session
	case event.TransferStarted:
		key = e.Session
	case event.TransferDone:
		key = e.Session
	default:
		return key, false
	}
	return key, true
}
