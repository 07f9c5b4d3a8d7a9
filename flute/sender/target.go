package sender

import (
	"errors"
	"fmt"
	"time"
)

const (
	// targetSlack is how far a transfer with a target may be behind and go on at once: what was missed before is spread
	// over the time that is left, so that a pause is not followed by a burst.
	targetSlack = 5 * time.Millisecond
	// lateTolerance is by how much a target may be missed untold.
	lateTolerance = 10 * time.Millisecond
)

// target spreads the packets of a transfer evenly over the time that it may take, repair symbols included. The zero
// value spreads nothing.
type target struct {
	within time.Duration // since the first packet; zero: end is known
	end    time.Time     // when the transfer is to be over; zero: not known yet, or there is no target
	due    time.Time     // when the next packet is
}

// newTarget returns the target of a transfer of f.
func newTarget(f *File) target { return target{within: f.Within, end: f.By} }

// isSet reports whether there is a target.
func (t *target) isSet() bool { return t.within != 0 || !t.end.IsZero() }

// waits reports whether the next packet is not due yet.
func (t *target) waits(now time.Time) bool { return t.due.After(now) }

// sent notes a packet at now, after which so many are left.
func (t *target) sent(left uint64, now time.Time) {
	if !t.isSet() {
		return
	}
	if t.end.IsZero() {
		t.end = now.Add(t.within)
	}
	from := now
	if !t.due.IsZero() {
		from = latest(t.due, now.Add(-targetSlack))
	}
	// A last packet at the end would leave no time for it.
	t.due = from.Add(time.Duration(uint64(max(0, t.end.Sub(from))) / (left + 1)))
}

// late returns by how much a transfer that has ended at now has missed its target; zero: not by anything worth telling.
func (t *target) late(now time.Time) time.Duration {
	if by := now.Sub(t.end); !t.end.IsZero() && by > lateTolerance {
		return by
	}
	return 0
}

// checkTarget refuses targets that contradict each other. once says that the file is sent once.
func (f *File) checkTarget(once bool) error {
	switch {
	case f.Within < 0:
		return f.fault("Within", fmt.Errorf("%v is negative", f.Within))
	case f.Within != 0 && !f.By.IsZero():
		return f.fault("By", errors.New("and Within: take one of them"))
	case !f.By.IsZero() && !once:
		return f.fault("By", fmt.Errorf("%w: the file is sent more than once", ErrTarget))
	}
	return nil
}

// Target returns what one transfer of o is in this session, and in what time it is to be sent if it begins at now;
// zero: it has no target. The errors are those of Add.
func (s *Session) Target(o *Object, now time.Time) (l Load, within time.Duration, err error) {
	f := &o.file
	if f.By.IsZero() && f.Within == 0 {
		return Load{}, 0, nil
	}
	if l, err = s.loadOnce(o); err != nil {
		return Load{}, 0, err
	}
	if !f.By.IsZero() {
		return l, max(f.By.Sub(latest(now, f.StartAt)), 1), nil
	}
	return l, f.Within, nil
}
