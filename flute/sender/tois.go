package sender

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/internal/ring"
)

// errTOI is wrapped by the errors of Add about the TOI of a file.
var errTOI = errors.New("sender: TOI cannot be used")

// maxReserved bounds the TOIs that are reserved: whoever reserves them means to send files.
const maxReserved = 1 << 16

// tois hands out TOIs. "Each object in a session has a unique TOI" (RFC 5651, section 6.1); the TOI of an object that
// has ended is used again only after all FDT Instances that describe it have expired (TS 26.346, section 7.2.9).
type tois struct {
	next     flute.TOI
	steps    uint64    // of next, since the session began
	last     flute.TOI // the largest one
	objects  map[flute.TOI]*object
	reserved map[flute.TOI]struct{}
	retired  map[flute.TOI]struct{} // those of retirees
	expiry   ring.Queue[retiree]
}

type retiree struct {
	toi   flute.TOI
	until time.Time
}

// newTOIs returns the TOIs of bits bits, of which first is given first.
func newTOIs(first flute.TOI, bits int) tois {
	last, err := flute.TOIFromBytes(bytes.Repeat([]byte{0xff}, bits/8))
	if err != nil {
		panic(err) // Config.TOIBits was checked
	}
	return tois{
		next: first, last: last, objects: map[flute.TOI]*object{},
		reserved: map[flute.TOI]struct{}{}, retired: map[flute.TOI]struct{}{},
	}
}

// assign returns the TOI for a new object: want, which may be reserved, or the next free one if want is nil.
func (t *tois) assign(want *flute.TOI) (flute.TOI, error) {
	if want == nil {
		return t.allocate()
	}
	_, reserved := t.reserved[*want]
	switch {
	case want.IsFDT():
		return flute.TOI{}, fmt.Errorf("%w: 0 is the FDT's", errTOI)
	case want.Compare(t.last) > 0:
		return flute.TOI{}, fmt.Errorf("%w: %v is above %v, the largest of the session", errTOI, want, t.last)
	case !reserved && t.used(*want):
		return flute.TOI{}, fmt.Errorf("%w: %v is in use, or described by an FDT Instance that has not expired",
			errTOI, want)
	}
	return *want, nil
}

// allocate returns the next free TOI.
func (t *tois) allocate() (flute.TOI, error) {
	used := len(t.objects) + len(t.reserved) + len(t.retired)
	if last, ok := t.last.Uint64(); !ok || uint64(used) < last {
		for range used + 1 { // more tries than there are TOIs in use cannot all fail
			toi := t.next
			if toi.Compare(t.last) > 0 {
				toi = flute.NewTOI(1)
			}
			t.next = toi.Next()
			t.steps++
			if !t.used(toi) {
				return toi, nil
			}
		}
	}
	return flute.TOI{}, fmt.Errorf("%w: all up to %v are in use, or described by FDT Instances that have not expired",
		errTOI, t.last)
}

// ahead returns the TOI n steps after the next one.
func (t *tois) ahead(n uint64) flute.TOI {
	toi := t.next
	for i := uint64(0); ; i++ {
		if toi.Compare(t.last) > 0 {
			toi = flute.NewTOI(1)
		}
		if i == n {
			return toi
		}
		toi = toi.Next()
	}
}

// lease returns how many TOIs are kept ahead.
func (t *tois) lease() uint64 {
	if t.last.Len() <= 2 {
		return shortLeaseTOIs
	}
	return leaseTOIs
}

// reserve takes the next free TOI for an object that will be added with it.
func (t *tois) reserve() (flute.TOI, error) {
	if len(t.reserved) >= maxReserved {
		return flute.TOI{}, fmt.Errorf("%w: %d are reserved", errTOI, maxReserved)
	}
	toi, err := t.allocate()
	if err == nil {
		t.reserved[toi] = struct{}{}
	}
	return toi, err
}

// release takes back a TOI that was reserved, unless an object has it.
func (t *tois) release(toi flute.TOI) { delete(t.reserved, toi) }

func (t *tois) used(toi flute.TOI) bool {
	if _, ok := t.objects[toi]; ok {
		return true
	}
	if _, ok := t.reserved[toi]; ok {
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
