package allocbound

import (
	"testing"
)

var sink []byte

// recorder is a test that may fail.
type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Helper()               {}
func (r *recorder) Fatalf(string, ...any) { r.failed = true }

func TestCheck(t *testing.T) {
	if RaceDetector {
		t.Skip("the race detector allocates too")
	}
	for name, c := range map[string]struct {
		bound     Bound
		n         int
		allocates []int // in each call; the last one again and again
		fails     bool
	}{
		"nothing":       {Bound{}, 100, []int{0}, false},
		"anything":      {Bound{}, 100, []int{16}, true},
		"fixed":         {Bound{Fixed: 8192}, 0, []int{8192}, false},
		"above fixed":   {Bound{Fixed: 8191}, 0, []int{8192}, true},
		"for each byte": {Bound{PerByte: 8}, 1024, []int{8192}, false},
		"above that":    {Bound{PerByte: 7}, 1024, []int{8192}, true},
		"a pool, once":  {Bound{}, 0, []int{8192, 0}, false},
	} {
		calls := 0
		r := &recorder{TB: t}
		c.bound.Check(r, c.n, func() {
			if size := c.allocates[min(calls, len(c.allocates)-1)]; size > 0 {
				sink = make([]byte, size)
			}
			calls++
		})
		if r.failed != c.fails {
			t.Errorf("%s: fails: %v, want %v", name, r.failed, c.fails)
		}
	}
}
