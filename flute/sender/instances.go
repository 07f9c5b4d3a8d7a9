package sender

import (
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/internal/ring"
)

// instanceIDs hands out FDT Instance IDs in their logical order, never one whose last FDT Instance has not expired:
// "Senders MUST NOT reuse an FDT Instance ID value that is already in use for a non-expired FDT Instance" (RFC 6726,
// section 3.4.1, https://www.rfc-editor.org/rfc/rfc6726#section-3.4.1).
//
// IDs are handed out in a ring, so the next one can only be in use by the oldest FDT Instance that is remembered.
type instanceIDs struct {
	next   flute.InstanceID
	used   ring.Queue[idRun] // oldest first
	taken  uint64            // since the session began
	latest time.Time         // the latest expiry of all
}

// idRun is a run of consecutive FDT Instance IDs that expire at the same time; runs keep a burst of instances small.
type idRun struct {
	first   flute.InstanceID
	count   uint32
	expires time.Time
}

// free reports whether the next ID may be used at now, and, if not, when it may.
func (a *instanceIDs) free(now time.Time) (ok bool, at time.Time) {
	for a.used.Len() > 0 && !a.used.Front().expires.After(now) {
		a.used.Pop()
	}
	if a.used.Len() == 0 || a.used.Front().first != a.next {
		return true, time.Time{}
	}
	return false, a.used.Front().expires
}

// take returns the next ID and marks it used until expires. The caller asked free before.
func (a *instanceIDs) take(expires time.Time) flute.InstanceID {
	id := a.next
	a.next = id.Next()
	a.taken++
	a.latest = latest(a.latest, expires)
	if a.used.Len() > 0 {
		if last := a.used.Back(); last.expires.Equal(expires) {
			last.count++
			return id
		}
	}
	a.used.Push(idRun{first: id, count: 1, expires: expires})
	return id
}

// resume has the IDs begin where n says.
func (a *instanceIDs) resume(n *Numbers) {
	a.next = n.InstanceID
	if n.InUse > 0 {
		first := (n.InstanceID - flute.InstanceID(n.InUse)) & flute.MaxInstanceID
		a.used.Push(idRun{first: first, count: n.InUse, expires: n.Until})
		a.latest = n.Until
	}
}

// inUse returns how many IDs before the next one may be those of FDT Instances that have not expired at now.
func (a *instanceIDs) inUse(now time.Time) (n uint32) {
	for i := range a.used.Len() {
		if run := a.used.At(i); n > 0 || run.expires.After(now) {
			n += run.count
		}
	}
	return n
}
