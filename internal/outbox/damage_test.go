package outbox

import (
	"bytes"
	"context"
	"errors"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// TestDamagedBytes: bytes of the file that are not as they were written end no process: the outbox opens, on what is
// there or on a new file, and takes what comes. It is no target of fuzzing: see what doc.go says of the library.
func TestDamagedBytes(t *testing.T) {
	whole := withLetters(t)
	for _, changes := range []map[int]byte{ // bits by offset
		{},
		{0x2010: 1, 0x3008: 0xff, 0x3009: 0xff}, // a page of another type, one of more keys
	} {
		b := bytes.Clone(whole)
		for at, bits := range changes {
			b[at] ^= bits
		}
		w := newWorld(t)
		if err := os.WriteFile(w.cfg.Path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		o := w.open()
		defer w.end(o)
		o.searching.Wait()
		o.Set("a", &taker{}, terms)
		for _, sink := range []string{"a", "b"} {
			if list, _, err := o.Dead(sink, "", 3); err == nil && len(list) > 3 {
				t.Errorf("%d letters", len(list))
			}
			_, _ = o.Replay(sink, "")
			_, _ = o.Discard(sink, "")
		}
		file := w.file(1000)
		_ = o.Around(file, []string{"a"}, time.Now(), w.publish(file))
		o.States()
	}
}

// TestDamagedRoot: a page from which a bucket is gone that others point to has the file put aside, as any damage.
func TestDamagedRoot(t *testing.T) {
	const pageSize, header, element = 4096, 16, 16
	whole := withLetters(t)
	aside := 0
	for page := range len(whole) / pageSize {
		for end := header + element; end < header+5*element; end += element {
			b := bytes.Clone(whole)
			b[page*pageSize+end-element+7] ^= 0x30 // where the key of a leaf stands
			w := newWorld(t)
			if err := os.WriteFile(w.cfg.Path, b, 0o600); err != nil {
				t.Fatal(err)
			}
			o := w.open()
			if o.disk.brokenAt != "" {
				aside++
			}
			w.receive(o, []string{"a"}, 1)
			w.end(o)
		}
	}
	if aside == 0 {
		t.Error("no damage was noticed")
	}
}

// withLetters returns a file with items that wait, with dead letters, and with what was delivered.
func withLetters(t *testing.T) (b []byte) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		o := w.open()
		o.Set("b", &taker{do: func(context.Context, *File) error { return &RejectedError{errors.New("no")} }}, terms)
		o.Set("c", &taker{}, terms)
		for n := range 40 {
			w.receive(o, []string{"a", "b", "c"}[n%3:n%3+1], n)
		}
		time.Sleep(time.Minute)
		for sink, want := range map[string]counts{"b": {Rejected: 13}, "c": {Delivered: 13}} {
			if s := state(t, o, sink); s.counts != want {
				t.Errorf("%s: %+v", sink, s)
			}
		}
		w.end(o)
		var err error
		if b, err = os.ReadFile(w.cfg.Path); err != nil {
			t.Fatal(err)
		}
	})
	return b
}
