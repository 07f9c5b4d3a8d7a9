package assembly

import (
	"net/netip"
	"sync"
	"time"

	"github.com/flute-node/flute-node/fec"
)

// heavyWork is from how many multiplications of bytes on the decoding of a source block is heavy: some tenths of a
// second. What came for a block pays for as many as its symbols that were lost: with Reed-Solomon over GF(2^8) never
// for more than 255 a byte, over larger fields for up to 16,384. Codes with a fec.Solver are in proportion to the
// block.
const heavyWork = 1 << 31

// PermitTimeout is how long a source keeps its place in the order of permits without asking. It asks each RetryAfter.
const PermitTimeout = 10 * RetryAfter

// Labour gives permits for heavy decoding, fewer at once than there are workers, so that a worker is left for all else.
// Next comes the source that has had the least of it. It is safe for concurrent use.
type Labour struct {
	mu      sync.Mutex
	permits int                      // free
	done    map[netip.Addr]uint64    // work of each source so far
	waiting map[netip.Addr]time.Time // when a source asked last
}

// maxCounted bounds the sources whose work is remembered.
const maxCounted = 1 << 12

// NewLabour returns the permits for so many workers: one less, but one at least.
func NewLabour(workers int) *Labour {
	return &Labour{permits: max(1, workers-1), done: map[netip.Addr]uint64{}, waiting: map[netip.Addr]time.Time{}}
}

// Permit is the right to one heavy decoding.
type Permit struct{ labour *Labour }

// Take returns a permit for work of source, or nil when there is none now, or another source comes before.
func (l *Labour) Take(now time.Time, source netip.Addr, work uint64) *Permit {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting[source] = now
	for s, asked := range l.waiting {
		switch {
		case now.Sub(asked) > PermitTimeout:
			delete(l.waiting, s)
		case l.done[s] < l.done[source]:
			return nil
		}
	}
	if l.permits == 0 {
		return nil
	}
	l.permits--
	delete(l.waiting, source)
	if len(l.done) >= maxCounted {
		clear(l.done)
	}
	l.done[source] += work
	return &Permit{l}
}

// End gives the permit back. It does nothing for nil.
func (p *Permit) End() {
	if p == nil {
		return
	}
	p.labour.mu.Lock()
	defer p.labour.mu.Unlock()
	p.labour.permits++
}

// workOf returns how many multiplications of bytes it takes to recover the block.
func workOf(oti *fec.OTI, b *block) uint64 {
	if _, ok := b.decoder.(fec.Solver); ok {
		return uint64(b.k) * uint64(oti.SymbolLength)
	}
	return uint64(b.k) * uint64(b.k-b.sources) * uint64(oti.SymbolLength)
}
