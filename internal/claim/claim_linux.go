package claim

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"github.com/flute-node/flute-node/flute"
)

// Session marks a session as one of this process. ok is false if it is another's. The mark is a name for local sockets
// in memory: it ends with the process however that ends, holds for all users, and only in this network namespace.
func Session(to netip.AddrPort, tsi flute.TSI) (release func(), ok bool) {
	name := fmt.Sprintf("@flute-node/send/%v/%d", to, tsi)
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		return func() {}, !errors.Is(err, syscall.EADDRINUSE)
	}
	return func() { _ = c.Close() }, true
}
