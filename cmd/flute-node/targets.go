package main

import (
	"fmt"
	"net/netip"

	"github.com/flute-node/flute-node/internal/udp"
)

// maxTargets is how many destinations a replay has at most: each has a socket.
const maxTargets = 256

// targets are the sockets to send by.
type targets struct {
	ttl     int
	iface   string
	senders map[netip.AddrPort]*udp.Sender
}

// to returns the socket to all, or if there is no such address, to dst.
func (t *targets) to(all, dst netip.AddrPort) (*udp.Sender, error) {
	if all.IsValid() {
		dst = all
	}
	if s := t.senders[dst]; s != nil {
		return s, nil
	}
	if len(t.senders) == maxTargets {
		return nil, fmt.Errorf("the capture has more than %d destinations: choose one by --only, or --to", maxTargets)
	}
	s, err := udp.Dial(udp.SendConfig{To: dst, Interface: t.iface, TTL: t.ttl})
	if err == nil {
		t.senders[dst] = s
	}
	return s, err
}

func (t *targets) close() {
	for _, s := range t.senders {
		_ = s.Close()
	}
}
