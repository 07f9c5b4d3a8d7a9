package port

import (
	"net/netip"
	"sync/atomic"

	"github.com/flute-node/flute-node/internal/udp"
)

// writer is the channel.Writer of a Port: the source that is open at the moment.
type writer struct{ source atomic.Pointer[Source] }

func (w *writer) set(s Source) { w.source.Store(&s) }

// WriteBatch implements channel.Writer.
func (w *writer) WriteBatch(datagrams []udp.Outgoing) (int, error) {
	return (*w.source.Load()).WriteBatch(datagrams)
}

// WriteTo sends a datagram of another protocol. It may be called from any goroutine.
func (p *Port) WriteTo(b []byte, to netip.AddrPort) error {
	return (*p.writer.source.Load()).WriteTo(b, to)
}
