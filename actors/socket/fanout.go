package socket

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/flute-node/flute-node/internal/slab"
)

// fanout is the Routers of an Endpoint: each datagram goes to the owners that any of them has for it. One may be added
// and removed while datagrams come. add, remove and warnings are safe for concurrent use; the rest belongs to the
// reader.
type fanout struct {
	mu      sync.Mutex               // of changes
	all     atomic.Pointer[[]branch] // not changed in place
	reading chan struct{}            // holds one while the reader handles what a read has brought
	list    *[]branch                // what all was when the read in hand began; nil: between two reads
	now     []branch                 // during a read: those that get it
}

// branch is one of the Routers.
type branch struct {
	router Router
	read   func(n int) // told of each read; nil: nobody is
}

// newFanout returns a fanout without Routers.
func newFanout() *fanout {
	s := &fanout{reading: make(chan struct{}, 1)}
	s.all.Store(&[]branch{})
	return s
}

// add is [Endpoint.Add].
func (s *fanout) add(r Router, read func(n int)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := append(slices.Clone(*s.all.Load()), branch{r, read})
	s.all.Store(&list)
}

// remove is [Endpoint.Remove]. last is called after the last read that r got, before the next.
func (s *fanout) remove(r Router, last func()) {
	s.mu.Lock()
	list := slices.DeleteFunc(slices.Clone(*s.all.Load()), func(b branch) bool { return b.router == r })
	s.all.Store(&list)
	s.mu.Unlock()
	s.reading <- struct{}{}
	last()
	<-s.reading
}

// begin begins the handling of a read. Its end must follow.
func (s *fanout) begin() {
	s.reading <- struct{}{}
	s.list = s.all.Load()
	s.now = *s.list
}

// tell tells of the n datagrams of the read.
func (s *fanout) tell(n int) {
	for i := range s.now {
		if read := s.now[i].read; read != nil {
			read(n)
		}
	}
}

// changes reports whether Routers were added or removed since the read in hand began, and somebody may wait for its
// end. Between two reads nobody does.
func (s *fanout) changes() bool { return s.list != nil && s.list != s.all.Load() }

func (s *fanout) end() {
	s.list, s.now = nil, nil
	<-s.reading
}

// route returns the Flow of the first owner of d, from which next leads to the others; nil: it is nobody's.
func (s *fanout) route(now time.Time, d *slab.Datagram) (first *Flow) {
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

// owners returns how many owners there are, about.
func (s *fanout) owners() (n int) {
	for _, b := range *s.all.Load() {
		n += b.router.Owners()
	}
	return n
}

// lose has each Router count n datagrams that no owner got.
func (s *fanout) lose(n int, why Loss) {
	for _, b := range s.now {
		b.router.Lose(n, why)
	}
}

// warnings returns those of all Routers.
func (s *fanout) warnings() (texts []string) {
	for _, b := range *s.all.Load() {
		texts = append(texts, b.router.Warnings()...)
	}
	return texts
}

// Add has r decide of the datagrams, beside those that were added before. read is told how many datagrams each read
// brings, before they are routed; nil: nobody is.
func (e *Endpoint) Add(r Router, read func(n int)) { e.fanout.add(r, read) }

// Remove ends what Add has begun. It waits for the end of the read that is being handled: afterwards r is not called.
func (e *Endpoint) Remove(r Router) { e.fanout.remove(r, e.handKept) }
