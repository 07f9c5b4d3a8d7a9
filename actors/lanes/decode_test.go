package lanes

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// decoding is a Work that decodes.
type decoding struct{ *work }

func (decoding) Decodes() bool { return true }

// TestOnDecode: of Works that decode it is told how long they computed, without the time that they waited for a disk or
// a processor; of others, and of those that nobody waits for, nothing is told.
func TestOnDecode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var told []time.Duration
		l := New(Config{Processors: 1, OnDecode: func(d time.Duration) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, d)
		}})
		computes := &work{run: func(sync.Locker) { time.Sleep(3 * time.Second) }}
		reads := &work{lane: "disk", run: func(cpu sync.Locker) {
			time.Sleep(time.Second)
			cpu.Lock() // waits for the other one
			time.Sleep(2 * time.Second)
			cpu.Unlock()
			time.Sleep(time.Second)
		}}
		panics := &work{lane: "disk", run: func(cpu sync.Locker) {
			cpu.Lock()
			panic("broken")
		}}
		for _, w := range []Work{decoding{computes}, decoding{reads}, computes, reads, decoding{panics}} {
			l.Run(NewEntry(w, "a", nil))
		}
		gone := NewEntry(decoding{computes}, "b", nil)
		gone.Cancel()
		l.Run(gone)
		if err := l.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		if d := cmp.Diff([]time.Duration{3 * time.Second, 2 * time.Second}, told); d != "" {
			t.Error(d)
		}
	})
}
