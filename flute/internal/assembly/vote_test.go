package assembly

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/flute-node/flute-node/fec"
)

// doubted returns an object of n symbols of 10 bytes that is whole and written, and whose digest has failed.
func doubted(t *testing.T, n uint64, forge func(b *bench)) *bench {
	t.Helper()
	b := newBench(t, fec.OTI{TransferLength: 10 * n, SymbolLength: 10, MaxSourceBlockLength: 1 << 13}, 1<<24)
	if forge != nil {
		forge(b)
	}
	for esi := range fec.ESI(n) {
		if err := b.Take(now, b.payload(0, esi)); err != nil && !errors.Is(err, ErrDuplicate) {
			t.Fatal(err)
		}
	}
	b.Flush()
	b.write()
	tagging := b.Tagging()
	if err := tagging.Run(nil); err != nil {
		t.Fatal(err)
	}
	b.Doubt(tagging)
	return b
}

// again takes a symbol another time, forged by x if that is not 0, and reports whether it was new.
func (b *bench) again(esi fec.ESI, x byte) bool {
	b.t.Helper()
	p := b.payload(0, esi)
	p[len(p)-1] ^= x
	err := b.Take(now, p)
	if err != nil && !errors.Is(err, ErrDuplicate) {
		b.t.Fatal(err)
	}
	return err == nil
}

// What comes again is compared with what is held: one that agrees is a vote for it, one that differs a version of its
// own.
func TestVotes(t *testing.T) {
	const n = 140
	if b := newBench(t, large(), 1<<20); b.InDoubt() || b.Conflicts() != 0 {
		t.Error("an object whose digest was not looked at is in doubt")
	}
	b := doubted(t, n, nil)
	if !b.InDoubt() || b.Conflicts() != 0 || b.HasExchange() || b.Exchange() != nil || b.Tagging() != nil {
		t.Fatal("there is something to doubt before anything came again")
	}
	for _, esi := range []fec.ESI{70, 70, 1, 64} { // agree
		if b.again(esi, 0) {
			t.Errorf("symbol %d is new", esi)
		}
	}
	for i, c := range []struct {
		esi   fec.ESI
		votes int // for the one that is held
	}{{70, 2}, {6, 1}, {71, 1}, {1, 2}, {65, 1}, {64, 2}, {128, 1}, {0, 1}} {
		if !b.again(c.esi, 1) || b.again(c.esi, 1) {
			t.Errorf("a forged symbol %d is not new once", c.esi)
		}
		got := b.doubt.conflicts[uint64(c.esi)]
		if b.Conflicts() != i+1 || got.off != uint64(10*c.esi) || got.versions[0].votes != c.votes ||
			got.versions[1].votes != 2 || got.best() != 1 {
			t.Errorf("symbol %d: at %d, version %d of %+v; %d conflicts", c.esi, got.off, got.best(), got.versions,
				b.Conflicts())
		}
	}
	b.end()
}

// As soon as as many symbols as the object has were compared without a new version, all were.
func TestCompared(t *testing.T) {
	const n = 20
	b := doubted(t, n, nil)
	for esi := range fec.ESI(n) {
		if b.Compared() {
			t.Fatalf("%d symbols of %d are all", esi, n)
		}
		b.again(esi, 0)
	}
	if !b.Compared() {
		t.Error("all have come")
	}
	b.again(3, 1)
	if b.Compared() {
		t.Error("all were compared, though one was new")
	}
	for range n {
		b.again(4, 0)
	}
	if !b.Compared() {
		t.Error("as many as there are were compared")
	}
	x := b.Exchange()
	if err := x.Run(nil); err != nil {
		t.Fatal(err)
	}
	if b.Exchanged(x); b.Compared() {
		t.Error("all were compared, though the object has changed")
	}
	x.Release()
	b.end()
}

// What is counted is bounded, in symbols, in versions of each, and in memory; all is given back.
func TestBoundsOfDoubt(t *testing.T) {
	b := doubted(t, maxConflicts+2, nil)
	for esi := range fec.ESI(maxConflicts + 2) {
		if got := b.again(esi, 1); got != (esi < maxConflicts) {
			t.Fatalf("version %d is counted: %v", esi, got)
		}
	}
	if b.Conflicts() != maxConflicts {
		t.Errorf("%d conflicts", b.Conflicts())
	}
	for x := byte(2); x < 9; x++ { // the first one was held, the second one is there
		if got := b.again(7, x); got != (x < maxVersions) {
			t.Errorf("version %d is counted: %v", x, got)
		}
	}
	b.end()

	b = doubted(t, 20, nil)
	b.budget.TryReserve(b.budget.Limit() - b.budget.Used() - conflictCost - 10)
	filled := b.budget.Used()
	for _, c := range []struct {
		esi  fec.ESI
		x    byte
		want bool
	}{{3, 1, true}, {3, 2, false}, {4, 1, false}} {
		if got := b.again(c.esi, c.x); got != c.want {
			t.Errorf("symbol %d, version %d: counted %v", c.esi, c.x, got)
		}
	}
	if b.budget.Used() != filled+conflictCost+10 || b.Conflicts() != 1 {
		t.Errorf("%d bytes more are charged, %d conflicts", b.budget.Used()-filled, b.Conflicts())
	}
	b.budget.Release(filled - b.doubt.cost + conflictCost + 10)
	b.end()
}

// A few wrong symbols are found whichever versions are right: all choices are tried, the likely one first, and none
// twice. HasExchange tells whether there is another one.
func TestAllChoicesAreTried(t *testing.T) {
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 3))
		n := 1 + rng.IntN(maxSubset)
		b := doubted(t, 30, func(b *bench) {
			for i := range n {
				if rng.IntN(2) == 0 { // a forged one came first
					b.again(fec.ESI(5*i), 1)
				}
			}
		})
		for i := range n {
			for range 1 + rng.IntN(3) {
				b.again(fec.ESI(5*i), byte(rng.IntN(2)))
			}
			b.again(fec.ESI(5*i), 0)
			b.again(fec.ESI(5*i), 1)
		}
		found, tried := bytes.Equal(b.assembled(), b.content), map[string]bool{}
		for attempts := 0; b.HasExchange(); attempts++ {
			x := b.Exchange()
			if x == nil || attempts > 1<<n {
				t.Fatalf("seed %d: attempt %d at %d symbols: %v", seed, attempts, n, x)
			}
			if err := x.Run(nil); err != nil {
				t.Fatal(err)
			}
			b.Exchanged(x)
			got := b.assembled()
			if tried[string(got)] {
				t.Errorf("seed %d: a choice is tried twice", seed)
			}
			tried[string(got)] = true
			found = found || bytes.Equal(got, b.content)
		}
		if !found || b.Exchange() != nil {
			t.Errorf("seed %d: after %d choices of %d symbols the right one was not among them", seed, len(tried), n)
		}
		b.end()
	}
}

// An exchange that the store fails is told.
func TestExchangeFails(t *testing.T) {
	for _, write := range []bool{false, true} {
		b := doubted(t, 20, nil)
		b.again(3, 1)
		x := b.Exchange()
		if write {
			x.symbols[0].before = nil // so nothing is read
		}
		b.broken = errors.New("bad sector")
		if err := x.Run(nil); !errors.Is(err, b.broken) {
			t.Error(err)
		}
		b.broken = nil
		b.end()
	}
}
