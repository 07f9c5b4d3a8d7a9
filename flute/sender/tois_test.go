package sender

import (
	"errors"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
)

// upTo returns TOIs from 1 to last.
func upTo(last uint64) *tois {
	t := newTOIs(flute.NewTOI(1), 16)
	t.last = flute.NewTOI(last)
	return &t
}

func (t *tois) mustAssign(tb testing.TB, want *flute.TOI) flute.TOI {
	tb.Helper()
	toi, err := t.assign(want)
	if err != nil {
		tb.Fatal(err)
	}
	t.release(toi)
	t.objects[toi] = &object{toi: toi}
	return toi
}

func TestConf_L23_A06_TOIsAreUnique(t *testing.T) {
	a := upTo(9)
	two := flute.NewTOI(2)
	a.mustAssign(t, &two)
	for _, want := range []uint64{1, 3, 4} {
		if toi := a.mustAssign(t, nil); toi != flute.NewTOI(want) {
			t.Errorf("TOI %v, want %d", toi, want)
		}
	}
	if _, err := a.assign(&two); !errors.Is(err, errTOI) {
		t.Errorf("TOI 2 twice: %v", err)
	}
}

func TestConf_E08_E09_TOIZeroIsReserved(t *testing.T) {
	a := newTOIs(flute.NewTOI(1), 112)
	if _, err := a.assign(&flute.TOI{}); !errors.Is(err, errTOI) {
		t.Errorf("TOI 0: %v", err)
	}
	a.next, _ = flute.ParseTOI("5192296858534827628530496329220095") // 2^112-1
	a.mustAssign(t, nil)
	if toi := a.mustAssign(t, nil); toi != flute.NewTOI(1) {
		t.Errorf("after the last TOI: %v, want 1", toi)
	}
}

func TestConf_O08_TOIsAreUsedAgainAfterExpiry(t *testing.T) {
	a := upTo(3)
	for range 3 {
		a.mustAssign(t, nil)
	}
	if _, err := a.assign(nil); !errors.Is(err, errTOI) {
		t.Errorf("a fourth TOI of three: %v", err)
	}
	two := flute.NewTOI(2)
	a.retire(two, start.Add(time.Minute))
	a.expire(start.Add(time.Minute - 1))
	if _, err := a.assign(nil); !errors.Is(err, errTOI) {
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
	if _, err := a.assign(&four); !errors.Is(err, errTOI) {
		t.Errorf("TOI above the largest: %v", err)
	}
}

// TestTOIsRunOut: when all are in use, the next one is an error at once, and the first that is given back is found.
func TestTOIsRunOut(t *testing.T) {
	const all = 1<<16 - 1
	a := newTOIs(flute.NewTOI(40_000), 16)
	seen := map[flute.TOI]bool{}
	for range all {
		toi, err := a.reserve()
		if err != nil || seen[toi] || toi.IsFDT() || toi.Len() > 2 {
			t.Fatalf("TOI %v after %d, %v", toi, len(seen), err)
		}
		seen[toi] = true
	}
	next := a.next
	for range 10_000 { // each would look at 65,536 of them, if it searched
		if _, err := a.reserve(); !errors.Is(err, errTOI) {
			t.Fatalf("TOI %d of %d: %v", all+1, all, err)
		}
	}
	if a.next != next {
		t.Errorf("it searched: next is %v, was %v", a.next, next)
	}
	a.release(flute.NewTOI(39_000))
	if toi := a.mustAssign(t, nil); toi != flute.NewTOI(39_000) {
		t.Errorf("TOI %v, want 39000", toi)
	}
}

// TestReservedTOIs: a reserved TOI is given to nobody else until it is released, and an object may be added with it.
func TestReservedTOIs(t *testing.T) {
	s, err := New(Config{Registry: schemes.Default(), TOIBits: 32, FirstTOI: flute.NewTOI(1<<32 - 2)})
	if err != nil {
		t.Fatal(err)
	}
	var got []flute.TOI
	for range 3 {
		toi, err := s.Reserve()
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, toi)
	}
	if got[0] != flute.NewTOI(1<<32-2) || got[1] != flute.NewTOI(1<<32-1) || got[2] != flute.NewTOI(1) {
		t.Fatalf("reserved %v", got)
	}
	add := func(name string, toi *flute.TOI) flute.TOI {
		o, err := Prepare(t.Context(), File{ContentLocation: name, TOI: toi}, nil)
		if err != nil {
			t.Fatal(err)
		}
		had, err := s.Add(o)
		if err != nil {
			t.Fatal(name, err)
		}
		return had
	}
	if toi := add("reserved", &got[1]); toi != got[1] {
		t.Errorf("TOI %v, want %v", toi, got[1])
	}
	if toi := add("next", nil); toi != flute.NewTOI(2) {
		t.Errorf("TOI %v, want 2", toi)
	}
	s.Release(got[1]) // an object has it
	s.Release(got[2])
	if toi := add("released", &got[2]); toi != got[2] {
		t.Errorf("TOI %v, want %v", toi, got[2])
	}
	for name, toi := range map[string]flute.TOI{"in-use": got[1], "more-than-32-bits": flute.NewTOI(1 << 32)} {
		o, err := Prepare(t.Context(), File{ContentLocation: name, TOI: &toi}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Add(o); !errors.Is(err, errTOI) {
			t.Errorf("%s: %v", name, err)
		}
	}
	s.Abort("")
	if _, err := s.Reserve(); !errors.Is(err, ErrClosed) {
		t.Errorf("after the end: %v", err)
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
