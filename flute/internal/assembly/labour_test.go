package assembly

import (
	"net/netip"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
)

func source(n byte) netip.Addr { return netip.AddrFrom4([4]byte{192, 0, 2, n}) }

// A worker is left for all else than heavy work, if there are several.
func TestPermits(t *testing.T) {
	for workers, want := range []int{1, 1, 1, 2, 3} {
		l, got := NewLabour(workers), 0
		var last *Permit
		for p := l.Take(now, source(1), 1); p != nil; p = l.Take(now, source(1), 1) {
			last = p
			got++
		}
		if got != want {
			t.Errorf("%d workers: %d permits, want %d", workers, got, want)
		}
		last.End()
		if l.Take(now, source(1), 1) == nil || l.Take(now, source(1), 1) != nil {
			t.Errorf("%d workers: what was given back is not one permit", workers)
		}
	}
	(*Permit)(nil).End() // of what is not heavy
}

// Next comes the source that has had the least, as long as it asks.
func TestOrderOfPermits(t *testing.T) {
	for name, c := range map[string]struct {
		had   [2]uint64     // work of two sources so far
		since time.Duration // that the other one has asked last; negative: it has not
		want  bool          // the first one gets a permit
	}{
		"more than the other":             {[2]uint64{2, 1}, 0, false},
		"as much":                         {[2]uint64{1, 1}, 0, true},
		"less":                            {[2]uint64{1, 2}, 0, true},
		"nobody else asks":                {[2]uint64{2, 1}, -1, true},
		"the other asked just in time":    {[2]uint64{2, 1}, PermitTimeout, false},
		"the other has not asked since":   {[2]uint64{2, 1}, PermitTimeout + 1, true},
		"more than one that never had it": {[2]uint64{1, 0}, 0, false},
	} {
		l := NewLabour(9)
		for i, work := range c.had {
			if work > 0 {
				l.Take(now, source(byte(i)), work).End()
			}
		}
		if c.since >= 0 {
			l.permits = 0 // so that the other waits
			if l.Take(now, source(1), 1) != nil {
				t.Fatal("there is none")
			}
			l.permits = 8
		}
		if got := l.Take(now.Add(c.since), source(0), 1) != nil; got != c.want {
			t.Errorf("%s: a permit: %v", name, got)
		}
		if c.since > PermitTimeout && len(l.waiting) != 0 {
			t.Errorf("%s: %d sources wait", name, len(l.waiting))
		}
	}
	// Who has got one waits no longer; who was refused does.
	l := NewLabour(9)
	l.Take(now, source(0), 5).End()
	if p := l.Take(now, source(1), 1); p == nil || l.Take(now, source(0), 1) == nil {
		t.Error("a source that has its permit keeps others from theirs")
	}
	if len(l.waiting) != 0 {
		t.Errorf("%d sources wait, none should", len(l.waiting))
	}
}

// The sources whose work is remembered are bounded: beyond that all begin anew.
func TestWorkIsForgotten(t *testing.T) {
	l := NewLabour(2)
	for i := range maxCounted {
		addr := netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})
		l.Take(now, addr, 1).End()
		if len(l.done) != i+1 {
			t.Fatalf("%d sources are remembered of %d", len(l.done), i+1)
		}
	}
	if l.Take(now, source(1), 7).End(); len(l.done) != 1 || l.done[source(1)] != 7 {
		t.Errorf("%d sources are remembered beyond the bound", len(l.done))
	}
}

// solver is a decoder that tells from ESIs whether they suffice.
type solver struct {
	fec.Decoder
	fec.Solver
}

// What is lost makes the work, but for codes that solve: theirs is in proportion to the block. From heavyWork on it
// takes a permit.
func TestHeavyWork(t *testing.T) {
	const k, length = 1 << 16, 1 << 15 // one lost symbol is just heavy
	b := newBench(t, fec.OTI{TransferLength: 1, SymbolLength: length, MaxSourceBlockLength: 1}, 1<<20)
	for name, c := range map[string]struct {
		block *block
		work  uint64
	}{
		"nothing lost": {&block{received: received{k: k, sources: k}}, 0},
		"one":          {&block{received: received{k: k, sources: k - 1}}, heavyWork},
		"all":          {&block{received: received{k: k}}, heavyWork << 16},
		"light":        {&block{received: received{k: k - 1, sources: k - 2}}, heavyWork - length},
		"solver":       {&block{received: received{k: k}, decoder: solver{}}, k * length},
		"light solver": {&block{received: received{k: k - 1}, decoder: solver{}}, (k - 1) * length},
	} {
		if got := workOf(&b.OTI, c.block); got != c.work {
			t.Errorf("%s: %d multiplications, want %d", name, got, c.work)
		}
		p, free, err := b.admit(now, 0, c.block)
		if heavy := c.work >= heavyWork; err != nil || !free || (p != nil) != heavy || b.IsUnpermitted() {
			t.Errorf("%s: a permit: %v, %v, %v", name, p != nil, free, err)
		}
		if p == nil {
			continue
		}
		if _, free, err := b.admit(now, 0, c.block); free || err != nil || !b.IsUnpermitted() || !b.IsWaiting() ||
			b.Stalled() != 1 || !b.HasEffects() || !b.Effects().Short {
			t.Errorf("%s: without a permit: %v, %v, unpermitted %v, waiting %v, %d stalled", name, free, err,
				b.IsUnpermitted(), b.IsWaiting(), b.Stalled())
		}
		p.End()
		if err := b.Retry(now); err != nil || b.IsUnpermitted() || b.IsWaiting() || b.Stalled() != 0 {
			t.Errorf("%s: after a Retry: unpermitted %v, waiting %v", name, b.IsUnpermitted(), b.IsWaiting())
		}
	}
	b.end()
}
