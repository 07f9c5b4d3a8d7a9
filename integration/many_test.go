package integration

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/node"
	"github.com/flute-node/flute-node/store/mem"
)

// TestManySessions has one node receive 200 sessions at once, each of two files. Each session costs a goroutine, on
// either side, and no more than that.
func TestManySessions(t *testing.T) {
	const (
		sessions = 200
		files    = 2
		size     = 40_000
	)
	group := newGroup(t)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	before := runtime.NumGoroutine()
	n, err := node.Start(node.Config{})
	if err != nil {
		t.Fatal(err)
	}
	st := mem.New()
	ended := n.Subscribe(node.SubscribeOptions{Filter: func(e notice.Event) bool {
		switch e := e.(type) {
		case event.ObjectCompleted:
			return !e.Sending
		case event.ObjectFailed:
			return true
		}
		return false
	}})
	if _, err := n.Receive(t.Context(), node.ReceiveConfig{Group: group, Interface: "lo", Store: st}); err != nil {
		t.Fatal(err)
	}
	contents := map[string][]byte{}
	for i := range sessions {
		s, err := n.Send(t.Context(), node.SendConfig{
			To: group, TSI: flute.TSI(i + 1), Interface: "lo", Rate: 1_000_000,
			Session: sender.Config{TransferCount: -1, Delay: time.Second}, // what is lost comes again
		})
		if err != nil {
			t.Fatal(err)
		}
		for j := range files {
			name := fmt.Sprintf("%d/%d", i+1, j+1)
			b := make([]byte, size)
			_, _ = rand.NewChaCha8(sha256.Sum256([]byte(name))).Read(b)
			contents[name] = b
			if _, err := s.Add(ctx, sender.File{
				ContentLocation: "file:///" + name, Content: bytes.NewReader(b), Size: size,
			}, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	for range sessions * files {
		select {
		case e := <-ended.Events():
			c, ok := e.(event.ObjectCompleted)
			if !ok {
				t.Fatalf("%+v", e)
			}
			if got, _ := st.Take(c.Path); !bytes.Equal(got, contents[c.Path]) {
				t.Fatalf("%s: other bytes than were sent", c.Path)
			}
			delete(contents, c.Path)
		case err := <-n.Failed():
			t.Fatal(err)
		case <-ctx.Done():
			t.Fatalf("%d files are missing", len(contents))
		}
	}
	// All sessions are still open. A timer that fires has a goroutine for a moment, so the least of some samples
	// counts.
	least := runtime.NumGoroutine()
	for range 20 {
		time.Sleep(5 * time.Millisecond)
		least = min(least, runtime.NumGoroutine())
	}
	// One for each session on either side, one for each Sending that waits for its end, and a few of the node.
	if limit := before + 3*sessions + 50; least > limit {
		t.Errorf("%d goroutines, want at most %d", least, limit)
	}
	t.Logf("%d goroutines, %d before", least, before)
	if err := n.Stop(ctx); err != nil {
		t.Error(err)
	}
}
