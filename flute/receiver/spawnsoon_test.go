package receiver_test

import (
	"bytes"
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/store/mem"
)

// With Spawn an object of a few MiB is hashed while it comes, too: Handle waits for what is left when it is whole.
func TestSpawnSoon(t *testing.T) {
	s, err := sender.New(sender.Config{Session: flute.SessionKey{TSI: 1}, Registry: schemes.Default()})
	if err != nil {
		t.Fatal(err)
	}
	const size = 5 << 20
	o, err := sender.Prepare(context.Background(), sender.File{
		ContentLocation: "a", Content: bytes.NewReader(make([]byte, size)), Size: size, Digests: sender.DigestMD5,
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Add(o); err != nil {
		t.Fatal(err)
	}
	var spawned atomic.Int64
	files := mem.New()
	r, err := receiver.New(receiver.Config{
		Registry: schemes.Default(), Store: files, Spawn: func(f func()) { spawned.Add(1); f() },
	})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for s.Stats().Completed == 0 {
		b, ok, err := s.AppendNext(nil, now)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			now = s.Deadline()
			continue
		}
		r.Handle(now, flute.SessionKey{TSI: 1}, b)
	}
	if got, _ := files.Take("a"); len(got) != size || spawned.Load() < 4 {
		t.Errorf("%d bytes, hashed in %d steps before the end", len(got), spawned.Load())
	}
	r.Close(now)
	r.Advance(now)
}
