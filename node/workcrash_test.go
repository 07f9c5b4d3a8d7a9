package node

import (
	"strings"
	"testing"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/simnet"
	"github.com/flute-node/flute-node/store"
)

// faulty is a Store of an application with a fault in it.
type faulty struct{ store.Store }

func (faulty) Publish(store.Object, string) (string, error) { panic("a fault of the application") }

// TestCrashOfTheApplicationIsTold: a panic in a Store of the application is told with its stack, and the failure of the
// object says where it was.
func TestCrashOfTheApplicationIsTold(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		w.receive(simnet.Link{}, ReceiveConfig{Store: faulty{w.store}})
		s := w.send(7, 8_000_000, sender.Config{})
		w.addNamed(s, "file", 1, 10_000)
		w.finish(s)
		const where = "node.faulty.Publish"
		const reason = "actors: panic: a fault of the application at " + where + " (node/workcrash_test.go:"
		told, failed := 0, 0
		for _, e := range w.take() {
			switch e := e.(type) {
			case notice.ActorRestarted:
				told++
				if !strings.Contains(e.Actor, "sessions/tsi-7") || e.Outcome != "its work failed" ||
					!strings.HasPrefix(e.Reason, reason) || !strings.Contains(e.Stack, where) {
					t.Errorf("told: %+v", e)
				}
			case event.ObjectFailed:
				failed++
				if !strings.HasPrefix(e.Detail, reason) {
					t.Errorf("failed: %+v", e)
				}
			}
		}
		if told != 1 || failed != 1 {
			t.Errorf("%d crashes and %d failures are told, want 1 of each", told, failed)
		}
		delete(w.sent, "7/file")
	})
}
