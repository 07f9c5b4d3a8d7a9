package outbox

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"os"
	"testing"
	"time"
)

// FuzzDamage: bytes of the file that are not as they were written end no process, and hang none: the outbox opens, on
// what is there or on a new file, and takes what comes.
func FuzzDamage(f *testing.F) {
	whole := withLetters(f)
	f.Add([]byte{0, 0, 0})
	f.Add([]byte{0x20, 0x10, 1, 0x30, 0x08, 0xff, 0x30, 0x09, 0xff}) // a page of another type, one of more keys
	f.Fuzz(func(t *testing.T, changes []byte) {
		b := bytes.Clone(whole)
		for ; len(changes) >= 3; changes = changes[3:] {
			b[int(binary.BigEndian.Uint16(changes))%len(b)] ^= changes[2]
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
	})
}

// withLetters returns a file with items that wait, with dead letters, and with what was delivered.
func withLetters(f *testing.F) []byte {
	f.Helper()
	w := newWorld(f)
	o := w.open()
	o.Set("b", &taker{do: func(context.Context, *File) error { return &RejectedError{errors.New("no")} }}, terms)
	o.Set("c", &taker{}, terms)
	for n := range 40 {
		w.receive(o, []string{"a", "b", "c"}[n%3:n%3+1], n)
	}
	for i := 0; len(w.outcomes()) < 26 && i < 30_000; i++ {
		time.Sleep(time.Millisecond)
	}
	w.end(o)
	b, err := os.ReadFile(w.cfg.Path)
	if err != nil {
		f.Fatal(err)
	}
	return b
}
