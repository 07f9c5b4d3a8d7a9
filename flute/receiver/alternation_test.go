package receiver

import (
	"strings"
	"testing"
	"time"
)

// Two senders that use one TSI at once are told, once, by their ports; a sender that was started again is not one.
func TestTwoSendersWithOneTSI(t *testing.T) {
	const a, b, c = 40_001, 40_002, 40_003
	for name, test := range map[string]struct {
		ports []uint16
		apart time.Duration
		told  bool
	}{
		"in turn":            {[]uint16{a, b, a, b, a, b, a, b, a, b, a, b}, time.Second, true},
		"in bursts":          {[]uint16{a, a, a, b, b, a, a, a, b, a, a, b, b, a, b, a, b, b, a, b}, time.Second, true},
		"one":                {[]uint16{a, a, a, a, a, a, a, a, a, a, a, a}, time.Second, false},
		"started again":      {[]uint16{a, a, a, a, a, b, b, b, b, b, b, c, c, c, c, c}, time.Second, false},
		"overtaken":          {[]uint16{a, b, a, b, a, b, a, b, a, b, a, b, b, b, b, b}, 10 * time.Millisecond, false},
		"another each time":  {[]uint16{a, b, c, a, b, c, a, b, c, a, b, c, a, b, c, a, b, c}, time.Second, false},
		"ports are unknown":  {[]uint16{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, time.Second, false},
		"unknown in between": {[]uint16{a, 0, a, 0, a, 0, a, 0, a, 0, a, 0, a, 0, a, 0}, time.Second, false},
	} {
		r := newRig(t)
		for range 2 { // it is told once
			for _, r.port = range test.ports {
				r.feed(plain(t, 1, 1_000_000, 100, 64).packet(0, 0, 1))
				r.wait(test.apart)
			}
		}
		if got := r.warnings(); strings.Contains(got, "40001 and 40002") != test.told ||
			strings.Count(got, "in turn") > 1 {
			t.Errorf("%s: %q", name, got)
		}
	}
}
