package daemon

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/internal/api"
)

// maxRestarts bounds the actors of which restarts are known: those that crashed latest.
const maxRestarts = 100

// maxReason bounds why an actor crashed, in bytes.
const maxReason = 200

// restarts are the actors that crashed. It is safe for concurrent use; the zero value is ready to use.
type restarts struct {
	mu   sync.Mutex
	list []api.Restart // the latest last
}

// add notes a crash.
func (r *restarts) add(e notice.ActorRestarted, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	one := api.Restart{Actor: e.Actor}
	at := slices.IndexFunc(r.list, func(o api.Restart) bool { return o.Actor == e.Actor })
	if at >= 0 {
		one = r.list[at]
	} else if len(r.list) == maxRestarts {
		at = 0
	}
	if at >= 0 {
		r.list = slices.Delete(r.list, at, at+1)
	}
	one.Count++
	one.At, one.Outcome, one.Reason = now, e.Outcome, e.Reason[:min(len(e.Reason), maxReason)]
	r.list = append(r.list, one)
}

// latest returns them, the latest first.
func (r *restarts) latest() []api.Restart {
	r.mu.Lock()
	list := slices.Clone(r.list)
	r.mu.Unlock()
	slices.SortStableFunc(list, func(a, b api.Restart) int { return cmp.Compare(b.At.UnixNano(), a.At.UnixNano()) })
	if list == nil {
		return []api.Restart{}
	}
	return list
}
