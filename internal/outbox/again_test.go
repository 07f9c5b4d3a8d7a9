package outbox

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// again publishes file 1 as it was received at a second, and has it enter the outbox.
func (w *world) again(o *Outbox, second int64) {
	w.t.Helper()
	f := w.file(1)
	err := o.Around(f, []string{"a"}, time.Now(), func() (string, error) {
		name, err := w.publish(f)()
		if err != nil {
			return "", err
		}
		at := time.Unix(second, 0)
		return name, os.Chtimes(filepath.Join(w.dir, name), at, at)
	})
	if err != nil {
		w.t.Error(err)
	}
}

// TestReceivedAgain: an object that is received again takes the place of the file that waits for a sink. That is what
// the sink is to get, once: it is no other version.
func TestReceivedAgain(t *testing.T) {
	content := terms
	content.Content = true
	for _, c := range []struct {
		name string
		do   func(t *testing.T, w *world, o *Outbox, sink *taker)
		want counts
	}{
		{"while it waits", func(_ *testing.T, w *world, o *Outbox, sink *taker) {
			w.again(o, 1)
			w.again(o, 2)
			o.Set("a", sink, content)
		}, counts{Delivered: 1, Duplicate: 1}},
		{"while it is a dead letter", func(t *testing.T, w *world, o *Outbox, sink *taker) {
			var first sync.Once
			sink.do = func(context.Context, *File) (err error) {
				first.Do(func() { err = &RejectedError{context.Canceled} })
				return err
			}
			o.Set("a", sink, content)
			w.again(o, 1)
			time.Sleep(time.Minute)
			w.again(o, 2)
			if n, err := o.Replay("a", ""); n != 1 || err != nil {
				t.Error(n, err)
			}
		}, counts{Delivered: 1, Duplicate: 1, Rejected: 1}},
		{"while it is tried", func(_ *testing.T, w *world, o *Outbox, sink *taker) {
			var first sync.Once
			sink.do = func(_ context.Context, f *File) (err error) {
				first.Do(func() {
					w.again(o, 2)
					err = f.check()
				})
				return err
			}
			o.Set("a", sink, content)
			w.again(o, 1)
		}, counts{Delivered: 1, Duplicate: 1, Superseded: 1}},
		{"while a try fails", func(_ *testing.T, w *world, o *Outbox, sink *taker) {
			var first sync.Once
			sink.do = func(context.Context, *File) (err error) {
				first.Do(func() {
					w.again(o, 2)
					err = context.Canceled
				})
				return err
			}
			o.Set("a", sink, content)
			w.again(o, 1)
		}, counts{Delivered: 1, Duplicate: 1, Retried: 1}},
		{"after another version", func(t *testing.T, w *world, o *Outbox, sink *taker) {
			w.again(o, 1)
			if err := os.WriteFile(filepath.Join(w.dir, "f1"), []byte("another version"), 0o600); err != nil {
				t.Fatal(err)
			}
			o.Set("a", sink, content)
			time.Sleep(time.Minute)
			w.again(o, 2)
		}, counts{Delivered: 1, Superseded: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				o := w.open()
				c.do(t, w, o, &taker{})
				time.Sleep(time.Minute)
				if s := state(t, o, "a"); s.counts != c.want || s.Waiting != 0 || s.Dead != 0 {
					t.Errorf("%+v", s)
				}
				if _, room := o.States(); room.Items != 0 || room.Bytes != 0 {
					t.Errorf("%+v", room)
				}
				w.end(o)
			})
		})
	}
}
