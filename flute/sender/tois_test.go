package sender

import (
	"errors"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute"
)

func newTOIs(last uint64) *tois {
	return &tois{
		next: flute.NewTOI(1), last: flute.NewTOI(last),
		objects: map[flute.TOI]*object{}, retired: map[flute.TOI]struct{}{},
	}
}

func (t *tois) mustAssign(tb testing.TB, want *flute.TOI) flute.TOI {
	tb.Helper()
	toi, err := t.assign(want)
	if err != nil {
		tb.Fatal(err)
	}
	t.objects[toi] = &object{toi: toi}
	return toi
}

func TestConf_L23_A06_TOIsAreUnique(t *testing.T) {
	a := newTOIs(0)
	two := flute.NewTOI(2)
	a.mustAssign(t, &two)
	for _, want := range []uint64{1, 3, 4} {
		if toi := a.mustAssign(t, nil); toi != flute.NewTOI(want) {
			t.Errorf("TOI %v, want %d", toi, want)
		}
	}
	if _, err := a.assign(&two); !errors.Is(err, ErrTOI) {
		t.Errorf("TOI 2 twice: %v", err)
	}
}

func TestConf_E08_E09_TOIZeroIsReserved(t *testing.T) {
	a := newTOIs(0)
	if _, err := a.assign(&flute.TOI{}); !errors.Is(err, ErrTOI) {
		t.Errorf("TOI 0: %v", err)
	}
	a.next, _ = flute.ParseTOI("5192296858534827628530496329220095") // 2^112-1
	a.mustAssign(t, nil)
	if toi := a.mustAssign(t, nil); toi != flute.NewTOI(1) {
		t.Errorf("after the last TOI: %v, want 1", toi)
	}
}

func TestConf_O08_TOIsAreUsedAgainAfterExpiry(t *testing.T) {
	a := newTOIs(3)
	for range 3 {
		a.mustAssign(t, nil)
	}
	if _, err := a.assign(nil); !errors.Is(err, ErrTOI) {
		t.Errorf("a fourth TOI of three: %v", err)
	}
	two := flute.NewTOI(2)
	a.retire(two, start.Add(time.Minute))
	a.expire(start.Add(time.Minute - 1))
	if _, err := a.assign(nil); !errors.Is(err, ErrTOI) {
		t.Errorf("before expiry: %v", err)
	}
	a.expire(start.Add(time.Minute))
	if toi := a.mustAssign(t, nil); toi != two {
		t.Errorf("TOI %v, want 2", toi)
	}
	three := flute.NewTOI(3)
	a.retire(three, time.Time{}) // never described
	if toi := a.mustAssign(t, nil); toi != three {
		t.Errorf("TOI %v, want 3", toi)
	}
	four := flute.NewTOI(4)
	if _, err := a.assign(&four); !errors.Is(err, ErrTOI) {
		t.Errorf("TOI above the largest: %v", err)
	}
}

func TestConf_L38_ClockIsConsistent(t *testing.T) {
	var c clock
	if got := c.tick(start); !got.Equal(start) {
		t.Errorf("first %v", got)
	}
	c.tick(start.Add(time.Second))
	if got := c.tick(start.Add(-time.Hour)); !got.Equal(start.Add(time.Second)) {
		t.Errorf("after a step back: %v", got.Sub(start))
	}
	if got := c.tick(start.Add(2 * time.Second)); !got.Equal(start.Add(2 * time.Second)) {
		t.Errorf("after that: %v", got.Sub(start))
	}
	// With monotonic readings the wall clock of the session is that of its start plus what has passed.
	now := time.Now()
	c = clock{}
	c.tick(now)
	if got := c.tick(now.Add(time.Minute)); got.Round(0).Sub(now.Round(0)) != time.Minute {
		t.Errorf("a minute is %v", got.Round(0).Sub(now.Round(0)))
	}
}
