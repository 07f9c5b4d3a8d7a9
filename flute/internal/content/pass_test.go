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

	"github.com/flute-node/flute-node/internal/panicked"
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
		p, ok := recover().(*panicked.Passed)
		if !ok {
			t.Fatal("Run panicked with something else")
		}
		if p.Value != "ouch" || !bytes.Contains(p.Stack, []byte("content.writerFunc.Write")) {
			t.Errorf("Run panicked with %v", p)
		}
	}()
	_ = p.Run(t.Context(), nil)
	t.Error("Run has hidden a panic")
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// TestPassAllocatesOnce: a step allocates nothing, however many there are. The buffers come from a pool, which may have
// lost them in between: that costs at most passSlots of them.
func TestPassAllocatesOnce(t *testing.T) {
	allocations := func(steps uint64) float64 {
		return testing.AllocsPerRun(5, func() {
			p := NewPass(steps*ReadSize, func([]byte, uint64) error { return nil }, io.Discard)
			if err := p.Run(context.Background(), nil); err != nil {
				t.Fatal(err)
			}
		})
	}
	if few, many := allocations(10), allocations(500); many > few+passSlots {
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

// TestPassOrder: the reader goes first while it is no more than passSlots ahead of all, then the consumer that is
// behind the others. What a goroutine is at is not given to another one.
func TestPassOrder(t *testing.T) {
	for _, c := range []struct {
		steps, busy []int // of reader and consumers; the parts that a goroutine is at
		want        int
	}{
		{[]int{0, 0, 0}, nil, 0},
		{[]int{0, 0, 0}, []int{0}, -1},
		{[]int{passSlots - 1, 0, 0}, nil, 0},
		{[]int{passSlots, 0, 1}, nil, 1},
		{[]int{passSlots, 1, 0}, nil, 2},
		{[]int{passSlots, 0, 0}, nil, 1},
		{[]int{passSlots, 0, 0}, []int{1}, 2},
		{[]int{passSlots, 0, 0}, []int{1, 2}, -1},
		{[]int{passSlots + 1, 1, 2}, nil, 1},
		{[]int{passSlots + 1, 2, 2}, nil, 0},
		{[]int{3, 2, 3}, []int{0}, 1},
		{[]int{3, 3, 3}, []int{0}, -1},
		{[]int{9, 8, 9}, nil, 1}, // all is read
		{[]int{9, 9, 9}, nil, -1},
	} {
		p := NewPass(9*ReadSize, nil, io.Discard, io.Discard)
		for i, n := range c.steps {
			p.steps[i] = uint64(n)
		}
		for _, part := range c.busy {
			p.busy[part] = true
		}
		if got := p.next(); got != c.want {
			t.Errorf("after %d steps, at %d: part %d, want %d", c.steps, c.busy, got, c.want)
		}
	}
}

// TestPassWaitsForOthers: Run returns when nobody uses the content any more, also if it ended early.
func TestPassWaitsForOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken, begun, until, ended := errors.New("broken"), make(chan struct{}), make(chan struct{}), false
		read := func(_ []byte, off uint64) error {
			if off == 0 {
				return nil
			}
			<-begun
			return broken
		}
		slow := writerFunc(func(p []byte) (int, error) { close(begun); <-until; return len(p), nil })
		p := NewPass(9*ReadSize, read, slow)
		go p.Help(context.Background(), nil)
		go func() {
			if err := p.Run(context.Background(), nil); !errors.Is(err, broken) {
				t.Error(err)
			}
			ended = true
		}()
		synctest.Wait()
		if ended {
			t.Error("Run has ended while a consumer was at the content")
		}
		close(until)
		synctest.Wait()
		if !ended {
			t.Error("Run has not ended")
		}
	})
}

// TestPassHoldsProcessor: consumers compute with the right to, and reading waits without it.
func TestPassHoldsProcessor(t *testing.T) {
	cpu := &processor{t: t}
	consumer := writerFunc(func(p []byte) (int, error) { cpu.want(true); return len(p), nil })
	read := func([]byte, uint64) error { cpu.want(false); return nil }
	if err := NewPass(3*ReadSize, read, consumer).Run(t.Context(), cpu); err != nil || cpu.taken != 3 {
		t.Errorf("%v, taken %d times", err, cpu.taken)
	}
	cpu.want(false)
}
