package node

import (
	"strings"
	"testing"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/store/mem"
)

// Negative numbers are no defaults: they are refused by name, before a socket is opened.
func TestReceiveRefusesNegativeNumbers(t *testing.T) {
	n := start(t, Config{})
	for name, cfg := range map[string]ReceiveConfig{
		"MaxSessions": {MaxSessions: -1}, "ReceiveBuffer": {ReceiveBuffer: -1},
		"Inbox.Bytes": {Inbox: actors.Limits{Bytes: -1}}, "Inbox.Messages": {Inbox: actors.Limits{Messages: -1}},
	} {
		cfg.Store = mem.New()
		if _, err := n.Receive(cfg); err == nil || !strings.Contains(err.Error(), name+" -1") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
