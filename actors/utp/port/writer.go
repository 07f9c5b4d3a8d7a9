package port

import (
	"net/netip"

	"github.com/flute-node/flute-node/internal/udp"
)

// WriteBatch implements channel.Writer.
func (w *writer) WriteBatch(datagrams []udp.Outgoing) (int, error) {
	return (*w.source.Load()).WriteBatch(datagrams)
}

// WriteTo sends a datagram of another protocol. It may be called from any goroutine.
func (p *Port) WriteTo(b []byte, to netip.AddrPort) error {
	return (*p.writer.source.Load()).WriteTo(b, to)
}
