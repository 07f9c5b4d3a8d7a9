package store_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/flute-node/flute-node/store"
)

var errFull = errors.New("disk is full")

// writeAt writes to a Buffer, which must take it.
func writeAt(t *testing.T, b *store.Buffer, p []byte, off int64) {
	t.Helper()
	if n, err := b.WriteAt(p, off); n != len(p) || err != nil {
		t.Fatalf("WriteAt = %d, %v", n, err)
	}
}

// peek returns the n bytes at off that b holds, which must be all.
func peek(t *testing.T, b *store.Buffer, off int64, n int) []byte {
	t.Helper()
	p := make([]byte, n)
	if gaps := b.Peek(p, off, nil); len(gaps) > 0 {
		t.Fatalf("not held: %v", gaps)
	}
	return p
}

// TestEach: the bytes of a Tail are handed out in order if they are just those that are asked for.
func TestEach(t *testing.T) {
	want := pattern(2*store.PageSize + 5)
	for name, c := range map[string]struct {
		write      func(b *store.Buffer)
		begin, end int
		ok         bool
	}{
		"all": {func(b *store.Buffer) { writeAt(t, b, want, 0) }, 0, len(want), true},
		"the rest": {func(b *store.Buffer) {
			writeAt(t, b, want[store.PageSize:], store.PageSize)
		}, store.PageSize, len(want), true},
		"one missing": {func(b *store.Buffer) { writeAt(t, b, want[1:], 1) }, 0, len(want), false},
		"one more":    {func(b *store.Buffer) { writeAt(t, b, want, 0) }, 1, len(want), false},
		"too short":   {func(b *store.Buffer) { writeAt(t, b, want[:9], 0) }, 0, 10, false},
		"out of order": {func(b *store.Buffer) {
			writeAt(t, b, want[store.PageSize:], store.PageSize)
			writeAt(t, b, want[:store.PageSize], 0)
		}, 0, len(want), false},
		"nothing": {func(*store.Buffer) {}, 0, 0, false},
		"a hole": {func(b *store.Buffer) {
			writeAt(t, b, want[:100], 0)
			writeAt(t, b, want[200:300], 200)
		}, 0, 300, false},
		"twice": {func(b *store.Buffer) {
			writeAt(t, b, want[:store.PageSize], 0)
			writeAt(t, b, make([]byte, store.PageSize), 0)
		}, 0, store.PageSize, false},
	} {
		b := store.NewBuffer(unlimited())
		c.write(b)
		var got []byte
		tail := b.Take()
		if ok := tail.Each(uint64(c.begin), uint64(c.end), func(p []byte) { got = append(got, p...) }); ok != c.ok {
			t.Errorf("%s: %v", name, ok)
		}
		if c.ok && !bytes.Equal(got, want[c.begin:c.end]) || !c.ok && got != nil {
			t.Errorf("%s: %d bytes", name, len(got))
		}
		tail.Release()
	}
	if (*store.Tail)(nil).Each(0, 1, nil) {
		t.Error("no Tail has bytes")
	}
}

// TestWaiting: what waits to be written is told with the memory that it holds, until End, Take or Release.
func TestWaiting(t *testing.T) {
	b := store.NewBuffer(unlimited())
	is := func(want uint64) {
		t.Helper()
		if got := b.Waiting(); got != want {
			t.Errorf("%d bytes wait, want %d", got, want)
		}
	}
	writeAt(t, b, pattern(8<<10), 3*store.PageSize)
	is(0) // more may come for the page
	writeAt(t, b, pattern(store.PageSize), 0)
	is(store.PageSize)
	tail := b.Begin()
	is(store.PageSize)
	b.Flush()
	is(2 * store.PageSize)
	b.End(tail)
	is(store.PageSize)
	b.Take().Release()
	is(0)
	writeAt(t, b, pattern(store.PageSize), 0)
	b.Release()
	is(0)
}

