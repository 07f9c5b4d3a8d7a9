package sender

import (
	"fmt"
	"sync"
	"time"

	"github.com/flute-node/flute-node/flute"
)

// A session outlives the process that sends it: a receiver knows it by its source and its TSI, and remembers what its
// FDT Instance IDs and TOIs meant. A sender that is started again must not use them for something else. So a session
// has the numbers that it is going to use kept before it uses them, some ahead, and the next process goes on after
// them; see docs/adr/0029.

const (
	// leaseIDs is how many FDT Instance IDs are kept ahead: those of 25 s at least.
	leaseIDs = 256
	// leaseTOIs is how many TOIs are kept ahead, and shortLeaseTOIs in a session that has only 65,535 of them.
	leaseTOIs      = 4096
	shortLeaseTOIs = 256
	// keepPatience is how long a session waits for its Keeper before it uses numbers that are not kept.
	keepPatience = 2 * time.Second
	// keepAgain is how long after a failure it tries again, and keepPoll how soon it looks whether the Keeper is ready.
	keepAgain = time.Second
	keepPoll  = 5 * time.Millisecond
)

// Numbers is where the next session goes on with FDT Instance IDs and TOIs.
type Numbers struct {
	InstanceID flute.InstanceID // of the next FDT Instance
	InUse      uint32           // how many IDs before it may be those of FDT Instances that have not expired
	Until      time.Time        // when all of these have expired
	TOI        flute.TOI        // the next one for a file without its own
}

// Keeper keeps Numbers where they outlive the process.
type Keeper interface {
	// Keep replaces what was kept. It is called by a Work, perhaps while another call runs.
	Keep(Numbers) error
}

// check refuses Numbers that cannot be those of a session of c.
func (n *Numbers) check(c *Config) error {
	switch {
	case n.InstanceID > flute.MaxInstanceID:
		return fmt.Errorf("FDT Instance ID %d has more than 20 bits", n.InstanceID)
	case n.InUse > uint32(flute.MaxInstanceID):
		return fmt.Errorf("%d FDT Instance IDs in use are more than 20 bits have", n.InUse)
	case n.TOI.IsFDT() || n.TOI.Len()*8 > c.TOIBits:
		return fmt.Errorf("TOI %v is 0, or has more than %d bits", n.TOI, c.TOIBits)
	}
	return nil
}

// lease is the numbers that the Keeper has kept, up to which they may be used.
type lease struct {
	keeper  Keeper // nil: no number is kept
	strict  bool   // numbers that are not kept are not used
	granted terms
	asked   terms // of work
	work    *Work // that keeps; nil: none does
	begun   time.Time
	retry   time.Time // no new try before
	failed  bool      // the latest try, or it takes too long; that was told
}

// terms is how far a lease reaches.
type terms struct {
	ids, steps uint64    // FDT Instance IDs taken, and steps of the TOIs, since the session began
	until      time.Time // expiry of FDT Instances
}

// covers reports whether all of n is within t.
func (t *terms) covers(n terms) bool {
	return n.ids <= t.ids && n.steps <= t.steps && !n.until.After(t.until)
}

// mayPublish reports whether an FDT Instance that expires at expires may be made: its ID and the TOIs that it describes
// are kept, or cannot be. If not, a Work to keep them is under way.
func (l *plan) mayPublish(now, expires time.Time) bool {
	k := &l.lease
	if k.keeper == nil {
		return true
	}
	need := terms{l.sending.ids.taken + 1, l.names.steps, expires}
	soon := terms{need.ids + leaseIDs/2, need.steps + l.names.lease()/2, expires}
	l.collectLease(now)
	if !k.granted.covers(soon) && k.work == nil && !now.Before(k.retry) {
		l.keep(now, expires)
		l.collectLease(now) // if nobody runs Works
	}
	if k.granted.covers(need) {
		return true
	}
	if k.work != nil {
		l.works.remind(k.work, now)
		if !k.failed && now.Sub(k.begun) >= keepPatience {
			l.failLease("it does not answer")
		}
	}
	return k.failed && !k.strict
}

// keep begins to keep the next numbers.
func (l *plan) keep(now, expires time.Time) {
	k := &l.lease
	ids := &l.sending.ids
	k.asked = terms{ids.taken + leaseIDs, l.names.steps + l.names.lease(), expires.Add(l.cfg.FDTDuration)}
	n := Numbers{
		InstanceID: (ids.next + leaseIDs) & flute.MaxInstanceID, Until: k.asked.until,
		InUse: min(ids.inUse(now)+leaseIDs, uint32(flute.MaxInstanceID)), TOI: l.names.ahead(l.names.lease()),
	}
	k.begun, k.work = now, &Work{job: &keepJob{k.keeper, n}}
	l.works.do(k.work, now)
}

// collectLease takes note of what was kept.
func (l *plan) collectLease(now time.Time) {
	k := &l.lease
	if k.work == nil || !k.work.done() {
		return
	}
	err := k.work.err
	k.work = nil
	if err == nil {
		k.granted, k.failed = k.asked, false
		return
	}
	k.retry = now.Add(keepAgain)
	l.failLease(err.Error())
}

// failLease tells, once, that numbers are used that are not kept. Files that are not sent are worse than numbers that
// receivers may take for old ones; unless another sender may begin with these numbers, see Config.KeepFirst.
func (l *plan) failLease(why string) {
	switch {
	case l.lease.failed:
	case l.lease.strict:
		l.lease.failed = true
		l.stats.warn("the state of the session cannot be kept: no FDT Instance is sent before it is: " + why)
	default:
		l.lease.failed = true
		l.stats.warn("the state of the session cannot be kept, it goes on without; " +
			"if it is started again before that is mended, receivers may ignore what is new: " + why)
	}
}

// Numbers returns where a session that continues this one goes on: Config.Resume of it.
func (s *Session) Numbers() Numbers {
	ids := &s.plan.sending.ids
	n := Numbers{InstanceID: ids.next, InUse: ids.inUse(s.clock.now), TOI: s.names.ahead(0)}
	if ids.used.Len() > 0 {
		n.Until = ids.latest
	}
	return n
}

// keepLast keeps the numbers of a session that has ended: the next one wastes none.
func (s *Session) keepLast() {
	k := &s.plan.lease
	if k.keeper == nil {
		return
	}
	if k.work != nil {
		k.work.takeBack()
	}
	s.works.do(&Work{job: &keepJob{k.keeper, s.Numbers()}}, s.clock.now)
}

// keepJob keeps Numbers.
type keepJob struct {
	keeper  Keeper
	numbers Numbers
}

func (j *keepJob) lane() any             { return j.keeper }
func (j *keepJob) cancel()               {}
func (j *keepJob) run(sync.Locker) error { return j.keeper.Keep(j.numbers) }
