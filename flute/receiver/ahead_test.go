package receiver_test

import (
	"bytes"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/store/mem"
)

// sessionOf returns a session that sends the content once under each name, with its MD5.
func sessionOf(t *testing.T, content []byte, names ...string) *sender.Session {
	t.Helper()
	s, err := sender.New(sender.Config{Session: flute.SessionKey{TSI: 1}, Registry: schemes.Default()})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		o, err := sender.Prepare(t.Context(), sender.File{
			ContentLocation: name, Content: bytes.NewReader(content), Size: uint64(len(content)),
			Digests: sender.DigestMD5,
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Add(o); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// handAll hands r the datagrams of s until all files are sent, and calls handled after each. It returns when that was.
func handAll(t *testing.T, s *sender.Session, r *receiver.Receiver, handled func()) time.Time {
	t.Helper()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for s.Stats().Pending > 0 {
		b, ok, err := s.AppendNext(nil, now)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			now = s.Deadline()
			continue
		}
		r.Handle(now, flute.SessionKey{TSI: 1}, b)
		handled()
	}
	return now
}

// With Spawn digests are computed on other goroutines, and nothing else changes: when Handle has taken the last
// datagram the file is there.
func TestSpawn(t *testing.T) {
	content := make([]byte, 20<<20)
	_, _ = rand.NewChaCha8([32]byte{}).Read(content)
	s := sessionOf(t, content, "a", "b")
	var spawned atomic.Int64
	files := mem.New()
	r, err := receiver.New(receiver.Config{
		Registry: schemes.Default(), Store: files,
		Spawn: func(f func()) { spawned.Add(1); go f() },
	})
	if err != nil {
		t.Fatal(err)
	}
	sent := uint64(0)
	now := handAll(t, s, r, func() {
		if s.Stats().Completed == sent {
			return
		}
		sent = s.Stats().Completed
		completed := uint64(0)
		for _, e := range r.Events() {
			if c, ok := e.(event.ObjectCompleted); ok {
				completed++
				if got, _ := files.Take(c.Path); !bytes.Equal(got, content) || len(c.Verified) == 0 {
					t.Errorf("%s: the bytes differ, or nothing is verified: %v", c.Path, c.Verified)
				}
			}
		}
		if completed != 1 {
			t.Fatalf("%d objects are complete after the last datagram of one", completed)
		}
	})
	if spawned.Load() == 0 {
		t.Error("nothing was spawned")
	}
	r.Close(now)
	r.Advance(now)
}

// With Spawn an object of a few MiB is hashed while it comes, too: Handle waits for what is left when it is whole.
func TestSpawnSoon(t *testing.T) {
	content := make([]byte, 5<<20)
	s := sessionOf(t, content, "a")
	var spawned atomic.Int64
	files := mem.New()
	r, err := receiver.New(receiver.Config{
		Registry: schemes.Default(), Store: files, Spawn: func(f func()) { spawned.Add(1); f() },
	})
	if err != nil {
		t.Fatal(err)
	}
	now := handAll(t, s, r, func() {})
	if got, _ := files.Take("a"); len(got) != len(content) || spawned.Load() < 4 {
		t.Errorf("%d bytes, hashed in %d steps before the end", len(got), spawned.Load())
	}
	r.Close(now)
	r.Advance(now)
}
