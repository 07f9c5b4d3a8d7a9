package sender

import (
	"errors"
	"fmt"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/internal/ring"
)

// ErrTOI is wrapped by the errors of Add about the TOI of a file.
var ErrTOI = errors.New("sender: TOI cannot be used")

// tois hands out TOIs. "Each object in a session has a unique TOI" (RFC 5651, section 6.1); the TOI of an object that
// has ended is used again only after all FDT Instances that describe it have expired (TS 26.346, section 7.2.9).
type tois struct {
	next    flute.TOI
	last    flute.TOI // the largest TOI that the profile allows; zero: none
	objects map[flute.TOI]*object
	retired map[flute.TOI]struct{} // those of retirees
	expiry  ring.Queue[retiree]
}

type retiree struct {
	toi   flute.TOI
	until time.Time
}

// assign returns the TOI for a new object: want, or the next free one if want is nil.
func (t *tois) assign(want *flute.TOI) (flute.TOI, error) {
	if want != nil {
		switch {
		case want.IsFDT():
			return flute.TOI{}, fmt.Errorf("%w: 0 is the FDT's", ErrTOI)
		case t.last != flute.TOI{} && want.Compare(t.last) > 0:
			return flute.TOI{}, fmt.Errorf("%w: %v is above %v, the largest of the profile", ErrTOI, want, t.last)
		case t.used(*want):
			return flute.TOI{}, fmt.Errorf("%w: %v is in use, or described by an FDT Instance that has not expired", ErrTOI, want)
		}
		return *want, nil
	}
	// More tries than TOIs in use cannot all fail, unless the profile's range is full.
	for range len(t.objects) + len(t.retired) + 1 {
		toi := t.next
		if t.last != (flute.TOI{}) && toi.Compare(t.last) > 0 {
			toi = flute.NewTOI(1)
		}
		t.next = toi.Next()
		if !t.used(toi) {
			return toi, nil
		}
	}
	return flute.TOI{}, fmt.Errorf("%w: all up to %v are in use", ErrTOI, t.last)
}

func (t *tois) used(toi flute.TOI) bool {
	if _, ok := t.objects[toi]; ok {
		return true
	}
	_, ok := t.retired[toi]
	return ok
}

// retire takes back the TOI of an object that is no longer listed; until is when its last description expires.
func (t *tois) retire(toi flute.TOI, until time.Time) {
	delete(t.objects, toi)
	if until.IsZero() {
		return // never described
	}
	t.retired[toi] = struct{}{}
	t.expiry.Push(retiree{toi, until})
}

// expire forgets the TOIs whose descriptions have expired.
func (t *tois) expire(now time.Time) {
	for t.expiry.Len() > 0 && !t.expiry.Front().until.After(now) {
		delete(t.retired, t.expiry.Pop().toi)
	}
}
