package outgoing

import (
	"testing"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/internal/watch"
)

// What has ended is forgotten, in whichever way: a folder whose files come and go is watched for years.
func TestWatchingForgets(t *testing.T) {
	watcher, err := watch.New(watch.Config{Folder: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	w := &Watching{Watcher: watcher, changes: map[flute.TOI]watch.Change{}}
	toi := flute.NewTOI(1)
	for _, e := range []event.Event{
		event.ObjectCompleted{TOI: toi},
		event.ObjectFailed{TOI: toi, Reason: event.FailSource},
		event.ObjectFailed{TOI: toi, Reason: event.FailCancelled},
		event.ObjectFailed{TOI: toi, Reason: event.FailSuperseded},
		event.ObjectFailed{TOI: toi, Reason: event.FailClosed},
	} {
		w.changes[toi] = watch.Change{Name: "file"}
		if w.ended(e); len(w.changes) > 0 {
			t.Errorf("%#v: it is kept", e)
			clear(w.changes)
		}
	}
}
