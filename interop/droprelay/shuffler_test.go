package main

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"
)

// through returns the numbers of n datagrams in the order in which the shuffler sends them.
func through(t *testing.T, s *shuffler, toi uint64, n int) (order []int) {
	t.Helper()
	header := packetOf(t, toi)
	emit := func(b []byte) error {
		order = append(order, int(binary.BigEndian.Uint32(b[len(header):])))
		return nil
	}
	b := make([]byte, len(header)+4)
	for i := range n {
		copy(b, header) // the same bytes again, as a socket's buffer is
		binary.BigEndian.PutUint32(b[len(header):], uint32(i))
		if err := s.pass(b, emit); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.flush(emit); err != nil {
		t.Fatal(err)
	}
	return order
}

func count(order []int) map[int]int {
	times := map[int]int{}
	for _, i := range order {
		times[i]++
	}
	return times
}

func TestShufflerOffChangesNothing(t *testing.T) {
	if got := through(t, newShuffler(config{seed: 1}), 1, 100); !slices.IsSorted(got) || len(got) != 100 {
		t.Errorf("%v", got)
	}
}

// Each datagram is sent once, none more than depth places late, and about as many as asked for are overtaken.
func TestShufflerReorders(t *testing.T) {
	const n = 10_000
	s := newShuffler(config{reorder: 0.1, seed: 1})
	got := through(t, s, 1, n)
	if len(got) != n || len(count(got)) != n {
		t.Fatalf("%d datagrams of %d, %d of them distinct", len(got), n, len(count(got)))
	}
	highest, late := -1, 0
	for _, i := range got {
		if i < highest {
			late++
		}
		if highest-i > 2*depth {
			t.Errorf("datagram %d comes after %d", i, highest)
		}
		highest = max(highest, i)
	}
	if s.overtaken < n/20 || s.overtaken > n/5 || late < s.overtaken/2 {
		t.Errorf("%d held back and %d late, of %d", s.overtaken, late, n)
	}
}

func TestShufflerRepeats(t *testing.T) {
	const n = 10_000
	s := newShuffler(config{duplicate: 0.1, seed: 1})
	got := through(t, s, 1, n)
	twice := 0
	for i, times := range count(got) {
		if times > 2 {
			t.Errorf("datagram %d is sent %d times", i, times)
		}
		if times == 2 {
			twice++
		}
	}
	if len(count(got)) != n || twice != s.repeated || twice < n/20 || twice > n/5 {
		t.Errorf("%d of %d are sent, %d twice, %d counted", len(count(got)), n, twice, s.repeated)
	}
}

func TestShufflerHoldsOneBack(t *testing.T) {
	got, want := through(t, newShuffler(config{lateAt: 3}), 1, 6), []int{0, 1, 3, 4, 5, 2}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := through(t, newShuffler(config{lateAt: 3}), 0, 6); !slices.IsSorted(got) {
		t.Errorf("a packet of an FDT Instance is held back: %v", got)
	}
	s, none := newShuffler(config{lateFDT: true, spareFDT: true}), func([]byte) error { t.Error("sent"); return nil }
	if err := s.pass(packetOf(t, 0), none); err != nil || len(s.held) != 1 {
		t.Errorf("%d held back, %v", len(s.held), err)
	}
}

// A sender that stands still in the midst of a file has nothing released that is to come behind its last packet.
func TestShufflerWaitsForTheLastPacket(t *testing.T) {
	now := time.Unix(1000, 0)
	s, emit := newShuffler(config{lateAt: 1}), func([]byte) error { return nil }
	last := packetOf(t, 1)
	last[1] |= 1 // the B flag
	for i, want := range []time.Duration{pause, pause, idle} {
		b := packetOf(t, 1)
		if i == 2 {
			b = last
		}
		err := s.pass(b, emit)
		if got := s.deadline(now).Sub(now); err != nil || len(s.held) != 1 || got != want {
			t.Errorf("packet %d: %d held back for %v of silence, want %v; %v", i, len(s.held), got, want, err)
		}
	}
}

func TestShufflerSparesFDTInstances(t *testing.T) {
	s := newShuffler(config{reorder: 1, duplicate: 1, spareFDT: true, seed: 1})
	if got := through(t, s, 0, 50); !slices.IsSorted(got) || len(got) != 50 {
		t.Errorf("%v", got)
	}
}

func TestShufflerIsDecidedByItsSeed(t *testing.T) {
	order := func(seed uint64) []int {
		return through(t, newShuffler(config{reorder: 0.2, duplicate: 0.2, seed: seed}), 1, 500)
	}
	if !slices.Equal(order(1), order(1)) || slices.Equal(order(1), order(2)) {
		t.Error("the seed does not decide")
	}
}
