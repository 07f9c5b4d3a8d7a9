package sending

import (
	"fmt"
	"math"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/pacing"
)

const (
	// adjustEach is how often the rate follows a target, and adjustSlow how often in a session of many objects, all of
	// which are looked at.
	adjustEach = 50 * time.Millisecond
	adjustSlow = time.Second
	manyFiles  = 1000
	// unbounded is a rate without a bound.
	unbounded = math.MaxUint64
	// lateShare is by what part of the rate that it takes a target may be missed untold.
	lateShare = 0.01
	// lastTime is for how long before its target a session does not gather, as one of many does for up to 100 ms: what
	// it gathers then would leave too late.
	lastTime = 200 * time.Millisecond
	// restAfter is how long a session has nothing to send that gives its part of the node's rate to others.
	restAfter = 20 * time.Millisecond
	// readShare is how much of files all sessions of a node read ahead, if there are more than readAlone: so many have
	// as much with the window that each file has by itself. What a session sends within readLeast it reads ahead in any
	// case.
	readAlone = 64
	readShare = 32 << 20
	readLeast = time.Second / 8
)

// Pace says how fast a session sends. The zero value: as fast as the socket takes it.
type Pace struct {
	Rate   uint64         // bits per second at most; 0: without a bound
	Frames pacing.Frames  // what of a datagram is counted
	Late   time.Duration  // by how much the timers of the session are late
	Within time.Duration  // all files, since the first was added; 0: no target
	By     time.Time      // all files; zero: no target
	Member *pacing.Member // of the node's rate; nil: it is not shared
	// Constant has the session send at its rate all the time, padding where nothing else is to be sent; WarmUp is how
	// long that goes on before the first packet and after the last one.
	Constant bool
	WarmUp   time.Duration
}

// pacer is the rate of a session.
type pacer struct {
	Pace
	bucket *pacing.Bucket // nil: without a bound
	end    time.Time      // of the target; zero: there is none, or nothing was added yet
	need   uint64         // bits per second that the target takes
	next   time.Time      // when need is computed again
	told   bool           // that the target will be missed
	warm   time.Time      // nothing but padding before; zero: nothing was sent yet
	cool   time.Time      // the end of padding after the last packet; zero: more is to come
}

func newPacer(p Pace) pacer { return pacer{Pace: p, end: p.By, need: unbounded} }

// limit returns the most that the session may send.
func (p *pacer) limit() uint64 {
	if p.Rate == 0 {
		return unbounded
	}
	return p.Rate
}

// hasTarget reports whether all files are to be sent within a time.
func (p *pacer) hasTarget() bool { return p.Within != 0 || !p.By.IsZero() }

// admit returns an error that wraps sender.ErrTarget if the target cannot be met with load besides what core has to
// send at now. With the first load the time of Within begins.
func (p *pacer) admit(core *sender.Session, load sender.Load, now time.Time) error {
	if !p.hasTarget() {
		return nil
	}
	end := p.end
	if end.IsZero() {
		end = now.Add(p.Within)
	}
	before := core.Remaining(now, end)
	all := sender.Load{Packets: before.Packets + load.Packets, Bytes: before.Bytes + load.Bytes}
	if need := p.rateOf(all, end.Sub(now)); p.Rate != 0 && need > p.Rate {
		if need == unbounded {
			return fmt.Errorf("%w: its time %v is over", sender.ErrTarget, end.Format(time.RFC3339))
		}
		return fmt.Errorf("%w: it takes %d bit/s for %v, and the rate is %d bit/s",
			sender.ErrTarget, need, end.Sub(now).Round(time.Millisecond), p.Rate)
	}
	p.end, p.next = end, time.Time{}
	return nil
}

// admitFile returns an error that wraps sender.ErrTarget if the rate is too low for the target of a file.
func (p *pacer) admitFile(core *sender.Session, o *sender.Object, now time.Time) error {
	// The error of Target is that of Add.
	load, within, err := core.Target(o, now)
	if need := p.rateOf(load, within); err == nil && within > 0 && p.Rate != 0 && need > p.Rate {
		return fmt.Errorf("%w: it takes %d bit/s for %v, and the rate is %d bit/s",
			sender.ErrTarget, need, within.Round(time.Millisecond), p.Rate)
	}
	return nil
}

