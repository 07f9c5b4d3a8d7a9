package port

import "github.com/flute-node/flute-node/internal/udp"

// WriteBatch implements channel.Writer.
func (w *writer) WriteBatch(datagrams []udp.Outgoing) (int, error) {
	return (*w.source.Load()).WriteBatch(datagrams)
}
