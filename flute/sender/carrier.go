package sender

import (
	"slices"
	"time"
)

const (
	// stallTime is after how long a file whose source does not answer gives its place in transfer to another one.
	stallTime = 200 * time.Millisecond
	// maxStalled bounds the files that wait for their sources beyond that.
	maxStalled = 64
	// openFiles bounds the files that are being opened, or are open and wait for a place in transfer, so that short
	// files follow one another without a pause; openBytes what was read of them.
	openFiles = 8
	openBytes = readWindow
	// openLead is how many packets before the end of a file the next ones are opened: not long before, since they may
	// change meanwhile.
	openLead = 128
)

// carrier is a lane with the object it carries.
type carrier struct {
	lane
	object *object
	report uint64    // bytes of source symbols with which progress is reported next
	since  time.Time // it waits for a Work; zero: it does not
}

// carry begins a transfer of o.
func (s *Session) carry(o *object) *carrier {
	c := &carrier{}
	if n := len(s.idle); n > 0 {
		c, s.idle = s.idle[n-1], s.idle[:n-1]
	}
	c.object, c.since = o, time.Time{}
	c.content.reset(o.Object)
	c.content.attended = s.attended
	c.start(&o.coding, o.header, uint64(o.sent), s.cfg.Interleave, s.cfg.ReadAhead)
	o.state, c.report = active, max(o.transferLength/100, 1)
	return c
}

// fill gives the free places in transfer to the files whose source has answered, and to the objects at the head of the
// queue, as far as they are described. Those that have to be opened by a Work are opened in time.
func (s *Session) fill(t time.Time) {
	for len(s.lanes) < s.cfg.Parallel {
		i := slices.IndexFunc(s.parked, func(c *carrier) bool { return !c.content.waits() })
		if i >= 0 {
			c := s.parked[i]
			s.parked = slices.Delete(s.parked, i, i+1)
			s.enter(c)
			s.alarm = time.Time{} // its description may have expired
			continue
		}
		o := s.head()
		if o == nil || !s.covers(o) || !s.atOnce(o) {
			break
		}
		s.queue.pop()
		s.enter(s.carry(o))
	}
	for _, c := range s.parked {
		if c.content.waits() {
			s.remind(c.content.work, t)
		}
	}
	for s.opens(t) {
		o := s.head()
		if o == nil || !s.covers(o) || s.atOnce(o) {
			return
		}
		s.queue.pop()
		c := s.carry(o)
		c.since = t
		c.read(t, false)
		s.collect(c, t)
		s.parked = append(s.parked, c)
	}
}

// enter gives c a place in transfer. It is last in turn, so that small files, which end with their first packet, do not
// keep a large one waiting for ever.
func (s *Session) enter(c *carrier) {
	c.since = time.Time{}
	s.lanes = slices.Insert(s.lanes, s.turn, c)
	s.turn = (s.turn + 1) % len(s.lanes)
}

// atOnce reports whether a transfer of o can begin without a Work.
func (s *Session) atOnce(o *object) bool {
	return !s.attended || o.file.Source == nil && inMemory(o.source)
}

// opens reports whether one file more is to be opened.
func (s *Session) opens(t time.Time) bool {
	files, stalled, size := 0, 0, 0
	for _, c := range s.parked {
		if c.stalls(t) {
			stalled++
			continue
		}
		files++
		size += c.content.ahead()
	}
	if files >= openFiles || files > 0 && size >= openBytes || stalled >= maxStalled {
		return false
	}
	return len(s.lanes) < s.cfg.Parallel || slices.ContainsFunc(s.lanes, func(c *carrier) bool { return c.left <= openLead })
}

// stalls reports whether the source of c does not answer.
func (c *carrier) stalls(t time.Time) bool { return c.content.waits() && t.Sub(c.since) >= stallTime }

// parkedAt returns when fill has something to do for the files that wait for their sources: one gives its place to
// another one, or is taken for lost.
func (s *Session) parkedAt() (at time.Time, ok bool) {
	for _, c := range s.parked {
		if !c.content.waits() {
			continue
		}
		next := latest(c.content.work.remindAt(), s.clock.now.Add(mostPoll))
		if !c.stalls(s.clock.now) {
			next = earliest(next, c.since.Add(stallTime))
		}
		if !ok || next.Before(at) {
			at, ok = next, true
		}
	}
	return at, ok
}

// returns reports whether there is a file that has waited for its source and can go on.
func (s *Session) returns() bool {
	return len(s.parked) > 0 && len(s.lanes) < s.cfg.Parallel &&
		slices.ContainsFunc(s.parked, func(c *carrier) bool { return !c.content.waits() })
}

// wait notes that the lane whose turn it is waits for a Work. If that is its source, and takes long, it gives its place
// to another one.
func (s *Session) wait(c *carrier, t time.Time) {
	if c.since.IsZero() {
		c.since = t
	}
	s.remind(c.waiting, t)
	if c.waiting == c.content.work && c.stalls(t) && len(s.parked) < openFiles+maxStalled {
		s.leave(s.turn)
		s.parked = append(s.parked, c)
		return
	}
	s.turn = (s.turn + 1) % len(s.lanes)
}

// poll returns when to look again whether the Works have run for which all files wait.
func (s *Session) poll() time.Time {
	now := s.clock.now
	at := now.Add(mostPoll)
	for _, c := range s.lanes {
		if c.waiting == nil || c.waiting.done() {
			return now
		}
		at = earliest(at, now.Add(max(leastPoll, now.Sub(c.since))))
	}
	for _, c := range s.parked {
		switch {
		case c.content.waits():
			at = earliest(at, now.Add(max(leastPoll, now.Sub(c.since))))
		case len(s.lanes) < s.cfg.Parallel:
			return now
		}
	}
	return at
}

// collect offers the Works that the lane has begun.
func (s *Session) collect(c *carrier, t time.Time) {
	for _, w := range c.works {
		s.offer(w, t)
	}
	clear(c.works)
	c.works = c.works[:0]
}

// leave takes lane i out of transfer. The order of the others stays.
func (s *Session) leave(i int) {
	s.lanes = slices.Delete(s.lanes, i, i+1)
	if s.turn > i {
		s.turn--
	}
	if s.turn >= len(s.lanes) {
		s.turn = 0
	}
	s.alarm = time.Time{}
}

// release ends the transfer of c.
func (s *Session) release(c *carrier) {
	if i := slices.Index(s.lanes, c); i >= 0 {
		s.leave(i)
	} else if i = slices.Index(s.parked, c); i >= 0 {
		s.parked = slices.Delete(s.parked, i, i+1)
	}
	key := c.content.key
	if opened := c.stop(); opened != nil {
		w := &Work{job: &closeJob{key, opened}}
		if s.attended {
			s.offer(w, s.clock.now)
		} else {
			w.Run(nil)
		}
	}
	c.object = nil
	s.idle = append(s.idle, c)
	s.alarm = time.Time{}
}
