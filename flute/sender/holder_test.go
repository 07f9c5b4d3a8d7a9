package sender

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/flute-node/flute-node/fec/schemes"
)

// TestWhoHoldsAnObject: an Object is discarded or added, whichever comes first, and what it owns is closed once.
func TestWhoHoldsAnObject(t *testing.T) {
	c := &closes{ReaderAt: bytes.NewReader([]byte("abc"))}
	prepare := func(owned bool) *Object {
		f := File{ContentLocation: "file:///a", Content: c, Size: 3, Owned: owned}
		o, err := Prepare(context.Background(), f, nil)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	session := func() *Session {
		s, err := New(Config{Registry: schemes.Default()})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	expect := func(what string, closed int) {
		t.Helper()
		if c.closed != closed {
			t.Errorf("%s: closed %d times, want %d", what, c.closed, closed)
		}
		c.closed = 0
	}

	s, o := session(), prepare(true)
	if !o.Discard() || o.Discard() {
		t.Error("Discard takes an Object back once")
	}
	if _, err := s.Add(o); !errors.Is(err, errDiscarded) {
		t.Errorf("Add of what was discarded: %v", err)
	}
	if n := s.Stats().Added; n != 0 {
		t.Errorf("%d files were added", n)
	}
	expect("discarded", 1)

	o = prepare(true)
	if _, err := s.Add(o); err != nil {
		t.Fatal(err)
	}
	if o.Discard() {
		t.Error("what a session has was discarded")
	}
	if _, err := session().Add(o); !errors.Is(err, errHeld) {
		t.Errorf("Add to another session: %v", err)
	}
	if _, err := session().Update(o, AtOnce); !errors.Is(err, errHeld) {
		t.Errorf("Update in another session: %v", err)
	}
	expect("added", 0)
	again := prepare(true)
	if _, err := s.Add(again); !errors.Is(err, errLocation) || again.Discard() {
		t.Errorf("Add of a name that is there: %v", err)
	}
	expect("refused", 1)
	if again = prepare(true); !again.Discard() {
		t.Error("not discarded")
	}
	if _, err := s.Update(again, AtOnce); !errors.Is(err, errDiscarded) {
		t.Errorf("Update with what was discarded: %v", err)
	}
	expect("discarded", 1)
	s.Abort("")
	expect("ended", 1)

	o = prepare(false)
	for range 2 {
		if _, err := session().Add(o); err != nil {
			t.Error("content of the caller, in two sessions:", err)
		}
	}
	expect("of the caller", 0)
}
