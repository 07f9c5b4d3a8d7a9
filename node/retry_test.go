package node

import (
	"bytes"
	"io"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/simnet"
	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/storetest"
)

// briefly is a store whose method fails for want of space until a moment.
func briefly(st store.Store, until time.Time, method string) store.Store {
	return &storetest.Faulty{Store: st, Before: func(c storetest.Call) error {
		if c.Method == method && time.Now().Before(until) {
			return syscall.ENOSPC
		}
		return nil
	}}
}

// arrived checks that every file has arrived with its bytes, after failures that all said that it is tried again, and
// returns how many failures of each reason there were.
func (w *world) arrived() map[event.FailReason]int {
	w.t.Helper()
	completed, failures := map[string]bool{}, map[event.FailReason]int{}
	for _, e := range w.take() {
		switch e := e.(type) {
		case event.ObjectCompleted:
			if !e.Sending {
				completed[e.Path] = true
			}
		case event.ObjectFailed:
			if e.Sending {
				continue
			}
			if failures[e.Reason]++; !e.Retry {
				w.t.Errorf("%s failed for good: %s: %s", e.ContentLocation, e.Reason, e.Detail)
			}
		}
	}
	for name, want := range w.sent {
		if got, ok := w.store.Get(name); !ok || !bytes.Equal(got, want) || !completed[name] {
			w.t.Errorf("%s has not arrived", name)
		}
	}
	return failures
}

// TestFullDiskForSeconds: a disk that is full for two seconds costs the turns of that time, not the files, whichever
// call it fails.
func TestFullDiskForSeconds(t *testing.T) {
	for _, op := range []string{"Create", "WriteAt", "Publish"} {
		t.Run(op, func(t *testing.T) {
			inWorld(t, Config{}, func(w *world) {
				full := briefly(w.store, time.Now().Add(2*time.Second), op)
				w.receive(simnet.Link{}, ReceiveConfig{Store: full})
				s := w.send(1, 20_000_000, sender.Config{
					OTI: repaired, TransferCount: 20, Delay: 500 * time.Millisecond,
				})
				w.add(s, 5, 70_001)
				w.finish(s)
				if failures := w.arrived(); failures[event.FailStore] < 5 {
					t.Errorf("failures: %v", failures)
				}
				w.stop()
				w.accounted()
			})
		})
	}
}

// flipping is content of which one byte is wrong in the second of its readings that are transfers: those before read it
// for its digests.
type flipping struct {
	content  []byte
	at       int64
	readings atomic.Int32
	wrong    int32
}

func (f *flipping) ReadAt(p []byte, off int64) (int, error) {
	n, err := bytes.NewReader(f.content).ReadAt(p, off)
	if i := f.at - off; i >= 0 && i < int64(n) && f.readings.Add(1) == f.wrong {
		p[i] ^= 1
	}
	return n, err
}

// TestFlippedBitInCarousel: a file with one flipped bit in its first turn is there after the second one.
func TestFlippedBitInCarousel(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		w.receive(simnet.Link{}, ReceiveConfig{})
		s := w.send(1, 20_000_000, sender.Config{TransferCount: 3})
		data := randomBytes(1, 300_000)
		w.sent["flipped"] = data
		f := &flipping{content: data, at: 123_456, wrong: 2}
		if _, err := s.Add(w.ctx, sender.File{
			ContentLocation: "file:///flipped", Content: f, Size: uint64(len(data)),
		}, nil); err != nil {
			t.Fatal(err)
		}
		w.finish(s)
		if failures := w.arrived(); failures[event.FailDigest] != 1 {
			t.Errorf("failures: %v", failures)
		}
	})
}

var _ io.ReaderAt = (*flipping)(nil)

// TestSlowPublicationOfAnOldVersion: the newer version of a file is what stays, also when the older one's publication
// takes longer than the newer one's transfer.
func TestSlowPublicationOfAnOldVersion(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		var first atomic.Bool
		lagging := &storetest.Faulty{Store: w.store, Before: func(c storetest.Call) error {
			if c.Method == "Publish" && first.CompareAndSwap(false, true) {
				time.Sleep(10 * time.Second)
			}
			return nil
		}}
		w.receive(simnet.Link{}, ReceiveConfig{Store: lagging})
		s := w.send(1, 20_000_000, sender.Config{})
		for seed := range uint64(2) {
			w.addNamed(s, "news", seed, 50_000+int(seed))
			time.Sleep(2 * time.Second)
		}
		w.finish(s)
		time.Sleep(time.Minute)
		var sizes []uint64
		for _, e := range w.take() {
			if c, ok := e.(event.ObjectCompleted); ok && !c.Sending {
				sizes = append(sizes, c.Size)
			}
		}
		if len(sizes) != 2 || sizes[0] != 50_000 || sizes[1] != 50_001 {
			t.Errorf("completed: %v bytes", sizes)
		}
		if got, _ := w.store.Get("1/news"); !bytes.Equal(got, w.sent["1/news"]) {
			t.Errorf("what stays has %d bytes", len(got))
		}
	})
}
