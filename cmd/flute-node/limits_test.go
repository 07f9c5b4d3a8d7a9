package main

import (
	"strings"
	"testing"

	"github.com/flute-node/flute-node/internal/bounds"
	"github.com/flute-node/flute-node/internal/settings"
)

// TestLimits: the table names each part with its numbers, where it is contained, and what sets it.
func TestLimits(t *testing.T) {
	l := limits{Receptions: 2, WorstCase: 3 << 20, Bounds: []bounds.Bound{
		{Part: "memory", Of: bounds.Node, Bytes: 1 << 20, Set: "--memory"},
		{Part: "objects", Of: bounds.Session, Count: 7, Bytes: 1 << 19, Within: "memory"},
	}}
	want := []string{
		"for each part at most bytes within set by",
		"node memory 1.0 MiB --memory",
		"session objects 7 0.5 MiB memory",
		"worst case of the node: 3.0 MiB, for 2 receptions",
	}
	for i, line := range strings.Split(l.String(), "\n") {
		if got := strings.Join(strings.Fields(line), " "); i >= len(want) || got != want[i] {
			t.Errorf("line %d: %q", i, got)
		}
	}
	for name, err := range map[string]error{
		"limits": (&limitsCommand{}).Run(t.Context(), nil), "receive": (&receiveCommand{}).Run(t.Context(), nil, nil),
	} {
		if err == nil || !strings.Contains(err.Error(), "--memory") {
			t.Errorf("%s without memory: %v", name, err)
		}
	}
}

// TestLimitsOfAGroupGivenTwice: it is received once, so it counts once.
func TestLimitsOfAGroupGivenTwice(t *testing.T) {
	var c limitsCommand
	for _, text := range []string{"239.1.1.1:3400", "239.1.1.2:3400", "239.1.1.1:3400"} {
		var e settings.Endpoint
		if err := e.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
		c.Group = append(c.Group, e)
	}
	if n := c.receptions(); n != 2 {
		t.Errorf("%d receptions, want 2", n)
	}
	if n := (&limitsCommand{}).receptions(); n != 1 {
		t.Errorf("without a group: %d receptions, want 1", n)
	}
}
