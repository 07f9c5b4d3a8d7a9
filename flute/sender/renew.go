package sender

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/flute-node/flute-node/flute/event"
)

const (
	// renewPoll is how often a session looks whether a Renewal has run.
	renewPoll = 50 * time.Millisecond
	// offerAgain is after how long a Renewal that was drained and has not begun is taken for lost, with who was to run it.
	offerAgain = 5 * time.Second
	// maxRenewing bounds the Renewals of a session at a time: others need the processor and the disk too.
	maxRenewing = 2
	// maxTries bounds how often content is prepared again in a row, without one transfer of it that went well. A file
	// that is being replaced is missing for a moment only; one that is written to all the time cannot be sent.
	maxTries = 6
	// secondTry is the time from the first of these tries, which is at once, to the next. It doubles: the last is after 15
	// seconds.
	secondTry = 500 * time.Millisecond
)

// Renewer is an optional interface of a Scratch: without it a file that was encoded into the Scratch cannot be sent any
// more when its content has changed.
type Renewer interface {
	// Renew returns an empty Scratch for the next version of the file. If it is an io.Closer, the session closes it after
	// the end of that version.
	Renew() (Scratch, error)
}

// Renewal prepares the next version of a file whose content has changed. Run it on any goroutine; it need not be handed
// back.
type Renewal struct {
	ctx    context.Context
	cancel context.CancelFunc
	file   File
	old    Scratch
	object *Object
	err    error
	begun  atomic.Bool
	done   atomic.Bool
}

// Lane returns the Source: Run waits for it.
func (r *Renewal) Lane() any { return r.file.Source }

// Run reads the content, as Prepare does. It does so once.
func (r *Renewal) Run(sync.Locker) {
	if r.begun.CompareAndSwap(false, true) {
		r.object, r.err = r.prepare()
		r.done.Store(true)
	}
}

func (r *Renewal) prepare() (*Object, error) {
	var scratch Scratch
	if r.old != nil {
		n, ok := r.old.(Renewer)
		if !ok {
			return nil, fmt.Errorf("%w: it changed, and its Scratch is no Renewer", ErrSource)
		}
		var err error
		if scratch, err = n.Renew(); err != nil {
			return nil, err
		}
	}
	o, err := Prepare(r.ctx, r.file, scratch)
	if err != nil {
		closeScratch(scratch)
		return nil, err
	}
	o.owned = true
	return o, nil
}

// Fail ends the renewal: for whoever saw Run panic.
func (r *Renewal) Fail(err error) {
	r.object, r.err = nil, err
	r.done.Store(true)
}

// Cancel ends Run early. Nobody waits for its result.
func (r *Renewal) Cancel() { r.cancel() }

// discard cancels the Renewal and closes what it has made.
func (r *Renewal) discard() {
	r.cancel()
	if r.done.Load() && r.object != nil {
		closeScratch(r.object.scratch)
	}
}

func closeScratch(s Scratch) {
	if c, ok := s.(io.Closer); ok {
		_ = c.Close()
	}
}

// Renewals drains the Renewals that wait to be run. If nobody calls it, AppendNext runs them itself, which takes as
// long as Prepare does.
func (s *Session) Renewals() []*Renewal {
	r := s.renewals
	s.renewals = nil
	return r
}

// renewing is an object whose content is to be prepared again.
type renewing struct {
	object *object
	at     time.Time // when to begin, or when it was offered last
	run    *Renewal  // nil: it has not begun
}

// renew takes o out of the schedule until its content was prepared again, from t+delay on.
func (s *Session) renew(o *object, t time.Time, delay time.Duration) {
	o.state = changed
	s.renewing = append(s.renewing, &renewing{object: o, at: t.Add(delay)})
	s.alarm = time.Time{}
}

