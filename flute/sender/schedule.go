package sender

import (
	"errors"
	"slices"
	"time"

	"github.com/flute-node/flute-node/internal/ring"
)

// schedule is which files are in transfer, and which come next.
type schedule struct {
	cfg   *Config
	works *worklist

	queue   ring.Queue[*object] // pending
	waiting delays
	active  []*carrier // in transfer, up to Config.Parallel
	turn    int        // the active one that is next
	parked  []*carrier // that wait for their source: to be opened, or since it has hung
	idle    []*carrier
	busy    bool // all that is due waits for Works
	changed bool // fill is to be called
}

// push makes o pending, after all others.
func (s *schedule) push(o *object) {
	o.state = pending
	s.queue.Push(o)
	s.changed = true
}

// pushFront makes o pending, before all others.
func (s *schedule) pushFront(o *object) {
	o.state = pending
	s.queue.PushFront(o)
	s.changed = true
}

// delay has o wait until at.
func (s *schedule) delay(o *object, at time.Time) {
	o.state, o.resume = waiting, at
	s.waiting.push(o)
	s.changed = true
}

// advance makes pending what has waited long enough, and fills the free places.
func (s *schedule) advance(now time.Time) {
	for o := s.waiting.due(now); o != nil; o = s.waiting.due(now) {
		s.push(o)
	}
	s.fill(now)
	s.changed = false
}

// at returns when advance has something to do, if it will.
func (s *schedule) at(now time.Time) (at time.Time, ok bool) {
	at, ok = s.parkedAt(now)
	if resume, waits := s.waiting.next(); waits && (!ok || resume.Before(at)) {
		return resume, true
	}
	return at, ok
}

// head returns the object at the head of the queue, or nil. Those that ended in the queue are dropped.
func (s *schedule) head() *object {
	for s.queue.Len() > 0 {
		if o := *s.queue.Front(); o.state == pending {
			return o
		}
		s.queue.Pop()
	}
	return nil
}

// wanted returns the object that cannot be sent without its description (RFC 6726, section 3.3: "sent at least once
// before sending the described file"); nil: there is none, or no place for it.
func (s *schedule) wanted(now time.Time) *object {
	if len(s.active) >= s.cfg.Parallel {
		return nil
	}
	if o := s.head(); o != nil && !o.described(s.cfg, now) {
		return o
	}
	return nil
}

// fill gives the free places in transfer to the files whose source has answered, and to the objects at the head of the
// queue, as far as they are described. Those that have to be opened by a Work are opened in time.
func (s *schedule) fill(now time.Time) {
	for len(s.active) < s.cfg.Parallel {
		if i := slices.IndexFunc(s.parked, (*carrier).answered); i >= 0 {
			s.enter(s.parked[i])
			s.parked = slices.Delete(s.parked, i, i+1)
			s.changed = true // its description may have expired
			continue
		}
		o := s.head()
		if o == nil || !o.described(s.cfg, now) || !s.atOnce(o) {
			break
		}
		s.queue.Pop()
		s.enter(s.carry(o))
	}
	s.openAhead(now)
}

// enter gives c a place in transfer. It is last in turn, so that small files, which end with their first packet, do not
// keep a large one waiting for ever.
func (s *schedule) enter(c *carrier) {
	c.since = time.Time{}
	s.active = slices.Insert(s.active, s.turn, c)
	s.pass()
}

// pass has the next one its turn.
func (s *schedule) pass() {
	if s.turn++; s.turn >= len(s.active) {
		s.turn = 0
	}
}

// append appends a packet of the carrier whose turn it is. With errBusy it only has to wait; other errors are for
// whoever knows what becomes of its object, which must not stay in the schedule as it is.
func (s *schedule) append(b []byte, now time.Time) ([]byte, *carrier, error) {
	c := s.active[s.turn]
	c.content.attended = s.works.attended
	b, err := c.appendPacket(b, c.object.last(), s.cfg.Interleave, now)
	if len(c.works) > 0 {
		s.collect(c, now)
	}
	if err != nil {
		if errors.Is(err, errBusy) {
			s.wait(c, now)
		}
		return b, c, err
	}
	if c.waiting != nil {
		c.waiting, c.since = nil, time.Time{}
	}
	s.pass()
	if c.left == openLead {
		s.changed = true
	}
	return b, c, nil
}

// repeat has c go on after a Work has crashed over its content.
func (s *schedule) repeat(c *carrier, now time.Time) {
	c.repeat(now)
	s.collect(c, now)
	s.wait(c, now)
}

// wait notes that c, whose turn it is, waits for a Work. If that is its source, and takes long, it gives its place to
// another one.
func (s *schedule) wait(c *carrier, now time.Time) {
	if c.since.IsZero() {
		c.since = now
	}
	s.works.remind(c.waiting, now)
	if c.waiting == c.content.work && c.stalls(now) && len(s.parked) < openFiles+maxStalled {
		s.leave(s.turn)
		s.parked = append(s.parked, c)
		return
	}
	s.pass()
}

// collect offers the Works that c has begun.
func (s *schedule) collect(c *carrier, now time.Time) {
	for _, w := range c.works {
		s.works.offer(w, now)
	}
	clear(c.works)
	c.works = c.works[:0]
}

// leave takes active carrier i out of transfer. The order of the others stays.
func (s *schedule) leave(i int) {
	s.active = slices.Delete(s.active, i, i+1)
	if s.turn > i {
		s.turn--
	}
	if s.turn >= len(s.active) {
		s.turn = 0
	}
	s.changed = true
}

// drop ends the current transfer of o, if there is one.
func (s *schedule) drop(o *object, now time.Time) {
	for _, list := range [...][]*carrier{s.active, s.parked} {
		if i := slices.IndexFunc(list, func(c *carrier) bool { return c.object == o }); i >= 0 {
			s.release(list[i], now)
			return
		}
	}
}

// release ends the transfer of c.
func (s *schedule) release(c *carrier, now time.Time) {
	if i := slices.Index(s.active, c); i >= 0 {
		s.leave(i)
	} else if i = slices.Index(s.parked, c); i >= 0 {
		s.parked = slices.Delete(s.parked, i, i+1)
	}
	key := c.content.key
	if opened := c.stop(); opened != nil {
		s.works.do(&Work{job: &closeJob{key, opened}}, now)
	}
	c.object = nil
	s.idle = append(s.idle, c)
	s.changed = true
}

// lapses reports whether a file in transfer is described by no FDT Instance that is valid, and when to look again;
// zero: never.
func (s *schedule) lapses(now time.Time) (undescribed bool, next time.Time) {
	for _, c := range s.active {
		if until := c.object.covered; !until.After(now) {
			undescribed = true
		} else if next.IsZero() || until.Before(next) {
			next = until
		}
	}
	return undescribed, next
}

// poll returns when to look again whether the Works have run for which all files wait.
func (s *schedule) poll(now time.Time) time.Time {
	at := now.Add(mostPoll)
	for _, c := range s.active {
		if c.waiting == nil || c.waiting.done() {
			return now
		}
		at = earliest(at, now.Add(max(leastPoll, now.Sub(c.since))))
	}
	for _, c := range s.parked {
		switch {
		case !c.answered():
			at = earliest(at, now.Add(max(leastPoll, now.Sub(c.since))))
		case len(s.active) < s.cfg.Parallel:
			return now
		}
	}
	return at
}
