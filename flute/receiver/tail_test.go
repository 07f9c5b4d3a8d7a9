package receiver

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/store/storetest"
)

// TestSmallFilesAreWrittenByWorks: no packet of a small file waits for the disk; its Work writes it.
func TestSmallFilesAreWrittenByWorks(t *testing.T) {
	var writes atomic.Int64 // that reach an object
	r := newRig(t, func(c *Config) {
		c.Store = &storetest.Faulty{Store: c.Store, Before: func(c storetest.Call) error {
			if c.Method == "WriteAt" {
				writes.Add(1)
			}
			return nil
		}}
	})
	r.manual = true
	for i, n := range []int{1, 6, 40, 700, 1400, 5000, 40_000} {
		o := plain(t, uint64(i+1), n, 1400, 64)
		name := fmt.Sprint(n)
		r.feed(describe(t, flute.InstanceID(i), o.file(name)))
		r.feed(o.all()...)
		if writes.Load() != 0 {
			t.Errorf("%d bytes: %d writes before the Work", n, writes.Load())
		}
		for len(r.works) > 0 {
			r.work()
		}
		r.file(name, o.content)
		if writes.Swap(0) == 0 {
			t.Errorf("%d bytes: nothing was written", n)
		}
	}
	r.close()
}