// TestWriteBehind: bytes that are being written can be read, are charged until End, and go to the object before those
// that came later; meanwhile no other Tail begins.
func TestWriteBehind(t *testing.T) {
	object, budget := &array{}, unlimited()
	b := store.NewBuffer(budget)
	one, two := pattern(store.PageSize), bytes.Repeat([]byte{2}, store.PageSize)
	writeAt(t, b, one, 0)
	tail := b.Begin()
	if tail == nil || b.Begin() != nil || !b.IsWriting() || b.IsWritten(1) || budget.Used() < store.PageSize {
		t.Fatalf("%v, %d bytes charged", tail, budget.Used())
	}
	if !bytes.Equal(peek(t, b, 10, 100), one[10:110]) {
		t.Error("other bytes while they are written")
	}
	writeAt(t, b, two, 0)
	writeAt(t, b, one[:100], store.PageSize)
	if !bytes.Equal(peek(t, b, 0, store.PageSize+100), append(bytes.Clone(two), one[:100]...)) {
		t.Error("the later bytes are not read")
	}
	if err := tail.Write(object); err != nil || !bytes.Equal(object.bytes, one) {
		t.Errorf("%d bytes written, %v", len(object.bytes), err)
	}
	b.End(tail)
	if tail = b.Begin(); tail == nil || b.IsWritten(1) {
		t.Fatal("what came later is not to be written")
	}
	if err := tail.Write(object); err != nil || !bytes.Equal(object.bytes, two) {
		t.Errorf("%d bytes written, %v", len(object.bytes), err)
	}
	b.End(tail)
	if !b.IsWritten(store.PageSize) || b.IsWritten(store.PageSize+1) || b.IsWriting() {
		t.Error("not all but the last bytes are written")
	}
	b.FlushBefore(store.PageSize)
	if b.Begin() != nil {
		t.Error("a page behind the end is to be written")
	}
	b.FlushBefore(store.PageSize + 1)
	tail = b.Begin()
	b.Release()
	if budget.Used() == 0 {
		t.Error("bytes that are being written cost nothing")
	}
	tail.Release()
	tail.Release()
	if n := budget.Used(); n != 0 {
		t.Errorf("%d bytes charged at the end", n)
	}
}

// TestEndTwice: whoever ends a Tail once more, after a crash, does not end the one that is being written.
func TestEndTwice(t *testing.T) {
	budget := unlimited()
	b := store.NewBuffer(budget)
	writeAt(t, b, pattern(store.PageSize), 0)
	first := b.Begin()
	b.End(first)
	writeAt(t, b, pattern(store.PageSize), store.PageSize)
	second := b.Begin()
	b.End(first)
	if !b.IsWriting() || b.IsWritten(2*store.PageSize) || b.Begin() != nil {
		t.Error("what is being written counts as written")
	}
	if !bytes.Equal(peek(t, b, store.PageSize, store.PageSize), pattern(store.PageSize)) {
		t.Error("other bytes while they are written")
	}
	b.End(second)
	if b.Release(); budget.Used() != 0 {
		t.Errorf("%d bytes charged at the end", budget.Used())
	}
}

// TestTake: what was taken is written later, is charged until then, and the Buffer goes on.
func TestTake(t *testing.T) {
	object, budget := &array{}, unlimited()
	b := store.NewBuffer(budget)
	writeAt(t, b, pattern(store.PageSize), 0)
	writeAt(t, b, []byte("tiny"), store.PageSize)
	tail := b.Take()
	if budget.Used() == 0 || tail.IsEmpty() {
		t.Fatalf("%d bytes charged", budget.Used())
	}
	if err := tail.Write(object); err != nil || len(object.bytes) != store.PageSize+4 {
		t.Fatalf("%d bytes written, %v", len(object.bytes), err)
	}
	if tail.Release(); budget.Used() != 0 {
		t.Errorf("%d bytes charged", budget.Used())
	}
	writeAt(t, b, []byte("more"), store.PageSize+4)
	if tail = b.Take(); tail.Write(object) != nil || string(object.bytes[store.PageSize:]) != "tinymore" {
		t.Errorf("%q", object.bytes[store.PageSize:])
	}
	tail.Release()
	if budget.Used() != 0 {
		t.Errorf("%d bytes charged after Release", budget.Used())
	}
	if err := (*store.Tail)(nil).Write(object); err != nil || !(*store.Tail)(nil).IsEmpty() {
		t.Error(err)
	}
	(*store.Tail)(nil).Release()
}

// TestTailFails: an error of the object, or a write that falls short, is told, and ends the writing.
func TestTailFails(t *testing.T) {
	for _, want := range []error{errFull, io.ErrShortWrite} {
		object, budget := &array{}, unlimited()
		b := store.NewBuffer(budget)
		writeAt(t, b, pattern(3*store.PageSize), 0)
		object.fail = func(n, _ int) (int, error) {
			switch {
			case n != 2:
				return 0, nil
			case errors.Is(want, errFull):
				return 1, errFull
			}
			return 1, nil
		}
		tail := b.Begin()
		if err := tail.Write(object); !errors.Is(err, want) || len(object.writes) != 2 {
			t.Errorf("%v after %d writes, want %v", err, len(object.writes), want)
		}
		b.End(tail)
		b.Release()
		if budget.Used() != 0 {
			t.Errorf("%d bytes charged at the end", budget.Used())
		}
	}
}

