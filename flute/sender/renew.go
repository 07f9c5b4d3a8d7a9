package sender

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
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

// Renewer is an optional interface of a Scratch: without it a file that was encoded into the Scratch cannot be sent any
// more when its content has changed.
type Renewer interface {
	// Renew returns an empty Scratch for the next version of the file. If it is an io.Closer, the session closes it
	// after the end of that version.
	Renew() (Scratch, error)
}

// renewJob prepares the next version of a file whose content has changed.
type renewJob struct {
	ctx    context.Context
	stop   context.CancelFunc
	key    any
	file   File
	old    Scratch
	object *Object
}

func (r *renewJob) lane() any { return r.key }
func (r *renewJob) cancel()   { r.stop() }

// run reads the content, as Prepare does.
func (r *renewJob) run(cpu sync.Locker) error {
	var scratch Scratch
	if r.old != nil {
		n, ok := r.old.(Renewer)
		if !ok {
			return fmt.Errorf("%w: it changed, and its Scratch is no Renewer", ErrSource)
		}
		var err error
		if scratch, err = n.Renew(); err != nil {
			return err
		}
	}
	o, err := prepareSource(r.ctx, r.file, scratch, cpu)
	if err != nil {
		closeScratch(scratch)
		return err
	}
	o.owned = true
	r.object = o
	return nil
}

func closeScratch(s Scratch) {
	if c, ok := s.(io.Closer); ok {
		_ = c.Close()
	}
}

// renewing is an object whose content is to be prepared again.
type renewing struct {
	object *object
	at     time.Time // when to begin
	job    *renewJob
	work   *Work // that does job; nil: it has not begun
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

// interrupt ends a transfer whose content changed or cannot be read. Another transfer may go well.
func (s *Session) interrupt(c *carrier, t time.Time, err error) {
	o := c.object
	if c.content.opened == nil || o.last() { // half of the only transfer is out
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
		if n.work != nil {
			running++
		}
	}
	for _, n := range all {
		switch {
		case n.object.state != changed: // it was removed
			n.discard()
			continue
		case n.work == nil:
			if running < maxRenewing && !n.at.After(t) {
				n.begin(s, t)
				running++
			}
		case n.work.done():
			s.renewed(n, t)
			continue
		case s.attended:
			s.remind(n.work, t)
		default:
			s.works = slices.DeleteFunc(s.works, func(w *Work) bool { return w == n.work })
			n.work.Run(nil)
		}
		s.renewing = append(s.renewing, n)
	}
}

// renewalsAt returns when advanceRenewals has something to do, if it will.
func (s *Session) renewalsAt() (at time.Time, ok bool) {
	soon := s.clock.now.Add(renewPoll)
	for i, n := range s.renewing {
		next := soon
		if n.work == nil {
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
	n.job = &renewJob{key: laneOf(o.Object), file: f, old: o.scratch}
	n.job.ctx, n.job.stop = context.WithCancel(context.Background())
	n.work = &Work{job: n.job}
	s.offer(n.work, t)
}

// discard cancels the Work and closes what it has made.
func (n *renewing) discard() {
	if n.work == nil {
		return
	}
	n.work.Cancel()
	if n.work.done() && n.job.object != nil {
		closeScratch(n.job.object.scratch)
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
