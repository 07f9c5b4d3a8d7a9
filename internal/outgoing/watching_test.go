package outgoing

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/watch"
	"github.com/flute-node/flute-node/node"
)

// numbering fails at first to forget a file.
type numbering struct {
	failed    bool
	forgotten []string
}

func (*numbering) Number(context.Context, *node.Sending, *sender.File) (bool, error) {
	return false, nil
}

func (n *numbering) Forget(_ context.Context, location string) error {
	if !n.failed {
		n.failed = true
		return errors.New("away")
	}
	n.forgotten = append(n.forgotten, location)
	return nil
}

// TestForgetAgain: a file that is gone, and whose number could not be forgotten, is told of again by the watcher. Then
// its number is.
func TestForgetAgain(t *testing.T) {
	n := &numbering{}
	w := &Watching{Numbers: n, locations: map[string]string{"a": "file:///a"}}
	gone := watch.Change{Name: "a", Removed: true}
	if err := w.change(t.Context(), gone); err == nil {
		t.Error("the first try has not failed")
	}
	for range 2 {
		if err := w.change(t.Context(), gone); err != nil {
			t.Error(err)
		}
	}
	if fmt.Sprint(n.forgotten) != "[file:///a]" || len(w.locations) > 0 {
		t.Errorf("%q is forgotten, %v is known", n.forgotten, w.locations)
	}
}

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
