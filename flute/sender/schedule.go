package sender

import (
	"cmp"
	"errors"
	"io"
	"slices"
	"time"
)

// schedule is which files are in transfer, and which come next: the queues of the session, and the objects that wait
// for their next turn.
type schedule struct {
	cfg   *Config
	works *worklist

	queues  []*queue // by priority, the one that is served first first
	waiting delays
	cache   blockCache
	overdue []*object // whose time was over before their turn came
	idle    []*carrier
	most    int       // bytes of a file that are read ahead; 0: readWindow
	changed bool      // fill is to be called
	alarm   time.Time // when advance is to be called even if nothing changes; zero: never
}

// queue returns the queue of this priority. There is one for each priority that a file has had.
func (s *schedule) queue(priority int8) *queue {
	i, ok := slices.BinarySearchFunc(s.queues, priority, func(q *queue, p int8) int {
		return cmp.Compare(q.priority, p)
	})
	if !ok {
		parallel := cmp.Or(s.cfg.Queues[priority], s.cfg.Parallel)
		s.queues = slices.Insert(s.queues, i, &queue{priority: priority, parallel: parallel})
	}
	return s.queues[i]
}

// push makes o pending, after all others of its priority.
func (s *schedule) push(o *object) {
	s.queue(o.priority).push(o, false)
	s.changed = true
}

// pushFront makes o pending, before all others of its priority.
func (s *schedule) pushFront(o *object) {
	s.queue(o.priority).push(o, true)
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
	s.alarm, _ = s.at(now)
}

// isDue reports whether advance is to be called.
func (s *schedule) isDue(now time.Time) bool {
	return s.changed || !s.alarm.IsZero() && !now.Before(s.alarm)
}

// at returns when advance has something to do, if it will.
func (s *schedule) at(now time.Time) (at time.Time, ok bool) {
	at, ok = s.parkedAt(now)
	if resume, waits := s.waiting.next(); waits && (!ok || resume.Before(at)) {
		return resume, true
	}
	return at, ok
}

// wanted returns the object that could be sent next if it were described; nil: there is none.
func (s *schedule) wanted(now time.Time) *object {
	for _, q := range s.queues {
		if o := q.wanted(s.cfg, now); o != nil {
			return o
		}
		if q.lasts() {
			break
		}
	}
	return nil
}

// ready reports whether the first object of a queue waits for nothing but its place in transfer.
func (s *schedule) ready(now time.Time) bool {
	return slices.ContainsFunc(s.queues, func(q *queue) bool {
		o := q.head()
		return !q.paused && o != nil && o.described(s.cfg, now)
	})
}

// fill gives the free places in transfer to the files whose source has answered, and to the objects that come next, as
// far as they are described. A queue after one that goes on for long is left alone: its files would hold memory, and
// descriptors, for nothing.
func (s *schedule) fill(now time.Time) {
	for _, q := range s.queues {
		s.fillQueue(q, now)
		if q.lasts() {
			break
		}
	}
}

func (s *schedule) fillQueue(q *queue, now time.Time) {
	if q.paused {
		return
	}
	for !q.full() {
		if i := slices.IndexFunc(q.parked, (*carrier).answered); i >= 0 {
			q.enter(q.parked[i])
			q.parked = slices.Delete(q.parked, i, i+1)
			s.changed = true // its description may have expired
			continue
		}
		o := s.head(q, now)
		if o == nil || !o.described(s.cfg, now) || !s.atOnce(o) {
			break
		}
		q.pop()
		q.enter(s.carry(q, o, now))
	}
	s.openAhead(q, now)
}

// head returns the object of q that comes next. Those whose time is over become overdue.
func (s *schedule) head(q *queue, now time.Time) *object {
	for {
		o := q.head()
		if o == nil || !o.over(now) {
			return o
		}
		q.pop()
		s.overdue = append(s.overdue, o)
		s.changed = true
	}
}

// refill gives their places back to files whose source has answered.
func (s *schedule) refill(now time.Time) {
	if slices.ContainsFunc(s.queues, (*queue).returns) {
		s.fill(now)
	}
}

// begin has all files looked at again: those that were found waiting may go on.
func (s *schedule) begin() {
	for _, q := range s.queues {
		q.waits = 0
	}
}

// next returns the queue whose turn it is: the first that can send. nil: none can.
func (s *schedule) next() *queue {
	for _, q := range s.queues {
		if q.sends() {
			return q
		}
	}
	return nil
}

// inTransfer returns how many files are in transfer, and how many of these wait for their source without a place.
func (s *schedule) inTransfer() (active, parked int) {
	for _, q := range s.queues {
		if !q.paused {
			active += len(q.active)
			parked += len(q.parked)
		}
	}
	return active, parked
}

// append appends a packet of the file of q whose turn it is. With errBusy it only has to wait; other errors are for
// whoever knows what becomes of its object, which must not stay in the schedule as it is.
func (s *schedule) append(b []byte, q *queue, now time.Time) ([]byte, *carrier, error) {
	c := q.active[q.turn]
	if c.target.waits(now) {
		q.waits++
		q.pass()
		return b, c, errBusy
	}
	c.content.attended = s.works.attended
	c.stamp(s.cfg, now)
	b, err := c.appendPacket(b, c.left == 1 && c.object.last(now), now)
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
	c.target.sent(c.left, now)
	q.waits = 0
	q.pass()
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
	q := c.queue
	if c.since.IsZero() {
		c.since = now
		// Another queue may send meanwhile, or the FDT Instance that c waits for.
		s.changed = s.changed || len(s.queues) > 1 || c.held
	}
	s.works.remind(c.waiting, now)
	if c.waiting == c.content.work && c.stalls(now) && len(q.parked) < openFiles+maxStalled {
		q.park()
		s.changed = true
		return
	}
	q.waits++
	q.pass()
}

// collect offers the Works that c has begun.
func (s *schedule) collect(c *carrier, now time.Time) {
	for _, w := range c.works {
		s.works.offer(w, now)
	}
	clear(c.works)
	c.works = c.works[:0]
}

// drop ends the current transfer of o, if there is one, and its waiting.
func (s *schedule) drop(o *object, now time.Time) {
	if o.state == waiting {
		s.waiting.remove(o)
		o.state = pending
	}
	if o.state != active {
		return
	}
	if c := s.queue(o.priority).find(o); c != nil {
		s.release(c, now)
	}
}

// release ends the transfer of c.
func (s *schedule) release(c *carrier, now time.Time) {
	c.queue.remove(c)
	content := c.content.object
	if opened := c.stop(); opened != nil {
		s.works.do(&Work{job: &closeJob{laneOf(content), []io.Closer{opened}}}, now)
	}
	c.object, c.queue = nil, nil
	s.idle = append(s.idle, c)
	s.changed = true
}

// lapses reports whether a file in transfer is described by no FDT Instance that is valid, and when to look again;
// zero: never.
func (s *schedule) lapses(now time.Time) (undescribed bool, next time.Time) {
	for _, q := range s.queues {
		if q.paused {
			continue
		}
		for _, c := range q.active {
			if until := c.object.covered; !until.After(now) {
				undescribed = true
			} else if next.IsZero() || until.Before(next) {
				next = until
			}
		}
	}
	return undescribed, next
}

// poll returns when to look again whether the Works have run for which all files wait.
func (s *schedule) poll(now time.Time) time.Time {
	at := now.Add(mostPoll)
	for _, q := range s.queues {
		at = earliest(at, q.poll(now, at))
	}
	return at
}
