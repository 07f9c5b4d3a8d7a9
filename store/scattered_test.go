package store_test

import (
	"testing"

	"github.com/flute-node/flute-node/store"
)

// TestScatteredWrites: a byte here and a byte there hold no more pages than they are worth, and are written all the
// same. What an object may hold in any case is for its first bytes.
func TestScatteredWrites(t *testing.T) {
	for _, n := range []int{1, 20, 1400, 1 << 14} {
		object, budget := &null{}, unlimited()
		b := newDirect(object, budget)
		for i := range 1000 {
			if _, err := b.WriteAt(make([]byte, n), int64(i)*10*store.PageSize); err != nil {
				t.Fatal(err)
			}
			if used, taken := budget.Used(), uint64(n*(i+1)); used > 10*taken+200 {
				t.Fatalf("%d bytes are held for %d in %d writes", used, taken, i+1)
			}
		}
		if err := b.Flush(); err != nil {
			t.Fatal(err)
		}
		if object.writes != 1000 {
			t.Errorf("%d writes reached the object, want 1000", object.writes)
		}
	}
}
