package sender

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/flute-node/flute-node/flute/event"
)

const (
	// renewPoll is how often a session looks whether content was prepared again.
	renewPoll = 50 * time.Millisecond
	// maxRenewing bounds the files of a session that are prepared again at a time: others need the processor and the
	// disk too.
	maxRenewing = 2
	// maxTries bounds how often content is prepared again in a row, without one transfer of it that went well. A file
	// that is being replaced is missing for a moment only; one that is written to all the time cannot be sent.
	maxTries = 6
	// secondTry is the time from the first of these tries, which is at once, to the next. It doubles: the last is after
	// 15 seconds.
	secondTry = 500 * time.Millisecond
)

// renewals is the objects of a session whose content is to be prepared again, or is being.
type renewals struct{ list []*renewing }

// renewing is one of them.
type renewing struct {
	object *object
	at     time.Time // when to begin
	job    *renewJob
	work   *Work // that does job; nil: it has not begun
}

// add has o prepared again from at on.
func (r *renewals) add(o *object, at time.Time) {
	r.list = append(r.list, &renewing{object: o, at: at})
}

// advance begins what is due, and returns what is done.
func (r *renewals) advance(now time.Time, works *worklist) (done []*renewing) {
	running := 0
	r.list = slices.DeleteFunc(r.list, func(n *renewing) bool {
		switch {
		case n.object.state != changed: // it was removed
			n.discard()
			return true
		case n.work == nil:
			return false
		case n.work.done():
			done = append(done, n)
			return true
		}
		running++
		works.press(n.work, now)
		return false
	})
	for _, n := range r.list {
		if n.work == nil && running < maxRenewing && !n.at.After(now) {
			running++
			n.begin(now, works)
		}
	}
	return done
}

// at returns when advance has something to do, if it will.
func (r *renewals) at(now time.Time) (at time.Time, ok bool) {
	soon := now.Add(renewPoll)
	for i, n := range r.list {
		next := soon
		if n.work == nil {
			next = latest(next, n.at)
		}
		if i == 0 || next.Before(at) {
			at = next
		}
	}
	return at, len(r.list) > 0
}

// discard ends all of them.
func (r *renewals) discard() {
	for _, n := range r.list {
		n.discard()
	}
	r.list = nil
}

func (n *renewing) begin(now time.Time, works *worklist) {
	o := n.object
	f := o.file
	f.TOI, f.TransferCount, f.CENC = nil, o.carousel.left, o.cenc
	n.job = &renewJob{key: laneOf(o.Object), file: f, old: o.scratch}
	n.job.ctx, n.job.stop = context.WithCancel(context.Background())
	n.work = &Work{job: n.job}
	works.offer(n.work, now)
}

// discard cancels the Work and closes what it has made, or makes.
func (n *renewing) discard() {
	if n.work == nil {
		return
	}
	n.work.Cancel()
	n.work.takeBack()
	n.job.leave()
}

// renew takes o out of the schedule until its content was prepared again, from t+delay on.
func (s *Session) renew(o *object, t time.Time, delay time.Duration) {
	o.state = changed
	s.plan.rest(o)
	s.renewals.add(o, t.Add(delay))
	s.alarm = time.Time{}
}

// retry is renew for what could not be sent; err is why. It gives up after some tries in a row, but not content that is
// sent for ever and only changes too often.
func (s *Session) retry(o *object, t time.Time, err error) {
	o.tries++
	if o.tries > maxTries {
		if !o.endless() || !errors.Is(err, errChanged) {
			s.give(o, event.FailSource, err.Error())
			return
		}
		o.tries = maxTries
	}
	delay := time.Duration(0)
	if o.tries > 1 {
		delay = secondTry << (o.tries - 2)
	}
	s.renew(o, t, delay)
}

// advanceRenewals begins to prepare again what is due, and takes what is prepared.
func (s *Session) advanceRenewals(t time.Time) {
	for _, n := range s.renewals.advance(t, &s.works) {
		s.renewed(n, t)
	}
}

// renewed puts the object that n has prepared in the place of the one before.
func (s *Session) renewed(n *renewing, t time.Time) {
	o, r := n.object, n.job
	r.stop()
	if err := n.work.err; err != nil {
		s.retry(o, t, err)
		return
	}
	if r.object.version == o.version || r.object.sameBytes(o.Object) { // it was touched, or could not be opened
		if o.owned {
			closeScratch(o.scratch)
		}
		o.Object = r.object
		s.schedule.push(o)
		return
	}
	next, err := s.admit(r.object, o)
	if err != nil {
		closeScratch(r.object.scratch)
		s.give(o, event.FailSource, fmt.Sprintf("its new version cannot be sent: %v", err))
		return
	}
	// It goes on in the turn of the one before.
	next.tries, next.paused, next.carousel = o.tries, o.paused, o.carousel
	next.sent = 0
	s.enlist(next, true)
	s.supersede(o)
	if s.plan.complete && !s.broken {
		s.broken = true
		s.stats.warn(fmt.Sprintf("%s changed after the session was announced to be complete: "+
			"receivers that have left do not get its new version, nor those of other files", r.file.ContentLocation))
	}
}

// supersede ends o, of which a newer version is there.
func (s *Session) supersede(o *object) {
	if o.sent > 0 {
		s.schedule.drop(o, s.clock.now)
		s.finish(o, s.clock.now)
		s.plan.bury(o)
		return
	}
	s.give(o, event.FailSuperseded, "its content changed before it was sent")
}
