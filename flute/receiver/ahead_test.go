package receiver_test

import (
	"bytes"
	"context"
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

// With Spawn digests are computed on other goroutines, and nothing else changes: when Handle has taken the last
// datagram the file is there.
func TestSpawn(t *testing.T) {
	content := make([]byte, 20<<20)
	_, _ = rand.NewChaCha8([32]byte{}).Read(content)
	s, err := sender.New(sender.Config{Session: flute.SessionKey{TSI: 1}, Registry: schemes.Default()})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b"} {
		o, err := sender.Prepare(context.Background(), sender.File{
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
	var spawned atomic.Int64
	files := mem.New()
	r, err := receiver.New(receiver.Config{
		Registry: schemes.Default(), Store: files,
		Spawn: func(f func()) { spawned.Add(1); go f() },
	})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	sent := uint64(0)
	for s.Stats().Completed < 2 {
		b, ok, err := s.AppendNext(nil, now)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			now = s.Deadline()
			continue
		}
		r.Handle(now, flute.SessionKey{TSI: 1}, b)
		if done := s.Stats().Completed; done > sent {
			sent = done
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
		}
	}
	if spawned.Load() == 0 {
		t.Error("nothing was spawned")
	}
	r.Close(now)
	r.Advance(now)
}
