package node

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/store/mem"
)

// Negative numbers are no defaults: they are refused by name, before a socket is opened.
func TestReceiveRefusesNumbers(t *testing.T) {
	n := start(t, Config{})
	for name, cfg := range map[string]ReceiveConfig{
		"MaxSessions -1": {MaxSessions: -1}, "ReceiveBuffer -1": {ReceiveBuffer: -1},
		"MaxDatagram -1": {MaxDatagram: -1}, "MaxDatagram 65537": {MaxDatagram: 1<<16 + 1},
		"InboxBytes -1":               {InboxBytes: -1},
		"InboxMessages -1":            {InboxMessages: -1},
		"239.1.1.1:0 has no UDP port": {Group: netip.MustParseAddrPort("239.1.1.1:0")},
		"239.1.1.2:0 has no UDP port": {
			Group: netip.MustParseAddrPort("239.1.1.1:3400"),
			Feeds: []flute.Feed{{Group: netip.MustParseAddrPort("239.1.1.2:0")}},
		},
	} {
		cfg.Store = mem.New()
		if _, err := n.Receive(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
