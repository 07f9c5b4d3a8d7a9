package sender

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
)

// TestObjectsBySending: those in transfer are first, by TOI, then the others, by TOI: whatever their priorities, and
// whatever was asked for.
func TestObjectsBySending(t *testing.T) {
	cfg := Config{OTI: fec.OTI{SymbolLength: 10}, Parallel: 8, Queues: map[int8]int{1: 2}}
	s, _ := oneFile(t, cfg, 50)
	for i := range 15 {
		f := File{ContentLocation: fmt.Sprint(i), Content: strings.NewReader(strings.Repeat("x", 50)), Size: 50}
		if f.Priority = 1; i < 8 {
			f.Priority = -1
		}
		addTo(t, s, f)
	}
	for s.Stats().Packets-s.Stats().FDTPackets < 11 {
		if _, ok, err := s.AppendNext(nil, start); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	done := map[flute.TOI]uint64{}
	for _, q := range s.schedule.queues {
		for _, c := range q.active {
			done[c.object.toi] = c.source
		}
	}
	sending, all := len(done), 16
	if sending != 11 {
		t.Fatalf("%d are in transfer", sending)
	}
	for limit := range 20 {
		list, total := s.Objects(limit)
		if total != all || len(list) != min(limit, total) {
			t.Fatalf("%d: %d of %d", limit, len(list), total)
		}
		byTOI := func(a, b event.ObjectState) int { return a.TOI.Compare(b.TOI) }
		first := list[:min(limit, sending)]
		if !slices.IsSortedFunc(first, byTOI) || !slices.IsSortedFunc(list[len(first):], byTOI) {
			t.Errorf("%d: %+v", limit, list)
		}
		for i, o := range list {
			_, want := done[o.TOI]
			if want != (i < sending) || want != (o.Phase == "sending") || o.Done != done[o.TOI] {
				t.Errorf("%d: %+v", limit, o)
			}
		}
	}
	want := []QueueState{
		{Priority: -1, Files: 8, Sending: 8}, {Priority: 0, Files: 1, Sending: 1}, {Priority: 1, Files: 7, Sending: 2},
	}
	if d := cmp.Diff(want, s.Queues()); d != "" {
		t.Error(d)
	}
}

// TestSooner: what waits for its place only comes before what has a time, and that before what is paused; of two with a
// time the one that resumes first; of two that are alike the one with the lower TOI.
func TestSooner(t *testing.T) {
	at := func(state objectState, resume time.Duration, paused bool, toi uint64) *object {
		return &object{state: state, resume: start.Add(resume), paused: paused, toi: flute.NewTOI(toi)}
	}
	order := []*object{
		at(pending, 9, false, 7), at(changed, 0, false, 8), at(waiting, 1, false, 5), at(waiting, 1, false, 6),
		at(waiting, 2, false, 1), at(waiting, 0, true, 2), at(pending, 0, true, 3),
	}
	for i, a := range order {
		for j, b := range order {
			if got := bySchedule(a, b); got < 0 != (i < j) || got > 0 != (i > j) {
				t.Errorf("%d and %d: %d", i, j, got)
			}
		}
	}
}

// TestObjectsByTurn: of what is not in transfer, what is due first comes first.
func TestObjectsByTurn(t *testing.T) {
	s, _ := oneFile(t, Config{OTI: fec.OTI{SymbolLength: 10}}, 50)
	var tois []flute.TOI
	for i := range 3 {
		tois = append(tois, addTo(t, s, File{ContentLocation: fmt.Sprint(i), Content: strings.NewReader("x"), Size: 1}))
	}
	if !s.PauseObject(tois[0], true) {
		t.Fatal("it cannot be paused")
	}
	list, n := s.Objects(10)
	if n != 4 || len(list) != 4 || list[1].TOI != tois[1] || list[2].TOI != tois[2] || list[3].TOI != tois[0] {
		t.Errorf("%d: %+v", n, list)
	}
}

// TestSoonestIsBounded: of those that were given so many stay, and each of the others comes back once.
func TestSoonestIsBounded(t *testing.T) {
	for limit := range 6 {
		s := soonest{limit: limit}
		left := map[*object]bool{}
		for i := range 5 {
			o := &object{state: waiting, resume: start.Add(time.Duration(i * 3 % 5)), toi: flute.NewTOI(uint64(i + 1))}
			if l := s.add(o); l != nil {
				left[l] = true
			}
		}
		if len(s.heap) != min(limit, 5) || len(left) != 5-len(s.heap) {
			t.Fatalf("limit %d: %d taken, %d left", limit, len(s.heap), len(left))
		}
		for o := range left {
			if o.resume.Sub(start) < time.Duration(limit) {
				t.Errorf("limit %d: %v is left", limit, o.resume.Sub(start))
			}
		}
		for n := min(limit, 5); n >= 0; n-- {
			got := s.first(n)
			if len(got) != n {
				t.Fatalf("limit %d: %d of %d", limit, len(got), n)
			}
			for _, o := range got {
				if o.resume.Sub(start) >= time.Duration(n) {
					t.Errorf("limit %d: %v is one of the first %d", limit, o.resume.Sub(start), n)
				}
			}
		}
	}
}

// TestQueuesPaused: a queue is paused if it is, or if all of its session is.
func TestQueuesPaused(t *testing.T) {
	s, _ := oneFile(t, Config{OTI: fec.OTI{SymbolLength: 8}}, 100)
	for _, c := range [][2]bool{{false, false}, {true, false}, {false, true}, {true, true}} {
		s.schedule.queues[0].paused, s.paused = c[0], c[1]
		if got := s.Queues()[0].Paused; got != (c[0] || c[1]) {
			t.Errorf("queue %v, session %v: paused %v", c[0], c[1], got)
		}
	}
}
