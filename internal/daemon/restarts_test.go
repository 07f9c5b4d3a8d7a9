package daemon

import (
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/actors/notice"
)

// TestRestarts: an actor is told once, with how often it has crashed, the latest first; of many only the latest.
func TestRestarts(t *testing.T) {
	var r restarts
	if list := r.latest(); list == nil || len(list) != 0 {
		t.Errorf("%v", list)
	}
	now := time.Unix(1000, 0)
	crash := func(actor string) {
		now = now.Add(time.Second)
		r.add(notice.ActorRestarted{Actor: actor, Outcome: "restarted", Reason: strings.Repeat("x", 1000)}, now)
	}
	crash("a")
	crash("b")
	crash("a")
	list := r.latest()
	if first := list[0]; len(list) != 2 || first.Actor != "a" || first.Count != 2 || !first.At.Equal(now) ||
		len(first.Reason) != maxReason {
		t.Errorf("%+v", list)
	}
	for i := range maxRestarts - 1 {
		crash(strings.Repeat("c", i+1))
	}
	if list := r.latest(); len(list) != maxRestarts || list[maxRestarts-1].Actor != "a" {
		t.Errorf("%d, last %+v", len(list), list[len(list)-1])
	}
}
