package sender

import (
	"cmp"
	"errors"
	"fmt"
	"time"
)

// errCarousel is wrapped by the errors of Prepare, Add and New about when a file is sent: they name the field.
var errCarousel = errors.New("contradictory carousel")

// carousel is when an object is sent again. Its transfers come in turns, of one or more transfers back to back.
type carousel struct {
	delay    time.Duration // from the end of a turn to the start of the next one
	interval time.Duration // from the start of a turn to that of the next one; zero: delay counts
	burst    int           // transfers of a turn
	until    time.Time     // no transfer begins then or later; zero: no such time

	left      int       // transfers that are still to be sent, the current one included; negative: for ever
	sent      int       // complete ones
	inTurn    int       // complete ones of the current turn
	due       time.Time // when the current turn was to begin; zero: the first one has not begun
	triggered time.Time // the next turn begins then, if not before; zero: as ever
	overrun   bool      // the turn before lasted longer than interval
}

// carouselFields is what New and Prepare are given of a carousel.
type carouselFields struct {
	count, burst    int
	delay, interval time.Duration
	start, until    time.Time
}

// check refuses what contradicts itself, and names the field.
func (f *carouselFields) check() (field string, err error) {
	negative := fmt.Errorf("%w: it is negative", errCarousel)
	switch {
	case f.delay < 0:
		return "Delay", negative
	case f.interval < 0:
		return "Interval", negative
	case f.burst < 0:
		return "Burst", negative
	case f.delay > 0 && f.interval > 0:
		return "Interval", fmt.Errorf("%w: there is a Delay too", errCarousel)
	case f.count > 0 && f.burst > f.count:
		return "Burst", fmt.Errorf("%w: %d is more than the %d of TransferCount", errCarousel, f.burst, f.count)
	case !f.until.IsZero() && !f.start.Before(f.until):
		return "Until", fmt.Errorf("%w: it is not after StartAt", errCarousel)
	}
	return "", nil
}

func (c *Config) carousel() carouselFields {
	return carouselFields{c.TransferCount, c.Burst, c.Delay, c.Interval, time.Time{}, c.Until}
}

func (f *File) carousel() carouselFields {
	return carouselFields{f.TransferCount, f.Burst, f.Delay, f.Interval, f.StartAt, f.Until}
}

// newCarousel returns the carousel of a file: what the File leaves open the Config says.
func newCarousel(cfg *Config, f *File) carousel {
	r := carousel{delay: f.Delay, interval: f.Interval, until: f.Until, left: f.TransferCount}
	if r.delay == 0 && r.interval == 0 {
		r.delay, r.interval = cfg.Delay, cfg.Interval
	}
	if r.until.IsZero() {
		r.until = cfg.Until
	} else if r.left == 0 {
		r.left = -1
	}
	r.left = cmp.Or(r.left, cfg.TransferCount)
	r.burst = cmp.Or(f.Burst, cfg.Burst)
	return r
}

// endless reports whether no number says how often the object is sent.
func (r *carousel) endless() bool { return r.left < 0 }

// over reports whether the time of the object is over.
func (r *carousel) over(now time.Time) bool { return !r.until.IsZero() && !now.Before(r.until) }

// begin notes that a transfer begins.
func (r *carousel) begin(now time.Time) {
	if r.due.IsZero() {
		r.due = now
	}
}

// next returns when the next transfer begins if the current one ends at t, and by how much later than it was to begin;
// ok is false: there is none.
func (r *carousel) next(t time.Time) (at time.Time, late time.Duration, ok bool) {
	switch {
	case r.left == 1 && r.triggered.IsZero():
		return time.Time{}, 0, false
	case r.inTurn+1 < r.burst:
		at = t
	case r.interval > 0:
		if at = r.due.Add(r.interval); at.Before(t) {
			at, late = t, t.Sub(at)
		}
	default:
		at = t.Add(r.delay)
	}
	if !r.triggered.IsZero() && (r.left == 1 || r.triggered.Before(at)) {
		at, late = latest(r.triggered, t), 0
	}
	if !r.until.IsZero() && !at.Before(r.until) {
		return time.Time{}, 0, false
	}
	return at, late, true
}

// last reports whether the current transfer is the last one, if it ends at t.
func (r *carousel) last(t time.Time) bool {
	_, _, more := r.next(t)
	return !more
}

// end notes that a transfer has ended at t, and returns what next does.
func (r *carousel) end(t time.Time) (at time.Time, late time.Duration, ok bool) {
	at, late, ok = r.next(t)
	extra := r.left == 1 && !r.triggered.IsZero()
	r.sent++
	if r.left > 0 && !extra {
		r.left--
	}
	if r.inTurn++; r.inTurn < r.burst && !extra {
		return at, late, ok
	}
	r.inTurn, r.due = 0, at
	if !r.triggered.After(at) {
		r.triggered = time.Time{}
	}
	return at, late, ok
}

// trigger has the next turn begin at t, or when the current transfer ends.
func (r *carousel) trigger(t time.Time) { r.triggered = t }

// stop makes the current transfer the last one.
func (r *carousel) stop() { r.left, r.triggered = 1, time.Time{} }
