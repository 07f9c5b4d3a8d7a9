package lanes

import (
	"slices"
	"time"
)

// maxIdle bounds the disks and the visits whose memory is kept for the next ones: each file that is sent is a disk.
const maxIdle = 64

// disk is the lane of a disk. Lanes.mu guards it.
type disk struct {
	key     any
	waiting turns[*Entry]
	atOnce  int
	visits  []*visit // Works that run: atOnce at most, and those that have lent their places
	parts   map[string]*part
	lent    int           // places of Works that run in parts that do not answer
	told    time.Duration // age when it was told last; zero: it was not, or has answered
	quiet   time.Time     // not to be told before
}

// visit is a Work that runs in the lane of a disk. As a sync.Locker it is the right to compute.
type visit struct {
	lanes     *Lanes
	disk      *disk
	part      *part // that the Work may wait for; nil: the disk as such
	session   string
	since     time.Time // when it began to wait for the disk; zero while it computes or waits for a processor
	computing bool
	lent      bool // counted in disk.lent
}

// queue puts e into the lane of a disk. l.mu is held.
func (l *Lanes) queue(key any, e *Entry) {
	d := l.disks[key]
	if d == nil {
		if d = l.idleDisks.Get(); d == nil {
			d = &disk{}
		}
		d.key, d.atOnce = key, atOnce(key)
		l.disks[key] = d
	}
	d.waiting.push(e.session, e)
	l.serveMore(d)
	l.startClock()
}

// serveMore starts a goroutine for d if there is something to do for one. l.mu is held.
func (l *Lanes) serveMore(d *disk) {
	if d.waiting.n > 0 && len(d.visits)-d.lent < d.atOnce {
		v := l.idleVisits.Get()
		if v == nil {
			v = &visit{}
		}
		v.lanes, v.disk = l, d
		d.visits = append(d.visits, v)
		l.live++
		go l.serve(v)
	}
}

// serve runs Works of one disk until none waits. One that ends the goroutine takes no other along.
func (l *Lanes) serve(v *visit) {
	defer func() {
		l.mu.Lock()
		defer l.unlock()
		d := v.disk
		v.leave()
		d.visits = slices.DeleteFunc(d.visits, func(o *visit) bool { return o == v })
		if l.serveMore(d); len(d.visits) == 0 {
			delete(l.disks, d.key)
			d.key, d.told, d.quiet = nil, 0, time.Time{} // a part is there as long as a Work of it runs
			l.idleDisks.Put(d, maxIdle)
		}
		*v = visit{}
		l.idleVisits.Put(v, maxIdle)
		l.end()
	}()
	for e := v.next(); e != nil; e = v.next() {
		l.run(e, v)
	}
}

// next takes the Work whose turn it is.
func (v *visit) next() *Entry {
	l := v.lanes
	l.mu.Lock()
	defer l.unlock()
	v.leave()
	for len(v.disk.visits)-v.disk.lent <= v.disk.atOnce { // else others have come, while this one had lent its place
		e, ok := v.disk.waiting.pop()
		if !ok {
			return nil
		}
		now := time.Now()
		if v.begin(e, now) {
			v.session, v.since = e.session, now
			return e
		}
	}
	return nil
}

// leave ends a Work's stay, also of one that has panicked while it computed. l.mu is held.
func (v *visit) leave() {
	if v.computing {
		v.yield()
	}
	v.answered()
	v.leavePart()
}

// Lock waits for a processor.
func (v *visit) Lock() {
	l := v.lanes
	l.mu.Lock()
	v.answered()
	v.computing = true
	if l.processors.free > 0 {
		l.processors.free--
		l.unlock()
		return
	}
	granted := make(chan struct{})
	l.processors.waiting.push(v.session, claim{granted: granted})
	l.unlock()
	<-granted
}

// Unlock gives the processor back.
func (v *visit) Unlock() {
	l := v.lanes
	l.mu.Lock()
	defer l.unlock()
	v.yield()
	v.since = time.Now()
}

// yield is Unlock with l.mu held.
func (v *visit) yield() {
	v.computing = false
	v.lanes.processors.free++
	v.lanes.assign()
}
