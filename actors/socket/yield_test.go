package socket_test

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flute-node/flute-node/actors/socket"
	"github.com/flute-node/flute-node/internal/slab"
)

// waitedFor is the only owner of a socket, whose sender waits for it. It uses what it is handed on a goroutine of its
// own.
type waitedFor struct {
	*gatherer
	handed chan struct{}
	used   atomic.Int32
}

func (w *waitedFor) MayLag() bool { return true }

func (w *waitedFor) Offer() int {
	n := w.gatherer.Offer()
	w.handed <- struct{}{}
	return n
}

// fewReads yields so many reads, and notes at each how many the owner has used before.
type fewReads struct {
	source
	owner *waitedFor
	reads int
	used  []int32
	ended chan struct{}
}

func (s *fewReads) ReadBatch(b *slab.Slab, out []slab.Datagram) (int, error) {
	if len(s.used) == s.reads {
		close(s.ended)
		return 0, errClosed
	}
	s.used = append(s.used, s.owner.used.Load())
	return s.source.ReadBatch(b, out)
}

// TestOwnerGoesFirst: an owner that is alone, and whose sender waits, uses what one read brought before the next one,
// although both share a processor: the bytes are in its cache then.
func TestOwnerGoesFirst(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	const reads = 8
	owner := &waitedFor{gatherer: newGatherer(1, 0), handed: make(chan struct{}, reads)}
	owner.flow = socket.NewFlow(owner)
	go func() {
		for range owner.handed {
			owner.used.Add(1)
		}
	}()
	defer close(owner.handed)
	s := &fewReads{
		source: source{[]slab.Datagram{{Data: []byte{0}}}}, owner: owner, reads: reads, ended: make(chan struct{}),
	}
	e := endpoint(owner, s)
	if err := e.Resume(); err != nil {
		t.Fatal(err)
	}
	<-s.ended
	e.Close()
	for i, used := range s.used {
		if int(used) < i-1 { // now and then the scheduler of Go takes the reader all the same
			t.Errorf("before read %d the owner has used %d reads", i, used)
		}
	}
}

// TestFullBufferIsReadFirst: a sender that fills the buffer of the system does not wait, wherever it is. The reader
// reads on then.
func TestFullBufferIsReadFirst(t *testing.T) {
	for name, c := range map[string]struct {
		source socket.Source
		want   bool
	}{
		"room":        {&bufferedSource{full: time.Now().Add(time.Hour)}, true},
		"no room":     {&bufferedSource{}, false},
		"nobody says": {&source{}, true},
	} {
		if got := socket.OwnerFirst(c.source); got != c.want {
			t.Errorf("%s: the owner goes first: %v, want %v", name, got, c.want)
		}
	}
}
