package channel

import (
	"time"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/internal/crew"
	"github.com/flute-node/flute-node/internal/wheel"
)

// Line is what the channels of one socket share with its actor. All run on its Loop, and all but Loop, Batches and
// Mailbox belongs to that goroutine.
type Line struct {
	Loop    *actors.Loop
	Mailbox *actors.Mailbox // of the socket's actor
	Batches Batches
	Wheel   *wheel.Wheel
	Out     *Outbox

	timer    *time.Timer
	armed    time.Time // what timer is set to; zero: it is not
	flushing bool      // the socket's actor flushes before it is idle
}

// NewLine returns a Line whose socket's actor has the mailbox. The Loop takes a goroutine from c; nil: it has its own.
func NewLine(c *crew.Crew, now time.Time, mailbox *actors.Mailbox, out *Outbox) *Line {
	l := &Line{Loop: actors.NewLoop(c), Mailbox: mailbox, Wheel: wheel.New(now), Out: out}
	l.timer = time.AfterFunc(time.Hour, func() { mailbox.PostUserMessage(Tick{}) })
	l.timer.Stop()
	return l
}

// Close stops the timer.
func (l *Line) Close() { l.timer.Stop() }

// Hold keeps channels from asking for a flush: the socket's actor flushes when it has finished what it does.
func (l *Line) Hold() { l.flushing = true }

// Settle sends what waits, and sets the timer to the next deadline. The socket's actor calls it at the end of each
// message.
func (l *Line) Settle(now time.Time) {
	l.Out.Flush(now)
	l.flushing = false
	if !l.armed.After(now) {
		l.armed = time.Time{}
	}
	l.arm(now)
}

// Advance calls the timers that are due.
func (l *Line) Advance(now time.Time) { l.Wheel.Advance(now) }

// arm has the socket's actor ticked at the next deadline.
func (l *Line) arm(now time.Time) {
	next := l.Wheel.Next()
	if retry := l.Out.Retry(); !retry.IsZero() && (next.IsZero() || retry.Before(next)) {
		next = retry
	}
	if next.IsZero() || !l.armed.IsZero() && !next.Before(l.armed) {
		return
	}
	l.armed = next
	l.timer.Reset(max(0, next.Sub(now)))
}

// settle is for a channel: it has the socket's actor send what waits, together with what others add.
func (l *Line) settle(now time.Time) {
	if l.flushing {
		return
	}
	if l.Out.Len() > 0 {
		l.flushing = true
		l.Mailbox.PostUserMessage(Flush{})
		return
	}
	l.arm(now)
}
