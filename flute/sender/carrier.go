package sender

import (
	"cmp"
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

// carrier is the transfer of a file.
type carrier struct {
	transfer
	object *object
	queue  *queue
	began  time.Time // when its first packet was made; zero: it was not
	report uint64    // bytes of source symbols with which progress is reported next
	told   time.Time // when it was reported last; zero: it was not
	since  time.Time // it waits for a Work; zero: it does not
	target target    // when its packets are due
}

// answered reports whether c need not wait for its source.
func (c *carrier) answered() bool { return !c.content.waits() }

// stalls reports whether the source of c does not answer.
func (c *carrier) stalls(now time.Time) bool {
	return c.content.waits() && now.Sub(c.since) >= stallTime
}

// carry begins a transfer of o, which is of q.
func (s *schedule) carry(q *queue, o *object, now time.Time) *carrier {
	var c *carrier
	if n := len(s.idle); n > 0 {
		c, s.idle = s.idle[n-1], s.idle[:n-1]
	} else {
		c = &carrier{}
	}
	c.content.most = s.most
	c.object, c.queue, c.since, c.began, c.told = o, q, time.Time{}, time.Time{}, time.Time{}
	c.content.reset(o.Object, s.works.attended)
	c.start(o.coding, o.headers, uint64(o.sent), o.interleave, s.piece())
	c.order = newBlockOrder(o.order, o.coding.blocks, o.seed, uint64(o.sent))
	if c.kept = &o.kept; o.left != 1 && s.cache.most > 0 {
		c.cache = &s.cache
	}
	c.target = newTarget(&o.file)
	o.begin(now)
	c.late, c.held = o.late, false
	c.works = append(c.works, o.late.begin(o.Object, s.works.attended)...)
	o.resting = false
	o.state, c.report = active, max(o.transferLength/100, 1)
	return c
}

// piece returns how many bytes of a file are read at once whose transfer begins.
func (s *schedule) piece() int {
	if s.most == 0 {
		return s.cfg.ReadAhead
	}
	return min(s.cfg.ReadAhead, max(s.most/2, leastPiece))
}

// LimitReadAhead bounds how many bytes of files the session reads ahead, an equal part of each of Config.Parallel
// files, but least of each file at least; zero: 512 KiB of each file, which is never exceeded. What is read at once is
// read whole. It takes effect with the next reads, and in full with the next transfers. A limit that differs from the
// one before by less than a quarter changes nothing.
func (s *Session) LimitReadAhead(all, least int) {
	most, old := readWindow, cmp.Or(s.schedule.most, readWindow)
	if all > 0 {
		most = min(max(all/max(1, s.cfg.Parallel), least, leastPiece), readWindow)
	}
	if 4*max(most-old, old-most) < old {
		return
	}
	if s.schedule.most = most; most == readWindow {
		s.schedule.most = 0
	}
	for _, q := range s.schedule.queues {
		for _, c := range q.active {
			c.content.most = s.schedule.most
			c.window = min(c.window, s.schedule.piece()) // a larger one would skip what was asked for
		}
	}
}

// atOnce reports whether a transfer of o can begin without a Work.
func (s *schedule) atOnce(o *object) bool {
	return !s.works.attended || o.file.Source == nil && inMemory(o.source)
}

// openAhead opens the files of q that come next, and begins to read them.
func (s *schedule) openAhead(q *queue, now time.Time) {
	for _, c := range q.parked {
		if !c.answered() {
			s.works.remind(c.content.work, now)
		}
	}
	for s.works.attended && q.opens(now) {
		o := s.head(q, now)
		if o == nil || !o.described(s.cfg, now) || s.atOnce(o) {
			return
		}
		q.pop()
		c := s.carry(q, o, now)
		c.since = now
		c.read(now, false)
		s.collect(c, now)
		q.parked = append(q.parked, c)
	}
}

// opens reports whether one file more is to be opened.
func (q *queue) opens(now time.Time) bool {
	files, stalled, size := 0, 0, 0
	for _, c := range q.parked {
		if c.stalls(now) {
			stalled++
			continue
		}
		files++
		size += c.content.ahead()
	}
	if files >= openFiles || files > 0 && size >= openBytes || stalled >= maxStalled {
		return false
	}
	ends := func(c *carrier) bool { return c.left <= openLead }
	return !q.full() || slices.ContainsFunc(q.active, ends)
}

// parkedAt returns when fill has something to do for the files that wait for their sources: one gives its place to
// another one, or is taken for lost.
func (s *schedule) parkedAt(now time.Time) (at time.Time, ok bool) {
	for _, q := range s.queues {
		if q.paused {
			continue
		}
		for _, c := range q.parked {
			if c.answered() {
				continue
			}
			next := latest(c.content.work.remindAt(), now.Add(mostPoll))
			if !c.stalls(now) {
				next = earliest(next, c.since.Add(stallTime))
			}
			if !ok || next.Before(at) {
				at, ok = next, true
			}
		}
	}
	return at, ok
}
