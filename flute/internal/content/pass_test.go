package content

import (
	"bytes"
	"context"
	"crypto/md5"
	"errors"
	"io"
	"sync"
	"testing"
	"testing/synctest"
)

// copies returns a read function of a Pass over b.
func copies(b []byte) func(p []byte, off uint64) error {
	return func(p []byte, off uint64) error { copy(p, b[off:]); return nil }
}

// TestPass: each consumer gets all bytes in order, with and without helpers.
func TestPass(t *testing.T) {
	for _, size := range []int{0, 1, ReadSize, ReadSize + 1, 9*ReadSize + 5} {
		for helpers := range 4 {
			want := random(size)
			var all bytes.Buffer
			hash := md5.New()
			p := NewPass(uint64(size), copies(want), &all, hash)
			var wg sync.WaitGroup
			for range helpers {
				wg.Go(func() { p.Help(context.Background(), nil) })
			}
			if err := p.Run(context.Background(), nil); err != nil {
				t.Fatal(err)
			}
			wg.Wait()
			if sum := md5.Sum(want); !bytes.Equal(all.Bytes(), want) || !bytes.Equal(hash.Sum(nil), sum[:]) {
				t.Errorf("%d bytes, %d helpers: the consumers had something else", size, helpers)
			}
		}
	}
}

// meeting is a consumer that waits in each step until all of them have come to it.
type meeting struct{ here chan<- struct{} }

func (m meeting) Write(p []byte) (int, error) { m.here <- struct{}{}; return len(p), nil }

// TestPassSideBySide: with helpers the consumers and the reader are at work at the same time.
func TestPassSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, r := make(chan struct{}), make(chan struct{}), make(chan struct{})
		read := func([]byte, uint64) error { r <- struct{}{}; return nil }
		p := NewPass(4*ReadSize, read, meeting{a}, meeting{b})
		for range p.Helpers() {
			go p.Help(context.Background(), nil)
		}
		ended := make(chan error)
		go func() { ended <- p.Run(context.Background(), nil) }()
		<-r
		synctest.Wait() // each waits at its first step, the reader at its second
		for _, part := range []chan struct{}{a, b, r} {
			select {
			case <-part:
			default:
				t.Error("a part waits for another")
			}
		}
		go func() {
			for range 3 {
				<-a
			}
		}()
		go func() {
			for range 3 {
				<-b
			}
		}()
		<-r
		<-r
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// TestPassEndsEarly: an error of any part, or the end of the context, ends the Pass; a panic of a helper is Run's.
func TestPassEndsEarly(t *testing.T) {
	broken := errors.New("broken")
	fails := writerFunc(func([]byte) (int, error) { return 0, broken })
	if err := NewPass(9*ReadSize, copies(make([]byte, 9*ReadSize)), io.Discard, fails).Run(t.Context(),
		nil); !errors.Is(err, broken) {
		t.Errorf("a consumer fails: %v", err)
	}
	reads := 0
	p := NewPass(9*ReadSize, func([]byte, uint64) error { reads++; return broken }, io.Discard)
	if err := p.Run(t.Context(), nil); !errors.Is(err, broken) || reads != 1 {
		t.Errorf("reading fails: %v after %d reads", err, reads)
	}
	ctx, cancel := context.WithCancel(t.Context())
	p = NewPass(9*ReadSize, func([]byte, uint64) error { cancel(); return nil }, io.Discard)
	if err := p.Run(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("the context ends: %v", err)
	}
	p = NewPass(9*ReadSize, copies(make([]byte, 9*ReadSize)), writerFunc(func([]byte) (int, error) { panic("ouch") }))
	p.Help(t.Context(), nil)
	defer func() {
		if v := recover(); v != "ouch" {
			t.Errorf("Run panicked with %v", v)
		}
	}()
	_ = p.Run(t.Context(), nil)
	t.Error("Run has hidden a panic")
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// TestPassAllocatesOnce: a step allocates nothing, however many there are.
func TestPassAllocatesOnce(t *testing.T) {
	allocations := func(steps uint64) float64 {
		return testing.AllocsPerRun(5, func() {
			p := NewPass(steps*ReadSize, func([]byte, uint64) error { return nil }, io.Discard)
			if err := p.Run(context.Background(), nil); err != nil {
				t.Fatal(err)
			}
		})
	}
	if few, many := allocations(10), allocations(500); many > few {
		t.Errorf("%v allocations for 500 steps, %v for 10", many, few)
	}
}

// TestHelpers: content of one step needs no goroutine beside that of Run.
func TestHelpers(t *testing.T) {
	for size, want := range map[uint64]int{0: 0, 1: 0, ReadSize: 0, ReadSize + 1: 2, 2 * ReadSize: 2} {
		if got := NewPass(size, nil, nil, nil).Helpers(); got != want {
			t.Errorf("%d bytes: %d goroutines, want %d", size, got, want)
		}
	}
}
