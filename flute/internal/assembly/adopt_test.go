package assembly

import (
	"errors"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/store"
)

// What is held is charged to another budget as a whole, or not at all: bytes that wait, Attempts that are under way.
func TestAdopt(t *testing.T) {
	for _, more := range []int{0, -1} {
		b := newBench(t, large(), 1<<24)
		b.take(0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 10)
		at := b.Effects().Attempts[0]
		if err := at.Run(nil); err != nil {
			t.Fatal(err)
		}
		held := b.budget.Used()
		parent := store.NewBudget(uint64(int(held)+more), nil)
		if got := b.Adopt(parent); got != (more == 0) {
			t.Fatalf("%d bytes more than there is room for are adopted: %v", -more, got)
		}
		if more < 0 {
			if parent.Used() != 0 || b.budget.Used() != held {
				t.Errorf("%d and %d bytes are charged, want 0 and %d", parent.Used(), b.budget.Used(), held)
			}
		} else if parent.Used() != held || b.budget.Used() != 0 {
			t.Errorf("%d and %d bytes are charged, want %d and 0", parent.Used(), b.budget.Used(), held)
		}
		if err := b.Conclude(now, at, nil); err != nil {
			t.Fatal(err)
		}
		if b.write(); !b.complete.has(0) {
			t.Error(b.Missing())
		}
		if b.end(); parent.Used() != 0 {
			t.Errorf("%d bytes are charged at the end", parent.Used())
		}
	}
}

// Whether there is something to be done is told before it is drained, and not afterwards.
func TestHasEffects(t *testing.T) {
	for name, c := range map[string]struct {
		effects Effects
		want    bool
	}{
		"nothing": {Effects{}, false}, "an Attempt": {Effects{Attempts: []*Attempt{{}}}, true},
		"a list of none": {Effects{Attempts: []*Attempt{}}, false}, "short": {Effects{Short: true}, true},
		"a variant": {Effects{Variant: "x"}, true},
	} {
		a := Assembly{effects: c.effects}
		if got := a.HasEffects(); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
		if a.Effects(); a.HasEffects() {
			t.Errorf("%s: it was drained", name)
		}
	}
}

// An object of which one symbol came, of whichever kind, and one of no bytes, hold what there is to hold.
func TestHoldsSymbols(t *testing.T) {
	rs := fec.OTI{
		EncodingID: fec.ReedSolomonGF28, TransferLength: 100, SymbolLength: 10, MaxSourceBlockLength: 1,
		MaxEncodingSymbols: 3,
	}
	wide := rs
	wide.MaxSourceBlockLength = 2
	for name, c := range map[string]struct {
		oti  fec.OTI
		esis []fec.ESI
		want bool
	}{
		"nothing":                  {wide, nil, false},
		"a source symbol":          {wide, []fec.ESI{0}, true},
		"a repair symbol":          {wide, []fec.ESI{2}, true},
		"a block of repair alone":  {rs, []fec.ESI{1}, true},
		"an object without a byte": {fec.OTI{SymbolLength: 10, MaxSourceBlockLength: 1}, nil, true},
		"a symbol of one byte": {
			fec.OTI{TransferLength: 2, SymbolLength: 1, MaxSourceBlockLength: 2}, []fec.ESI{1}, true,
		},
	} {
		b := newBench(t, c.oti, 1<<20)
		b.take(0, c.esis...)
		if got := b.HoldsSymbols(); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
		if _, err := b.Tagging(), b.Take(now, nil); err != nil {
			t.Error(err)
		}
		if b.doubtCost > 0 != (c.oti.TransferLength > 0) {
			t.Errorf("%s: tags for %d bytes", name, b.doubtCost)
		}
		b.end()
	}
}

// What waits to be written: how much, whether it is being written, and what of the object is written for sure.
func TestWaiting(t *testing.T) {
	b := newBench(t, large(), 1<<24)
	if b.HasTail() || b.IsWriting() || b.Waiting() != 0 || !b.IsWritten(0) {
		t.Error("something waits though nothing came")
	}
	b.take(0, 0, 1)
	if b.IsWritten(60_000) || b.Waiting() < 60_000 || b.IsWriting() {
		t.Errorf("%d bytes wait of 60,000, writing %v", b.Waiting(), b.IsWriting())
	}
	if !b.HasTail() { // that was asked for by IsWritten
		t.Fatal("nothing is to be written")
	}
	tail := b.Begin()
	if tail == nil || b.Begin() != nil || !b.IsWriting() || b.Waiting() < 60_000 || b.IsWritten(1) {
		t.Errorf("%d bytes wait, writing %v", b.Waiting(), b.IsWriting())
	}
	o, err := b.object.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := tail.Write(o); err != nil {
		t.Fatal(err)
	}
	if b.End(tail); b.IsWriting() || b.Waiting() != 0 || !b.IsWritten(60_000) || b.HasTail() {
		t.Errorf("%d bytes wait after all was written", b.Waiting())
	}
	b.take(0, 2)
	rest := b.TakeTail()
	if rest.IsEmpty() || b.HasTail() || b.Waiting() != 0 {
		t.Errorf("%d bytes wait though their Tail was taken", b.Waiting())
	}
	rest.Release()
	b.end()
}

// Without anybody who runs Attempts all is done where packets are handled: nothing waits, nothing is in a buffer.
func TestInline(t *testing.T) {
	oti := large()
	for _, broken := range []string{"", "write", "read"} {
		b := newBench(t, oti, 1<<24)
		inline := *b.sender
		inline.Inline = true
		b.Assembly = New(&inline, b.scheme, oti, nil, b.object, b.budget)
		if b.HasTail() || b.IsWriting() || b.IsShort() || b.Waiting() != 0 || b.Begin() != nil {
			t.Error("something waits")
		}
		for _, esi := range []fec.ESI{0, 1, 2, 3, 4, 5, 6, 7, 8} {
			b.take(0, esi)
		}
		if broken != "" {
			b.broken = errors.New(broken)
		}
		esi := fec.ESI(10)
		if broken == "write" {
			esi = 9
		}
		err := b.Take(now, b.payload(0, esi))
		if f := AsFailure(err); (f != nil) != (broken != "") || f != nil && f.Cause != CauseStore || b.HasEffects() {
			t.Errorf("%q: %v", broken, err)
		}
		if b.broken = nil; broken == "" {
			b.take(1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
			if b.sender.Useful != 20 || b.sender.Repaired != 1 || b.Repaired != 1 {
				t.Errorf("%d symbols useful, %d repaired", b.sender.Useful, b.sender.Repaired)
			}
			got := make([]byte, len(b.content))
			if o, err := b.object.Open(); err != nil {
				t.Fatal(err)
			} else if _, err := o.ReadAt(got, 0); err != nil || string(got) != string(b.content) || !b.IsWhole() {
				t.Errorf("other bytes, %v; %s", err, b.Missing())
			}
		}
		b.end()
	}
}
