package object

import (
	"reflect"
	"testing"

	"github.com/flute-node/flute-node/flute/event"
)

// TestLatest: of the progress in one turn the last is told, and everything else in its order.
func TestLatest(t *testing.T) {
	at := func(n uint64) event.Event { return event.ObjectProgress{Received: n} }
	got := latest([]event.Event{at(1), at(2), event.ObjectCompleted{}, at(3), event.Warning{}, at(4), at(5)})
	want := []event.Event{at(2), event.ObjectCompleted{}, at(3), event.Warning{}, at(5)}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestAttended: the first report is told to the session, unless that attends, and finds it by itself.
func TestAttended(t *testing.T) {
	l := NewLedger()
	for i, tell := range []bool{true, false} {
		if l.put(&report{}) != tell {
			t.Errorf("report %d: told: %t", i+1, !tell)
		}
	}
	for l.Next() != nil {
		l.Done()
	}
	l.Attend(true)
	if l.put(&report{}) || l.Next() == nil {
		t.Error("who attends is told all the same, or does not find it")
	}
	l.Done()
	l.Attend(false)
	if !l.put(&report{}) {
		t.Error("who does not attend any more is not told")
	}
}
