package socket

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/flute-node/flute-node/internal/slab"
)

// fanout is the Router of several: each datagram goes to the owners that any of them has for it. One may be added and
// removed while datagrams come. add, remove and Warnings are safe for concurrent use; the rest belongs to the reader,
// as with any Router.
type fanout struct {
	mu      sync.Mutex               // of changes
	all     atomic.Pointer[[]branch] // not changed in place
	reading chan struct{}            // holds one while the reader handles what a read has brought
	now     []branch                 // during a read: those that get it
}

// branch is one of the Routers.
type branch struct {
	router Router
	read   func(n int) // told of each read
}

// newFanout returns a fanout without Routers.
func newFanout() *fanout {
	s := &fanout{reading: make(chan struct{}, 1)}
	s.all.Store(&[]branch{})
	return s
}

// add adds a Router. read is told how many datagrams each read brings, before they are routed.
func (s *fanout) add(r Router, read func(n int)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := append(slices.Clone(*s.all.Load()), branch{r, read})
	s.all.Store(&list)
}

// remove removes a Router. It waits for the end of the read that is being handled: afterwards the Router is not called.
func (s *fanout) remove(r Router) {
	s.mu.Lock()
	list := slices.DeleteFunc(slices.Clone(*s.all.Load()), func(b branch) bool { return b.router == r })
	s.all.Store(&list)
	s.mu.Unlock()
	s.reading <- struct{}{}
	<-s.reading
}

// begin notes a read of n datagrams. Its end must follow.
func (s *fanout) begin(n int) {
	s.reading <- struct{}{}
	s.now = *s.all.Load()
	for i := range s.now {
		s.now[i].read(n)
	}
}

func (s *fanout) end() {
	s.now = nil
	<-s.reading
}

// Route implements Router.
func (s *fanout) Route(now time.Time, d *slab.Datagram) (first *Flow) {
	var last *Flow
	for i := range s.now {
		r := s.now[i].router
		f := r.Route(now, d)
		if f == nil {
			continue
		}
		f.router, f.next = r, nil
		if last == nil {
			first = f
		} else {
			last.next = f
		}
		last = f
	}
	return first
}

// Owners implements Router.
func (s *fanout) Owners() (n int) {
	for _, b := range s.now {
		n += b.router.Owners()
	}
	return n
}

// Lose implements Router.
func (s *fanout) Lose(n int, why Loss) {
	for _, b := range s.now {
		b.router.Lose(n, why)
	}
}

// Warnings implements Router.
func (s *fanout) Warnings() (texts []string) {
	for _, b := range *s.all.Load() {
		texts = append(texts, b.router.Warnings()...)
	}
	return texts
}

// Add has r decide of the datagrams, beside those that were added before, if Config.Router is nil. read is told how
// many datagrams each read brings, before they are routed.
func (e *Endpoint) Add(r Router, read func(n int)) { e.fanout.add(r, read) }

// Remove ends what Add has begun. It waits for the end of the read that is being handled: afterwards r is not called.
func (e *Endpoint) Remove(r Router) { e.fanout.remove(r) }
