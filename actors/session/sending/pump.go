package sending

import (
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors/lanes"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/internal/pacing"
)

// again puts a pump into the mailbox, unless there is one.
func (s *session) again(ctx actor.Context) {
	if !s.pumping && !s.ledger.isParting() {
		s.pumping, s.due = true, time.Time{}
		ctx.Send(ctx.Self(), pump{})
	}
}

// soon is how long a session waits for its timer all the same when something new may be due at once. To set it is a
// system call, and files are added by the thousand.
const soon = time.Millisecond

// hurry has the rate looked at now: at the one before, the next datagram may have been due much later.
func (s *session) hurry(ctx actor.Context) {
	if s.pumping && s.ledger.outage.since.IsZero() && !s.ledger.isParting() && time.Until(s.due) > soon {
		s.pumpIn(0)
	}
	s.again(ctx)
}

// pumpIn has the timer bring a pump after d.
func (s *session) pumpIn(d time.Duration) {
	s.pumping, s.due = true, time.Now().Add(d)
	s.timer.Reset(d)
}

// woke tells by how much the timer was late, if it was the timer.
func (s *session) woke(now time.Time) {
	due := s.due
	s.due = time.Time{}
	if on := s.ledger.cfg.OnWake; on != nil && !due.IsZero() && s.ledger.outage.since.IsZero() {
		on(max(now.Sub(due), 0))
	}
}

// pump sends as much as the rate permits, at most one batch.
func (s *session) pump(ctx actor.Context) {
	if s.ledger.over {
		return
	}
	if s.ledger.isParting() {
		s.sayFarewell(ctx)
		return
	}
	now := time.Now()
	err := s.fill(ctx, now)
	if err == nil {
		err = s.write(ctx, now)
	}
	s.publishAll(ctx, s.ledger.batch.told())
	if err != nil {
		s.end(ctx, err.Error(), err)
		return
	}
	if s.pumping {
		return
	}
	if s.ledger.finishing && s.ledger.cfg.Core.Done() {
		s.end(ctx, "all files are sent", nil)
		return
	}
	d := s.ledger.cfg.Core.Deadline()
	if d.IsZero() || d.Sub(now) > restAfter {
		s.ledger.pace.rest()
	}
	if !d.IsZero() {
		s.timer.Reset(max(d.Sub(now), pacing.Quantum))
	}
}

// fill makes the next batch, once the last one is out, as long as the rate permits it: what is sent late was not made
// early.
func (s *session) fill(ctx actor.Context, now time.Time) error {
	l := s.ledger
	b := &l.batch
	if b.sent < b.granted {
		return nil
	}
	if late := l.pace.adjust(l.cfg.Core, now); late > 0 {
		s.publish(ctx, event.Late{Session: l.cfg.Key, By: late})
	}
	l.cfg.Core.LimitReadAhead(l.pace.readAhead())
	for {
		if !b.grant(l.pace.bucket, now) || b.isFull() {
			return nil
		}
		datagram, ok, err := s.next(ctx, now)
		if ok {
			b.add(datagram)
			if l.pace.bucket == nil { // else the rate is to permit each
				row, n := l.cfg.Core.AppendRow(b.rowBuffer(), now, batchPackets-len(b.datagrams))
				b.addRow(row, n)
			}
		}
		b.hold(l.events())
		if err != nil || !ok {
			return err
		}
	}
}

// next makes the next datagram, if there is one at now.
func (s *session) next(ctx actor.Context, now time.Time) (datagram []byte, ok bool, err error) {
	l := s.ledger
	buffer := l.batch.buffer()
	if l.pace.warms(now) {
		return l.cfg.Core.AppendPadding(buffer), true, nil
	}
	datagram, ok, err = l.cfg.Core.AppendNext(buffer, now)
	s.work(ctx)
	if err == nil && !ok && l.pace.pads(l.finishing && l.cfg.Core.Done(), now) {
		return l.cfg.Core.AppendPadding(buffer), true, nil
	}
	return datagram, ok, err
}

// work hands on the Works of the core. Each wakes the session when it has run.
func (s *session) work(ctx actor.Context) {
	works := s.ledger.cfg.Core.Works()
	if len(works) == 0 {
		return
	}
	root, self := ctx.ActorSystem().Root, ctx.Self()
	for _, w := range works {
		s.lanes.Run(lanes.NewEntry(w, self.Id, func(*lanes.Entry) { root.Send(self, ran{}) }))
	}
}

// write sends what the rate permits of the batch; the rest waits for the bucket. What the network does not take waits
// for the next try.
func (s *session) write(ctx actor.Context, now time.Time) error {
	b := &s.ledger.batch
	if b.granted > b.sent {
		n, err := s.ledger.cfg.Writer.WriteBatch(b.datagrams[b.sent:b.granted])
		b.sent += n
		if now = time.Now(); n > 0 {
			s.ledger.meter.Note(b.datagrams[b.sent-n:b.sent], now)
			s.warn(ctx, s.ledger.outage.end(now))
		}
		if s.ledger.pace.bucket != nil {
			s.ledger.pace.bucket.Left(now)
		}
		if d, ok := s.ledger.cfg.Writer.(interface{ Degraded() string }); ok {
			s.warn(ctx, d.Degraded())
		}
		if err != nil {
			return s.wait(ctx, err)
		}
	}
	switch {
	case b.granted < len(b.datagrams):
		s.pumpIn(s.ledger.pace.bucket.Deadline(now).Sub(now))
	case len(b.datagrams) > 0:
		s.again(ctx)
	}
	if b.sent == b.granted {
		b.renew() // now: until the next turn other sessions have the memory
	}
	return nil
}

// wait has the rest of the batch tried again later, or returns why not.
func (s *session) wait(ctx actor.Context, err error) error {
	if !isPassing(err) {
		return err
	}
	retry, tell, ok := s.ledger.outage.begin(time.Now(), err, s.ledger.cfg.Patience)
	if !ok {
		return fmt.Errorf("session: nothing could be sent for %v: %w", s.ledger.cfg.Patience, err)
	}
	s.warn(ctx, tell)
	s.pumpIn(retry)
	return nil
}
