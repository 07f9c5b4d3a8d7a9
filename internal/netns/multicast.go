package netns

import (
	"errors"
	"net/netip"

	"github.com/flute-node/flute-node/internal/udp"
)

// Multicast returns the error for which a process cannot join group, or send to it, on the loopback interface; nil: it
// can do both. Tests over real sockets are skipped with that error.
func Multicast(group netip.AddrPort) error {
	r, err := udp.Listen(udp.Config{Group: group, Interface: "lo"})
	if err != nil {
		return err
	}
	s, err := udp.Dial(udp.SendConfig{To: group, Interface: "lo"})
	if err != nil {
		return errors.Join(err, r.Close())
	}
	return errors.Join(s.Close(), r.Close())
}
