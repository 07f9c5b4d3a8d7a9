package receiver

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/store/storetest"
)

// TestPublish: Choice.Publish is called once for each file that is published, with its path, and the object is complete
// after it. What it does wrong harms its file only.
func TestPublish(t *testing.T) {
	errFull := errors.New("no space left")
	r := &rig{}
	published := map[string]bool{} // by name, what the store had before and after publish
	hooks := map[string]func(publish func() (string, error)) error{
		"good": func(publish func() (string, error)) error {
			published["before"] = slices.Contains(r.store.Files(), "good")
			path, err := publish()
			again, _ := publish()
			published["after"] = slices.Contains(r.store.Files(), "good")
			if path != "good" || again != path || err != nil {
				t.Errorf("published %q and %q, %v", path, again, err)
			}
			if n := len(eventsOf[event.ObjectCompleted](r)); n != 0 {
				t.Errorf("%d objects are complete already", n)
			}
			return nil
		},
		"failed": func(publish func() (string, error)) error {
			_, _ = publish()
			return errTaker
		},
		"forgotten": func(func() (string, error)) error { return nil },
		"panics":    func(func() (string, error)) error { panic("boom") },
		"full": func(publish func() (string, error)) error {
			_, err := publish()
			return fmt.Errorf("after: %w", err)
		},
		"taken": func(func() (string, error)) error {
			t.Error("called for a file that is not published")
			return nil
		},
	}
	r = newRig(t, func(c *Config) {
		c.Store = &storetest.Faulty{Store: c.Store, Before: func(c storetest.Call) error {
			if c.Method == "Publish" && c.Name == "full" {
				return errFull
			}
			return nil
		}}
		c.Choose = func(o Offer) Choice {
			name := o.File.ContentLocation
			choice := Choice{Publish: hooks[name]}
			if name == "taken" {
				choice.Consumer = &taker{}
			}
			return choice
		}
	})
	var files []source
	for i, name := range []string{"good", "failed", "forgotten", "panics", "full", "taken", "plain"} {
		files = append(files, source{name: name, content: random(5000, uint64(i))})
	}
	r.feed(transmit(t, sender.Config{Session: key}, files...)...)
	if diff := cmp.Diff(map[string]bool{"before": false, "after": true}, published); diff != "" {
		t.Errorf("there (-want +got):\n%s", diff)
	}
	type failure struct {
		Reason event.FailReason
		Detail string
		Retry  bool
	}
	got := map[string]failure{}
	for _, e := range eventsOf[event.ObjectFailed](r) {
		what, _, _ := strings.Cut(e.Detail, " at receiver.")
		got[e.ContentLocation] = failure{e.Reason, what, e.Retry}
	}
	want := map[string]failure{
		"failed":    {event.FailConsumer, "taker: no", false},
		"forgotten": {event.FailConsumer, "receiver: Choice.Publish has not published the file", false},
		"panics":    {event.FailConsumer, "receiver: Choice.Publish panicked: boom", false},
		"full":      {event.FailStore, "no space left", true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("failed (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"failed", "good", "plain"}, r.store.Files()); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	r.close()
}

// TestKeptOnce: a Consumer is given a file once, although publishing it fails and is tried again with the next turn of
// the carousel.
func TestKeptOnce(t *testing.T) {
	c := &taker{}
	failures := 2
	r := newRig(t, func(cfg *Config) {
		cfg.Store = &storetest.Faulty{Store: cfg.Store, Before: func(c storetest.Call) error {
			if c.Method == "Publish" && failures > 0 {
				failures--
				return errors.New("no space left")
			}
			return nil
		}}
		cfg.Choose = func(Offer) Choice { return Choice{Consumer: c, Keep: true} }
	})
	want := random(5000, 1)
	packets := transmit(t, sender.Config{Session: key}, source{name: "a", content: want})
	for range 4 {
		r.feed(packets...)
		r.wait(restStore)
	}
	r.file("a", want)
	if failures > 0 || len(eventsOf[event.ObjectCompleted](r)) != 1 {
		t.Errorf("%d failures are left; completed: %v", failures, eventsOf[event.ObjectCompleted](r))
	}
	if diff := cmp.Diff([]string{"open", "write", "commit"}, c.calls); diff != "" || c.Len() != len(want) {
		t.Errorf("%d bytes; calls (-want +got):\n%s", c.Len(), diff)
	}
	r.close()
}

// TestTakenEachTurn: a file that is received again is given again.
func TestTakenEachTurn(t *testing.T) {
	c := &taker{}
	r := newRig(t, func(cfg *Config) {
		cfg.Selection.Again = AgainAlways
		cfg.Choose = func(Offer) Choice { return Choice{Consumer: c, Keep: true} }
	})
	packets := transmit(t, sender.Config{Session: key}, source{name: "a", content: random(5000, 1)})
	for range 3 {
		r.feed(packets...)
		r.wait(turnPause)
	}
	if c.Len() != 3*5000 {
		t.Errorf("%d bytes were taken, want those of 3 turns", c.Len())
	}
	r.close()
}
