package port

import (
	"net/netip"
	"sync"

	"github.com/flute-node/flute-node/internal/slab"
)

// maxOthers bounds the datagrams that wait for another protocol; the newest are dropped, as the kernel does.
const maxOthers = 1024

// Other is a datagram that is not uTP.
type Other struct {
	Data []byte
	From netip.AddrPort
}

// Others holds datagrams that are not uTP, between the reader and another protocol. It is safe for concurrent use.
type Others struct {
	mu     sync.Mutex
	wanted bool
	queue  chan Other
}

// NewOthers returns Others that nobody wants yet: they are dropped.
func NewOthers() *Others { return &Others{queue: make(chan Other, maxOthers)} }

// Queue returns the datagrams, which are kept from now on.
func (o *Others) Queue() <-chan Other {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.wanted = true
	return o.queue
}

// put adds a copy of d, if somebody wants it and there is room.
func (o *Others) put(d *slab.Datagram) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.wanted || len(o.queue) == cap(o.queue) {
		return
	}
	o.queue <- Other{append([]byte(nil), d.Data...), d.Source}
}
