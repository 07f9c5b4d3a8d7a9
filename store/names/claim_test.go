package names

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/flute-node/flute-node/internal/segment"
)

// TestClaimWhileAnotherHangs: who looks at a folder that hangs keeps nobody else from a name.
func TestClaimWhileAnotherHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hangs := make(chan struct{})
		n := New(func(name string) Kind {
			if strings.HasPrefix(name, "dead/") {
				<-hangs
			}
			return Absent
		}, nil)
		claimed := make(chan Claimed, 1)
		go func() {
			c, _ := n.Claim("", "http://x/dead/1", "s")
			claimed <- c
		}()
		synctest.Wait()
		other := make(chan Claimed, 1)
		go func() {
			c, _ := n.Claim("", "http://x/alive/1", "s")
			other <- c
		}()
		synctest.Wait()
		select {
		case c := <-other:
			if c != (Claimed{Name: "alive/1"}) {
				t.Errorf("%+v", c)
			}
		default:
			t.Error("the other one waits")
		}
		close(hangs)
		if c := <-claimed; c != (Claimed{Name: "dead/1"}) {
			t.Errorf("%+v", c)
		}
	})
}

// TestNamesOfWhoLookedBefore: who has looked while a name was free does not get it once another location has it.
func TestNamesOfWhoLookedBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		looks := make(chan struct{})
		n := New(func(string) Kind { <-looks; return Absent }, nil)
		locations := []string{"http://a/d/x", "http://b/d/x", "http://c/d"}
		got := map[string]string{}
		var mu sync.Mutex
		for _, location := range locations {
			go func() {
				c, err := n.Claim("", location, "s")
				mu.Lock()
				defer mu.Unlock()
				if got[location] = c.Name; err != nil {
					t.Error(err)
				}
			}()
			synctest.Wait()
		}
		close(looks)
		synctest.Wait()
		names := map[string]bool{}
		for _, location := range locations {
			names[got[location]] = true
		}
		if len(names) != len(locations) {
			t.Errorf("%q", got)
		}
		plain, marked := got["http://c/d"], got["http://c/d"] == segment.Mark("d", "http://c/d", 6)
		if below := strings.HasPrefix(got["http://a/d/x"], "d/"); below && !marked || !below && plain != "d" {
			t.Errorf("a file and a folder share a name: %q", got)
		}
	})
}
