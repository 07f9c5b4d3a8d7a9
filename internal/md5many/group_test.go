package md5many

import (
	"crypto/md5"
	"sync"
	"testing"
	"testing/synctest"
)

// TestGroup: whoever asks gets the sum of its own content, however many ask at the same time.
func TestGroup(t *testing.T) {
	var g Group
	var all sync.WaitGroup
	for i := range 100 {
		all.Go(func() {
			for run := range 20 {
				content := pattern(uint64(i), worth-1+37*i*run)
				if got, want := g.Sum(content), md5.Sum(content); got != want {
					t.Errorf("%d bytes: %x, want %x", len(content), got, want)
				}
			}
		})
	}
	all.Wait()
	if g.led || len(g.waiting) > 0 {
		t.Errorf("%d wait, led: %v", len(g.waiting), g.led)
	}
}

// TestGroupTakesThoseThatWait: those that have asked before are computed together, the first ones first, and one of
// those for whom there was no place leads the next ones.
func TestGroupTakesThoseThatWait(t *testing.T) {
	var g Group
	var members []*member
	for range most + 3 {
		m := &member{ready: make(chan struct{})}
		if leads := g.join(m); leads != (len(members) == 0) {
			t.Fatalf("member %d leads: %v", len(members), leads)
		}
		members = append(members, m)
	}
	for i, m := range g.gather(most) {
		if m != members[i] {
			t.Errorf("place %d has another member", i)
		}
	}
	<-members[most].ready
	if next := members[most]; !next.leads || next.summed || len(g.waiting) != 3 {
		t.Errorf("leads %v, summed %v, %d wait", next.leads, next.summed, len(g.waiting))
	}
	if rest := g.gather(most); len(rest) != 3 || g.led || len(g.waiting) != 0 {
		t.Errorf("%d are taken, led %v, %d wait", len(rest), g.led, len(g.waiting))
	}
}

// TestGroupOutlivesACrash: whoever waits for one that crashes goes on.
func TestGroupOutlivesACrash(t *testing.T) {
	if active == portable {
		t.Skip("everybody computes its own")
	}
	members := []*member{{}, {content: []byte("content"), ready: make(chan struct{})}}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("no crash")
			}
		}()
		compute(append(members, make([]*member, most)...)) // there is no such member
	}()
	select {
	case <-members[1].ready:
	default:
		t.Error("it waits")
	}
}

// TestGroupWithoutASum: whoever was to get its sum from one that has crashed computes it.
func TestGroupWithoutASum(t *testing.T) {
	if active == portable {
		t.Skip("everybody computes its own")
	}
	synctest.Test(t, func(t *testing.T) {
		g := Group{led: true} // by one that crashes
		content := pattern(5, worth)
		var got [md5.Size]byte
		go func() { got = g.Sum(content) }()
		synctest.Wait()
		close(g.gather(most)[0].ready)
		synctest.Wait()
		if want := md5.Sum(content); got != want {
			t.Errorf("%x, want %x", got, want)
		}
	})
}
