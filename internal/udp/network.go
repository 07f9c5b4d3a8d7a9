package udp

import (
	"net/netip"

	"github.com/flute-node/flute-node/internal/slab"
)

// Network opens what a node has in place of the system's sockets: a simulation of them. It is safe for concurrent use.
type Network interface {
	// Listen is called again when what it has returned fails.
	Listen(cfg Config) (Source, error)
	// Dial returns the address that receivers see, too.
	Dial(cfg SendConfig) (w Writer, source netip.Addr, err error)
}

// Source is what a reception reads from; see socket.Source of package actors/socket.
type Source interface {
	ReadBatch(s *slab.Slab, out []slab.Datagram) (int, error)
	Joins() bool
	Close() error
}

// Writer is what a session sends to; see sending.Writer of package actors/session/sending.
type Writer interface {
	WriteBatch(datagrams [][]byte) (int, error)
	Close() error
}
