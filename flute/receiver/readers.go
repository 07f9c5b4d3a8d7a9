package receiver

import (
	"net/netip"
	"sync"
	"time"

	"github.com/flute-node/flute-node/store"
)

const (
	// maxCounted bounds the sources whose work is remembered.
	maxCounted = 1 << 12
	// readFactor is up to how many bytes of a document are paid for by one that was received of it. A document costs
	// 0.05 to 0.2 microseconds a byte. By gzip, File entries that differ in names and digests become eight times
	// smaller, an attacker's a thousand times.
	readFactor = 8
	// readTime is in what time a document of the greatest length may be read that is not paid for.
	readTime = 8 * time.Second
	// readMemory is how much memory for one byte of the greatest document all sessions together may use to read: enough
	// for one such document, that it was made of, and many usual ones. It lies outside of Config.Budget, so that a
	// session whose objects have spent that still learns what they are.
	readMemory = 24
)

// readers bounds the work and the memory that the reading of FDT Instances takes, for all sessions that share a Config.
// It is safe for concurrent use.
type readers struct {
	memory *store.Budget
	limit  int64 // greatest length of a document

	mu      sync.Mutex
	sources map[netip.Addr]*allowance
}

// allowance bounds the work of one source on documents that are not paid for, in their bytes: one is read unless more
// was read before than was allowed, else as soon as that is made good. It is for a source, since sessions cost a source
// nothing.
type allowance struct {
	bytes int64     // that may be read; below zero after a document that was longer
	at    time.Time // when it was so
}

func newReaders(limit int) *readers {
	return &readers{
		memory: store.NewBudget(readMemory*uint64(limit), nil), limit: int64(limit),
		sources: map[netip.Addr]*allowance{},
	}
}

// of returns the allowance of source: at first, for a document of the greatest length. The caller must hold the lock.
func (r *readers) of(source netip.Addr) *allowance {
	a := r.sources[source]
	if a == nil {
		if len(r.sources) >= maxCounted {
			clear(r.sources)
		}
		a = &allowance{bytes: r.limit}
		r.sources[source] = a
	}
	return a
}

// take counts a document that is read and not paid for.
func (r *readers) take(source netip.Addr, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.of(source).bytes -= int64(n)
}

// ready returns when the next document of source may be read that is not paid for: now, or a moment that is later.
func (r *readers) ready(source netip.Addr, now time.Time) time.Time {
	const millis = int64(readTime / time.Millisecond)
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.of(source)
	if a.at.IsZero() {
		a.at = now
	}
	if passed := min(now.Sub(a.at).Milliseconds(), 8*millis); passed > 0 {
		a.bytes, a.at = min(r.limit, a.bytes+r.limit*passed/millis), now
	}
	if a.bytes >= 0 {
		return now
	}
	return now.Add(time.Duration(1-a.bytes*millis/r.limit) * time.Millisecond)
}