// TestShort: without memory for a page bytes wait as they are, then some for nothing; whoever heeds IsShort brings no
// more until they are written.
func TestShort(t *testing.T) {
	object, budget := &array{}, store.NewBudget(3*store.PageSize, nil)
	b := store.NewBuffer(budget)
	want := pattern(1 << 20)
	n, short := 0, 0
	for ; n < len(want); n += symbol {
		if b.IsShort() && short == 0 {
			short = n
		}
		if _, err := b.WriteAt(want[n:min(n+symbol, len(want))], int64(n)); errors.Is(err, store.ErrBudget) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if budget.Used() > budget.Limit() {
			t.Fatalf("used %d of %d", budget.Used(), budget.Limit())
		}
	}
	if short < store.PageSize || short > 3*store.PageSize || n < short+store.PageSize || n > 5*store.PageSize {
		t.Errorf("short from %d on, refused from %d on", short, n)
	}
	if !bytes.Equal(peek(t, b, 0, n), want[:n]) {
		t.Error("other bytes")
	}
	for tail := b.Begin(); tail != nil; tail = b.Begin() {
		if !b.IsShort() {
			t.Error("not short any more")
		}
		if err := tail.Write(object); err != nil {
			t.Fatal(err)
		}
		b.End(tail)
	}
	if b.IsShort() {
		t.Error("short after all was written")
	}
	writeAt(t, b, want[n:n+symbol], int64(n))
	b.Flush()
	tail := b.Begin()
	if err := tail.Write(object); err != nil || !bytes.Equal(object.bytes, want[:n+symbol]) {
		t.Errorf("%d bytes written, want %d; %v", len(object.bytes), n+symbol, err)
	}
	b.End(tail)
	if budget.Used() != 0 {
		t.Errorf("%d bytes charged at the end", budget.Used())
	}
}

// TestLend: memory that is lent is written as it is, and given back once.
func TestLend(t *testing.T) {
	for _, written := range []bool{true, false} {
		object, budget := &array{}, unlimited()
		b := store.NewBuffer(budget)
		returned := 0
		budget.TryReserve(1000)
		b.Lend([]byte("lent"), 3)
		b.Lend([]byte("!"), 7)
		b.Charge(1000, func() { returned++ })
		if string(peek(t, b, 3, 5)) != "lent!" || returned != 0 || b.Waiting() != 5 {
			t.Error("other bytes")
		}
		if written {
			tail := b.Begin()
			if err := tail.Write(object); err != nil || string(object.bytes[3:]) != "lent!" {
				t.Errorf("%q, %v", object.bytes, err)
			}
			b.End(tail)
		}
		b.Release()
		if returned != 1 || budget.Used() != 0 {
			t.Errorf("written %t: returned %d times, %d bytes charged", written, returned, budget.Used())
		}
	}
}

// TestAdopt: what is held moves to another budget, also while it is written.
func TestAdopt(t *testing.T) {
	before, after := unlimited(), unlimited()
	b := store.NewBuffer(before)
	writeAt(t, b, pattern(2*store.PageSize+100), 0)
	tail := b.Begin()
	if n := before.Used(); n < 2*store.PageSize || !after.TryReserve(n) {
		t.Fatal(n)
	}
	before.Release(before.Used())
	b.Adopt(after)
	b.Release()
	tail.Release()
	if before.Used() != 0 || after.Used() != 0 {
		t.Errorf("charged: %d before, %d after", before.Used(), after.Used())
	}
}

// TestShortAgain: what was taken beyond the budget is forgotten once it is written: each round has the same room.
func TestShortAgain(t *testing.T) {
	object, budget := &array{}, store.NewBudget(2*store.PageSize, nil)
	b := store.NewBuffer(budget)
	content := pattern(1 << 20)
	var rounds []int
	off := 0
	for range 4 {
		n := 0
		for ; n < len(content); n += symbol {
			if _, err := b.WriteAt(content[n:min(n+symbol, len(content))], int64(off+n)); err != nil {
				break
			}
		}
		rounds, off = append(rounds, n), off+n
		for tail := b.Begin(); tail != nil; tail = b.Begin() {
			if err := tail.Write(object); err != nil {
				t.Fatal(err)
			}
			b.End(tail)
		}
		if b.IsShort() {
			t.Error("short after all was written")
		}
		b.Flush()
	}
	for _, n := range rounds {
		if n < rounds[0]/2 {
			t.Errorf("bytes taken in each round: %v", rounds)
		}
	}
	b.Release()
	if budget.Used() != 0 {
		t.Errorf("%d bytes charged at the end", budget.Used())
	}
}

// TestReleaseTwice: a Tail gives its memory back once.
func TestReleaseTwice(t *testing.T) {
	budget := unlimited()
	b, other := store.NewBuffer(budget), store.NewBuffer(budget)
	writeAt(t, b, []byte("one"), 0)
	writeAt(t, other, []byte("two"), 0)
	tail := b.Take()
	tail.Release()
	used := budget.Used()
	tail.Release()
	if n := budget.Used(); n != used || n == 0 {
		t.Errorf("%d bytes charged, then %d", used, n)
	}
	other.Release()
}
