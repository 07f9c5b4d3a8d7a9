package spool

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// reader is a file whose reader may stand still.
type reader struct {
	mu     sync.Mutex
	stands bool
	goesOn *sync.Cond
	lines  []string
}

func newReader() *reader {
	r := &reader{}
	r.goesOn = sync.NewCond(&r.mu)
	return r
}

func (r *reader) Write(line []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.stands {
		r.goesOn.Wait()
	}
	r.lines = append(r.lines, string(line))
	return len(line), nil
}

func (r *reader) stand(still bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stands = still
	r.goesOn.Broadcast()
}

func (r *reader) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.lines, "")
}

func tell(lost uint64) []byte { return fmt.Appendf(nil, "%d lost\n", lost) }

// within returns a context that ends after a time.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// bubble runs test on virtual time. At its end no goroutine may be left.
func bubble(t *testing.T, test func(*testing.T)) {
	t.Helper()
	synctest.Test(t, test)
}

func TestLinesInTheirOrder(t *testing.T) {
	bubble(t, func(t *testing.T) {
		file := newReader()
		w := New(file, 1<<20, tell)
		var want strings.Builder
		for i := range 1000 {
			line := fmt.Appendf(nil, "%d\n", i)
			want.Write(line)
			if n, err := w.Write(line); n != len(line) || err != nil {
				t.Fatal(n, err)
			}
			line[0] = '!' // the caller's again
		}
		if !w.Flush(within(t, time.Second)) || file.text() != want.String() || w.Lost() != 0 || !w.Idle() {
			t.Errorf("%d lost, idle %v, %q", w.Lost(), w.Idle(), file.text())
		}
	})
}

// TestReaderStandsStill: nobody waits, what waits is bounded, and what was lost is counted and told.
func TestReaderStandsStill(t *testing.T) {
	bubble(t, func(t *testing.T) {
		file := newReader()
		file.stand(true)
		const most = 100 * (10 + lineMemory)
		w := New(file, most, tell)
		began := time.Now()
		for range 1000 {
			_, _ = w.Write([]byte("0123456789"))
		}
		synctest.Wait()
		if w.bytes > most {
			t.Errorf("%d bytes wait, of %d", w.bytes, most)
		}
		lost := w.Lost()
		if lost < 890 || lost > 900 {
			t.Errorf("%d of 1000 lines are lost", lost)
		}
		if w.Flush(within(t, 2*time.Second)) || w.Idle() || time.Since(began) != 2*time.Second {
			t.Errorf("it waits %v for a reader that stands still", time.Since(began))
		}
		if w.Flush(within(t, 2*time.Second)); time.Since(began) != 2*time.Second {
			t.Error("it waits for him again")
		}
		file.stand(false)
		synctest.Wait()
		if !w.Flush(within(t, 2*time.Second)) {
			t.Error("it does not go on")
		}
		if text := file.text(); strings.Count(text, fmt.Sprintf("%d lost\n", lost)) != 1 ||
			strings.Count(text, "0123456789") != 1000-int(lost) {
			t.Errorf("%q", text)
		}
	})
}

// TestErrorsHaveRoom: lines for debugging leave room for all others, and so on.
func TestErrorsHaveRoom(t *testing.T) {
	bubble(t, func(t *testing.T) {
		file := newReader()
		file.stand(true)
		w := New(file, 80*(10+lineMemory), nil)
		_, _ = w.Write([]byte("the first\n"))
		synctest.Wait() // it is being written, and takes no room
		for rank := Debug; rank <= Error; rank++ {
			for range 100 {
				_, _ = fmt.Fprintf(w.Of(rank), "%010d", rank)
			}
		}
		file.stand(false)
		w.Flush(within(t, time.Second))
		for rank, want := range map[Rank]int{Debug: 40, Info: 20, Warn: 10, Error: 10} {
			if n := strings.Count(file.text(), fmt.Sprintf("%010d", rank)); n != want {
				t.Errorf("%d lines of rank %d, want %d", n, rank, want)
			}
		}
	})
}

// TestWaitsForRoom: who wants no line lost is as fast as the reader, until it gives up.
func TestWaitsForRoom(t *testing.T) {
	bubble(t, func(t *testing.T) {
		file := newReader()
		w := New(file, 10*(10+lineMemory), tell)
		for range 10 {
			file.stand(true)
			time.AfterFunc(time.Second, func() { file.stand(false) })
			for range 100 {
				w.WriteWait(t.Context(), []byte("0123456789"))
			}
		}
		w.WriteWait(t.Context(), make([]byte, 10_000)) // longer than all of the memory
		if !w.Flush(within(t, time.Second)) || w.Lost() != 0 || len(file.text()) != 20_000 {
			t.Errorf("%d lost, %d bytes", w.Lost(), len(file.text()))
		}
		file.stand(true)
		began := time.Now()
		for range 100 {
			w.WriteWait(within(t, time.Second), []byte("0123456789"))
		}
		if d := time.Since(began); d != time.Second || w.Lost() < 80 {
			t.Errorf("%d lost after %v", w.Lost(), d)
		}
		file.stand(false)
		w.Flush(within(t, time.Second))
	})
}

// A line of the log that goes out at once costs no more than the copy of it.
func BenchmarkWrite(b *testing.B) {
	for name, w := range map[string]io.Writer{"spool": New(io.Discard, 1<<20, tell), "direct": io.Discard} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			log := slog.New(slog.NewJSONHandler(w, nil))
			for b.Loop() {
				log.Info("object_completed", "uri", "a/b/c", "size", 1000)
			}
		})
	}
}
