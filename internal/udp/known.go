package udp

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	// knownFor is how long a Known believes what it was told: a thousand sessions begin in about a second.
	knownFor = 250 * time.Millisecond
	// maxKnown bounds the answers that it remembers.
	maxKnown = 64
)

// Known remembers for a moment which interface has a name, and which address to send from: to ask the system takes as
// long as all else that Dial does. The zero value knows nothing; a nil Known asks each time. It is safe for concurrent
// use.
type Known struct {
	mu   sync.Mutex
	ways map[question]way
}

// question is what the system was asked.
type question struct {
	name, zone string
	is4        bool
}

// way is its answer.
type way struct {
	ifi    *net.Interface // nil: the system's choice
	source netip.Addr     // zero: the system's choice
	at     time.Time
}

// find returns the way to an address over the named interface. isOld says that it was asked before.
func (k *Known) find(name string, to netip.Addr) (w way, isOld bool, err error) {
	now, q := time.Now(), question{name, to.Zone(), to.Is4()}
	if w, ok := k.look(q); ok && now.Sub(w.at) < knownFor {
		return w, true, nil
	}
	w.at = now
	if w.ifi, err = interfaceOf(name, to); err != nil {
		return w, false, err
	}
	if w.ifi != nil {
		w.source = sourceOn(w.ifi, to)
	}
	k.keep(q, w)
	return w, false, nil
}

func (k *Known) look(q question) (w way, ok bool) {
	if k == nil {
		return w, false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	w, ok = k.ways[q]
	return w, ok
}

func (k *Known) keep(q question, w way) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.ways == nil || len(k.ways) >= maxKnown {
		k.ways = map[question]way{}
	}
	k.ways[q] = w
}

// forget has the system asked again.
func (k *Known) forget() {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ways = nil
}
