package receiver

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/internal/assembly"
)

// FDT Instances are read one at a time, in the order in which they were whole, and adopted in that order. A document
// that is short is read where its last packet is handled. A long one takes tens of milliseconds: a Work reads it, while
// packets are handled, and hands it back to Session.Done.

// readings is what a session has to read.
type readings struct {
	out     *reading    // that a Work does; nil: none
	waiting []*instance // for their turn, and some that do not any more
	taking  *instance   // in whose document the session is; not nil after a crash there
}

// read reads an FDT Instance that is whole, now or as soon as it may be read.
func (s *Session) read(now time.Time, in *instance) error {
	q := &s.l.readings
	switch {
	case in.queued:
		return nil
	case q.out == nil:
		return s.begin(now, in)
	}
	in.queued = true
	q.waiting = append(slices.DeleteFunc(q.waiting, func(in *instance) bool { return !in.queued }), in)
	return nil
}

// readWaiting reads FDT Instances whose turn has come, then those that had to wait for another reason, those first that
// make the least work.
func (s *Session) readWaiting(now time.Time, whole []*instance) {
	s.readNext(now)
	slices.SortFunc(whole, func(a, b *instance) int {
		return cmp.Compare(a.object.e.held.OTI.TransferLength, b.object.e.held.OTI.TransferLength)
	})
	for _, in := range whole {
		if in.isWhole() {
			_ = s.read(now, in)
		}
	}
}

// readNext reads those whose turn it is.
func (s *Session) readNext(now time.Time) {
	q := &s.l.readings
	for q.out == nil && len(q.waiting) > 0 {
		in := q.waiting[0]
		q.waiting = slices.Delete(q.waiting, 0, 1)
		if in.queued && in.isWhole() {
			_ = s.begin(now, in)
		}
	}
}

// isWhole reports whether all bytes of an FDT Instance that arrives are there.
func (in *instance) isWhole() bool {
	return in.object != nil && in.object.e.held != nil && in.object.e.held.IsWhole()
}

// begin reads in at once if its document is short, else it emits a Work.
func (s *Session) begin(now time.Time, in *instance) error {
	q := &s.l.readings
	in.queued = true
	r := s.newReading(now, in)
	defer r.Release()
	if !r.mayBegin() {
		return s.conclude(now, r, errBusy)
	}
	q.taking = in
	err := r.Run(nil)
	large := errors.Is(err, errLarge)
	if !large {
		err = s.conclude(now, r, err)
	}
	q.taking = nil
	if !large {
		return err
	}
	r.most = math.MaxInt
	q.out, in.receipt.lent = r, true
	s.l.effects.Works = append(s.l.effects.Works, &Work{entry: in.object.e, task: r, reading: r})
	return nil
}

// Done takes a Work of TOI 0 that has run: it adopts the FDT Instance, and goes on with the next.
func (s *Session) Done(now time.Time, w *Work) {
	l, r := s.l, w.reading
	l.now = now
	if r == nil || r != l.readings.out {
		w.Cancel() // the session was made anew, and has begun again
		return
	}
	defer w.free()
	l.readings.out = nil
	in := r.instance
	switch {
	case in.object != r.object || l.ending != "": // forgotten meanwhile
	case w.crashed:
		s.dismissInstance(now, in, w.err)
	default:
		l.readings.taking = in
		_ = s.conclude(now, r, w.err)
		l.readings.taking = nil
	}
	l.completion.look(now) // it may have waited for this
	s.readNext(now)
}

// conclude takes what a reading has found, or why it has not.
func (s *Session) conclude(now time.Time, r *reading, err error) error {
	in := r.instance
	in.queued = false
	switch {
	case errors.Is(err, errBusy):
		in.costly = r.costly
		at := now.Add(assembly.RetryAfter)
		if ready := s.l.cfg.readers.ready(s.l.key.Source, now); ready.After(at) {
			at = ready
		}
		s.l.schedule(at)
		return nil
	case s.isRival(in):
		return s.concludeRival(in, r.found, err)
	case err != nil && s.assumesNext(now, in):
		r.Release()
		return s.begin(now, in)
	case err == nil:
		err = s.adoptInstance(now, in, r.found)
	}
	if err != nil {
		s.refuse(now, in, err)
	}
	return err
}

// dismissInstance ends an FDT Instance at whose document something has crashed.
func (s *Session) dismissInstance(now time.Time, in *instance, err error) {
	switch {
	case s.isRival(in):
		s.l.dropRival()
	case in.object != nil:
		s.refuse(now, in, err)
	}
}

// readAnew goes on after a crash of the session. What a Work reads is read again; nobody waits for that Work. The
// FDT Instance that the session crashed at is refused, so that it does not crash at it again at once.
func (s *Session) readAnew() {
	l, q := s.l, &s.l.readings
	if in := q.taking; in != nil {
		q.taking, in.queued = nil, false
		s.dismissInstance(l.now, in, errors.New("the session crashed while it was read"))
	}
	if q.out != nil {
		q.waiting = slices.Insert(q.waiting, 0, q.out.instance)
		q.out = nil
	}
	if len(q.waiting) > 0 {
		l.schedule(l.now)
	}
}

// assumesNext reports whether in may be recovered otherwise: perhaps it was under a wrong guess.
func (s *Session) assumesNext(now time.Time, in *instance) bool {
	h := in.object.e.held
	if !h.AssumeNext() {
		return false
	}
	settled, _ := h.Settle(now)
	return settled
}

// adoptInstance merges the FDT Instance that was received, whose document is f, into the database.
func (s *Session) adoptInstance(now time.Time, in *instance, f *fdt.Instance) error {
	l, o := s.l, in.object
	o.e.held.Proved()
	_ = o.settle(nil)
	if v := o.l.sender.Variant; v != l.sender.Variant {
		l.sender.Variant = v
		l.effects.Events = append(l.effects.Events, o.Effects().Events...)
	}
	l.version, l.proven, l.fdtLatest = in.version, true, now
	f.ID = in.id
	if l.cfg.Instances != nil {
		l.cfg.Instances(l.key, f)
	}
	// RFC 6726, section 3.3: "The receiver MUST NOT use a received FDT Instance to interpret packets received beyond
	// the expiration time of the FDT Instance." How long that is from now is settled here, so that it is measured by
	// the monotonic clock: neither side's wall clock can shorten it by a step later.
	valid := f.Expires.Sub(l.clock.read(now))
	if l.cfg.Expiry == ExpiryIgnore {
		valid = math.MaxInt64
	}
	if valid <= 0 {
		return fmt.Errorf("expired at %v: %w", f.Expires, errExpired)
	}
	expires := now.Add(valid)
	next := s.place(in, f, now)
	contested := s.merge(now, f, expires)
	in.fingerprintDocument()
	in.release()
	in.read = true
	in.forget = expires
	l.schedule(expires)
	if contested != 0 && l.rival.in != in {
		s.contest(now, in, f, contested, next && in.run == contested)
	}
	return nil
}
