package socket

import "time"

// roomy is a Source that tells whether the system has room for what comes while nobody reads.
type roomy interface{ HasRoom() bool }

// The reader's patience. While it waits, datagrams wait in the kernel's buffer instead of being lost here; but one
// owner that is stuck or slow must not hold up the others for more than patience in patiencePeriod.
const (
	patience = 100 * time.Millisecond
	// patienceFirst is for how long it waits until it looks again, at first; each time twice as long as before, up to
	// patienceStep.
	patienceFirst  = 50 * time.Microsecond
	patienceStep   = time.Millisecond
	patiencePeriod = time.Second
	// patienceAlone is for the only owner, while that buffer has room: nobody else loses anything by that, and a disk
	// that writes out its caches may take so long. It is finite for the sake of owners that are not there yet.
	patienceAlone = 30 * time.Second
)

// wait waits until done reports true, the patience is over, the socket closes, or its Routers change. It returns what
// done said last, and how long that took.
func (r *reader) wait(patience time.Duration, done func() bool) (bool, time.Duration) {
	step := patienceFirst
	for waited := time.Duration(0); ; waited += step {
		if done() {
			return true, waited
		}
		if waited >= patience || r.closing.Load() || r.fanout.changes() {
			return false, waited
		}
		if waited > 0 {
			step = min(2*step, patienceStep)
		}
		time.Sleep(step)
	}
}

// waitAlone is wait for an owner that is alone. It ends as well when the system has no room for more.
func (r *reader) waitAlone(buffer roomy, patience time.Duration, done func() bool) (bool, time.Duration) {
	ok := false
	_, waited := r.wait(patience, func() bool {
		ok = done()
		return ok || !buffer.HasRoom()
	})
	return ok, waited
}

// hasRoom reports whether the owner takes its batch, after some patience.
func (r *reader) hasRoom(f *Flow) bool {
	room := func() bool { return f.feed.HasRoom(r.slabs.Left()) }
	if room() {
		f.stuck, f.alone = false, 0
		return true
	}
	if f.stuck {
		return false
	}
	alone := r.fanout.owners() == 1
	if buffer, told := r.source.(roomy); told && alone {
		ok, waited := r.waitAlone(buffer, patienceAlone-f.alone, room)
		if !ok && f.press() {
			ok, waited = r.wait(patience, room)
		}
		if f.alone += waited; ok {
			f.alone = 0 // it had room: one that is slow, and never has room at once, is not one that stands still
		}
		f.stuck = !ok && f.alone >= patienceAlone
		return ok
	}
	f.press()
	limit := patience
	if now := time.Now(); !alone {
		if now.Sub(f.since) >= patiencePeriod {
			f.since, f.waited = now, 0
		}
		limit -= f.waited
	}
	ok, waited := r.wait(limit, room)
	f.waited += waited
	f.stuck = !ok
	return ok
}