// retry is renew for what could not be sent; err is why. It gives up after some tries in a row, but not content that is
// sent for ever and only changes too often.
func (s *Session) retry(o *object, t time.Time, err error) {
	o.tries++
	if o.tries > maxTries {
		if o.transfers >= 0 || !errors.Is(err, ErrChanged) {
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

// open opens the content of o for a transfer, if it can change. ok is false when it cannot be sent: o was taken out of
// the schedule.
func (s *Session) open(o *object, t time.Time) (r Opened, ok bool) {
	if o.file.Source == nil {
		return nil, true
	}
	r, v, err := openVersion(o.file.Source)
	switch {
	case err != nil:
		s.retry(o, t, err)
		return nil, false
	case v != o.version:
		_ = r.Close()
		if o.sent > 0 {
			s.renew(o, t, 0)
		} else {
			s.retry(o, t, changedWhile("waiting"))
		}
		return nil, false
	case o.source != nil: // what was encoded is sent
		_ = r.Close()
		return nil, true
	}
	return r, true
}

// verify looks whether the content that c sends has changed: after the last packet was made, and now and then before.
// It reports whether the packets of c may be sent; if not, it has taken c and its object out of the schedule.
func (s *Session) verify(c *carrier, t time.Time) bool {
	if c.opened == nil || (c.left > 0 && t.Sub(c.verified) < versionInterval) {
		return true
	}
	c.verified = t
	if isVersion(c.opened, c.object.version) {
		return true
	}
	s.interrupt(c, t, changedWhile("sent"))
	return false
}

// interrupt ends a transfer whose content changed or cannot be read. Another transfer may go well.
func (s *Session) interrupt(c *carrier, t time.Time, err error) {
	o := c.object
	if c.opened != nil && !isVersion(c.opened, o.version) {
		err = changedWhile("sent") // a file that became shorter looks like one that cannot be read
	}
	if c.opened == nil || o.last() { // half of the only transfer is out
		s.give(o, event.FailSource, err.Error())
		return
	}
	s.drop(o)
	s.retry(o, t, err)
}

// advanceRenewals begins what is due of them and takes what is done.
func (s *Session) advanceRenewals(t time.Time) {
	all := s.renewing
	s.renewing = nil
	running := 0
	for _, n := range all {
		if n.run != nil {
			running++
		}
	}
	for _, n := range all {
		switch {
		case n.object.state != changed: // it was removed
			n.discard()
			continue
		case n.run == nil:
			if running < maxRenewing && !n.at.After(t) {
				n.begin(s, t)
				running++
			}
		case n.run.done.Load():
			s.renewed(n, t)
			continue
		case !s.runUndrained(n.run) && !n.run.begun.Load() && t.Sub(n.at) >= offerAgain:
			n.offer(s, t)
		}
		s.renewing = append(s.renewing, n)
	}
}

// renewalsAt returns when advanceRenewals has something to do, if it will.
func (s *Session) renewalsAt() (at time.Time, ok bool) {
	soon := s.clock.now.Add(renewPoll)
	for i, n := range s.renewing {
		next := soon
		if n.run == nil {
			next = latest(next, n.at)
		}
		if i == 0 || next.Before(at) {
			at = next
		}
	}
	return at, len(s.renewing) > 0
}

func (n *renewing) begin(s *Session, t time.Time) {
	o := n.object
	f := o.file
	f.TOI, f.TransferCount = nil, o.transfers
	n.run = &Renewal{file: f, old: o.scratch}
	n.run.ctx, n.run.cancel = context.WithCancel(context.Background())
	n.offer(s, t)
}

func (n *renewing) offer(s *Session, t time.Time) {
	n.at = t
	s.renewals = append(s.renewals, n.run)
}

func (n *renewing) discard() {
	if n.run != nil {
		n.run.discard()
	}
}

// runUndrained runs r if nobody has taken it for so long, and reports whether it did.
func (s *Session) runUndrained(r *Renewal) bool {
	for i, waiting := range s.renewals {
		if waiting == r {
			s.renewals = append(s.renewals[:i:i], s.renewals[i+1:]...)
			r.Run(nil)
			return true
		}
	}
	return false
}

// renewed puts the object that n has prepared in the place of the one before.
func (s *Session) renewed(n *renewing, t time.Time) {
	o, r := n.object, n.run
	r.cancel()
	if r.err != nil {
		s.retry(o, t, r.err)
		return
	}
	if r.object.version == o.version || r.object.sameBytes(o.Object) { // it was touched, or could not be opened
		if o.owned {
			closeScratch(o.scratch)
		}
		o.Object, o.state = r.object, pending
		s.queue.push(o)
		return
	}
	next, err := s.admit(r.object, o)
	if err != nil {
		closeScratch(r.object.scratch)
		s.give(o, event.FailSource, fmt.Sprintf("its new version cannot be sent: %v", err))
		return
	}
	next.tries = o.tries
	s.supersede(o)
	if s.complete && !s.broken {
		s.broken = true
		s.emit(event.Warning{Text: fmt.Sprintf("sender: %s changed after the session was announced to be complete: "+
			"receivers that have left do not get its new version, nor those of other files", r.file.ContentLocation)})
	}
}

// supersede ends o, of which a newer version is there.
func (s *Session) supersede(o *object) {
	if o.sent > 0 {
		s.finish(o, s.clock.now)
		s.bury(o)
		return
	}
	s.give(o, event.FailSuperseded, "its content changed before it was sent")
}
