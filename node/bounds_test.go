package node

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/flute-node/flute-node/internal/bounds"
)

// TestBounds: the worst case is the sum of what is within nothing else, with what each reception has of its own, and no
// part is larger than the one that it is within.
func TestBounds(t *testing.T) {
	cfg := ReceiveConfig{Group: netip.MustParseAddrPort("239.1.1.1:3400"), MaxSessions: 100}
	for _, c := range []struct {
		budget     uint64
		receptions int
		want       uint64
	}{
		{64 << 20, 1, 64<<20 + 100*20<<10 + 96<<20 + 7<<20},
		{64 << 20, 3, 64<<20 + 3*(100*20<<10+96<<20+7<<20)},
		{0, 1, 1<<30 + 100*20<<10 + 96<<20 + 112<<20},
	} {
		list, sum, err := Config{Budget: c.budget}.Bounds(cfg, c.receptions)
		if err != nil || sum != c.want {
			t.Errorf("%d receptions of %d bytes: %d, %v; want %d", c.receptions, c.budget, sum, err, c.want)
		}
		parts := map[string]bounds.Bound{}
		for _, b := range list {
			parts[b.Part] = b
		}
		for _, b := range list {
			if within, ok := parts[b.Within]; b.Within != "" && (!ok || b.Bytes > within.Bytes) {
				t.Errorf("%+v is within %+v", b, within)
			}
		}
		if b := parts["sessions"]; b.Count != 100 {
			t.Errorf("%+v", b)
		}
	}
	_, _, err := Config{Budget: 1000, Reserve: 501}.Bounds(cfg, 1)
	if err == nil || !strings.Contains(err.Error(), "Config.Reserve") {
		t.Errorf("error: %v", err)
	}
	cfg.MaxSessions = -1
	if _, _, err = (Config{}).Bounds(cfg, 1); err == nil || !strings.Contains(err.Error(), "MaxSessions") {
		t.Errorf("error: %v", err)
	}
}
