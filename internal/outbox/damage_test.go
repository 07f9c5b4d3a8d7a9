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

// TestDamagedBytes: bytes of the file that are not as they were written end no process: the outbox opens, on what is
// there or on a new file, and takes what comes. It is no target of fuzzing: see what doc.go says of the library.
func TestDamagedBytes(t *testing.T) {
	whole := withLetters(t)
	for _, changes := range [][]byte{
		{0, 0, 0},
		{0x20, 0x10, 1, 0x30, 0x08, 0xff, 0x30, 0x09, 0xff}, // a page of another type, one of more keys
	} {
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
func withLetters(f testing.TB) []byte {
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
