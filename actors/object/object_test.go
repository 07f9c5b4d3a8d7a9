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