// rateOf returns the bits per second at which l takes d.
func (p *pacer) rateOf(l sender.Load, d time.Duration) uint64 {
	if d <= 0 {
		return unbounded
	}
	rate := float64(p.Frames.Total(l.Packets, l.Bytes)) * 8 / d.Seconds()
	return uint64(min(rate, unbounded/2)) + 1
}

// adjust makes the rate what it has to be at now. late is what is to be told, if it is not zero: by how much the target
// will be missed.
func (p *pacer) adjust(core *sender.Session, now time.Time) (late time.Duration) {
	var rest sender.Load
	if !p.end.IsZero() && !now.Before(p.next) {
		p.next = now.Add(adjustEach)
		if core.Stats().Pending > manyFiles {
			p.next = now.Add(adjustSlow)
		}
		if rest = core.Remaining(now, p.end); core.Stats().Pending > 0 {
			// Else its FDT Instances go on as the files went.
			p.need = p.rateOf(rest, p.end.Sub(now))
		}
	}
	if p.Member != nil {
		p.Member.Want(min(p.limit(), p.need))
	}
	rate := p.wanted()
	switch {
	case rate == unbounded:
		p.bucket = nil
	case p.bucket == nil:
		p.bucket = pacing.NewBucket(rate, p.Frames, p.Late)
	case p.bucket.Rate() != rate:
		p.bucket.SetRate(now, rate)
	}
	if p.bucket != nil && p.Member != nil {
		busy := p.Member.Busy()
		if toEnd := p.end.Sub(now); toEnd >= 0 && toEnd < lastTime {
			busy = 1
		}
		p.bucket.Crowd(busy)
	}
	if p.told || rest.Packets == 0 || float64(rate) >= float64(p.need)*(1-lateShare) {
		return 0
	}
	p.told = true
	takes := float64(p.Frames.Total(rest.Packets, rest.Bytes)) * 8 / float64(rate)
	return max(time.Duration(takes*float64(time.Second))-p.end.Sub(now), time.Nanosecond)
}

// wanted returns the rate that is meant to hold.
func (p *pacer) wanted() uint64 {
	rate := min(p.limit(), p.need)
	if p.Member != nil {
		rate = min(rate, p.Member.Rate())
	}
	return rate
}

// readAhead returns how many bytes of files the session may read ahead, and how many of each file at least; zero: as
// many as it wants to.
func (p *pacer) readAhead() (all, least int) {
	if p.Member == nil || p.bucket == nil {
		return 0, 0
	}
	busy := p.Member.Busy()
	if busy <= readAlone {
		return 0, 0
	}
	return readShare / busy, int(p.bucket.Rate() / 8 / uint64(time.Second/readLeast))
}

// warms reports whether nothing but padding is to be sent yet.
func (p *pacer) warms(now time.Time) bool {
	if !p.Constant {
		return false
	}
	if p.warm.IsZero() {
		p.warm = now.Add(p.WarmUp)
	}
	return now.Before(p.warm)
}

// pads reports whether padding is to be sent where nothing else is. done says that nothing else will be.
func (p *pacer) pads(done bool, now time.Time) bool {
	switch {
	case !p.Constant:
		return false
	case !done:
		p.cool = time.Time{}
		return true
	case p.cool.IsZero():
		p.cool = now.Add(p.WarmUp)
	}
	return now.Before(p.cool)
}

// setRate changes the bound.
func (p *pacer) setRate(bitsPerSecond uint64) {
	p.Rate, p.next, p.told = bitsPerSecond, time.Time{}, false
}

// rest gives the session's part of the node's rate to others.
func (p *pacer) rest() {
	if p.Member != nil {
		p.Member.Want(0)
	}
}

// last returns when the close-session flag of a session may be sent, at now or later.
func (p *pacer) last(now time.Time, tsi flute.TSI) time.Time {
	if p.Member == nil {
		return now
	}
	return p.Member.Last(now, p.Frames.Bytes(len(alc.AppendCloseSession(nil, tsi))))
}

// leave ends the session's part of the node's rate, and returns how many others have one.
func (p *pacer) leave() (others int) {
	if p.Member == nil {
		return 0
	}
	return p.Member.Leave()
}
