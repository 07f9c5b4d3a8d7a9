package store_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/flute-node/flute-node/store"
)

var errFull = errors.New("disk is full")

// TestTail: what was taken is written later, is charged until then, and the Buffer goes on.
func TestTail(t *testing.T) {
	object, budget := &array{}, unlimited()
	b := store.NewBuffer(object, budget)
	write := func(s string, off int64) {
		t.Helper()
		if _, err := b.WriteAt([]byte(s), off); err != nil {
			t.Fatal(err)
		}
	}
	write("tiny", 0)
	tail, err := b.Take()
	if err != nil {
		t.Fatal(err)
	}
	if len(object.writes) != 0 || budget.Used() == 0 {
		t.Fatalf("%v written, %d bytes charged before Flush", object.writes, budget.Used())
	}
	if err := tail.Flush(); err != nil || !bytes.Equal(object.bytes, []byte("tiny")) || budget.Used() != 0 {
		t.Fatalf("%q, %d bytes charged, %v", object.bytes, budget.Used(), err)
	}
	write("more", 4)
	if err := b.Flush(); err != nil || !bytes.Equal(object.bytes, []byte("tinymore")) || budget.Used() != 0 {
		t.Errorf("%q, %d bytes charged, %v", object.bytes, budget.Used(), err)
	}
	tail.Release()
	if budget.Used() != 0 {
		t.Errorf("%d bytes charged after Release", budget.Used())
	}
}

// TestTailReleased: a Tail that nobody wants, or that cannot be written, gives its memory back.
func TestTailReleased(t *testing.T) {
	for _, broken := range []bool{false, true} {
		object, budget := &array{}, unlimited()
		b := store.NewBuffer(object, budget)
		if _, err := b.WriteAt([]byte("tiny"), 0); err != nil {
			t.Fatal(err)
		}
		tail, err := b.Take()
		if err != nil {
			t.Fatal(err)
		}
		if broken {
			object.fail = func(int, int) (int, error) { return 0, errFull }
			if err := tail.Flush(); !errors.Is(err, errFull) {
				t.Errorf("Flush: %v", err)
			}
		}
		tail.Release()
		if budget.Used() != 0 {
			t.Errorf("broken %t: %d bytes charged after Release", broken, budget.Used())
		}
	}
}

// TestTakeAfterError: a failure that sticks is not lost with the bytes.
func TestTakeAfterError(t *testing.T) {
	object := &array{fail: func(int, int) (int, error) { return 0, errFull }}
	b := store.NewBuffer(object, unlimited())
	_, _ = b.WriteAt([]byte("tiny"), 0)
	_ = b.Flush()
	if _, err := b.Take(); !errors.Is(err, errFull) {
		t.Errorf("Take: %v", err)
	}
	if err := (*store.Tail)(nil).Flush(); err != nil {
		t.Error(err)
	}
	(*store.Tail)(nil).Release()
}
