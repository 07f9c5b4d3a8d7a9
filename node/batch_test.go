package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/md5many"
	"github.com/flute-node/flute-node/internal/panicked"
	"github.com/flute-node/flute-node/internal/simnet"
)

// gated is content that tells when it is read for the first time, waits for others to be read, and counts how often it
// is closed.
type gated struct {
	*bytes.Reader
	begun  chan struct{} // closed with the first read
	after  chan struct{} // nil: waits for nothing
	reads  atomic.Int32
	active *atomic.Int32
	most   *atomic.Int32
	closed *atomic.Int32
}

func (g *gated) ReadAt(p []byte, off int64) (int, error) {
	if g.reads.Add(1) == 1 {
		n := g.active.Add(1)
		for m := g.most.Load(); n > m && !g.most.CompareAndSwap(m, n); m = g.most.Load() {
		}
		close(g.begun)
		if g.after != nil {
			<-g.after
		}
		g.active.Add(-1)
	}
	return g.Reader.ReadAt(p, off)
}

func (g *gated) Close() error { g.closed.Add(1); return nil }

// batchOf is n files, in pairs the first of each pair waiting until the second one is read.
func (w *world) batchOf(n int, pairs bool) (files []sender.File, most, closed *atomic.Int32) {
	most, closed = new(atomic.Int32), new(atomic.Int32)
	active, before := new(atomic.Int32), chan struct{}(nil)
	for i := n - 1; i >= 0; i-- {
		name := fmt.Sprintf("1/%02d", i)
		data := randomBytes(uint64(i), 3000)
		w.sent[name] = data
		g := &gated{
			Reader: bytes.NewReader(data), begun: make(chan struct{}), active: active, most: most, closed: closed,
		}
		if pairs && i%2 == 0 {
			g.after = before
		}
		before = g.begun
		files = append(files, sender.File{
			ContentLocation: "file:///" + name, Content: g, Size: uint64(len(data)), Owned: true,
		})
	}
	slices.Reverse(files)
	return files, most, closed
}

// TestAddAll: the files of a batch are read side by side, no more than there are workers, and have the TOIs and the
// order that they would have one by one; one that cannot be sent does not keep the others.
func TestAddAll(t *testing.T) {
	inWorld(t, Config{Workers: 2}, func(w *world) {
		w.receive(simnet.Link{}, ReceiveConfig{})
		s := w.send(1, 1_000_000, sender.Config{})
		files, most, _ := w.batchOf(20, true)
		bad := sender.File{ContentLocation: "file:///bad", Size: 1}
		var told []string
		err := s.AddAll(w.ctx, slices.Values(append(files, bad)), func(i int, toi flute.TOI, err error) {
			told = append(told, fmt.Sprint(i, toi, err != nil))
		})
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for i := range files {
			want = append(want, fmt.Sprint(i, flute.NewTOI(uint64(i+1)), false))
		}
		want = append(want, fmt.Sprint(len(files), flute.TOI{}, true))
		if !slices.Equal(told, want) {
			t.Errorf("told of %v, want %v", told, want)
		}
		if most.Load() != 2 {
			t.Errorf("%d files were read at a time, want 2", most.Load())
		}
		w.finish(s)
		w.delivered()
	})
}

// TestAddAllHashesTogether: files that are hashed side by side have the MD5 that their receiver computes, and one whose
// content cannot be read for now holds up those behind it, and none before it.
func TestAddAllHashesTogether(t *testing.T) {
	inWorld(t, Config{Workers: 2}, func(w *world) {
		w.receive(simnet.Link{}, ReceiveConfig{})
		s := w.send(1, 100_000_000, sender.Config{})
		const hangs = 23
		until := make(chan struct{})
		var files []sender.File
		for i := range 80 {
			name := fmt.Sprintf("1/%02d", i)
			data := randomBytes(uint64(i), 1+1000*i)
			w.sent[name] = data
			f := sender.File{
				ContentLocation: "file:///" + name, Size: uint64(len(data)), Digests: sender.DigestMD5,
				Content: bytes.NewReader(data),
			}
			if i == hangs {
				f.Content = &gated{
					Reader: bytes.NewReader(data), begun: make(chan struct{}), after: until,
					active: new(atomic.Int32), most: new(atomic.Int32), closed: new(atomic.Int32),
				}
			}
			files = append(files, f)
		}
		err := s.AddAll(w.ctx, slices.Values(files), func(i int, _ flute.TOI, err error) {
			if err != nil {
				t.Error(i, err)
			}
			if i == hangs-1 {
				close(until)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		w.finish(s)
		w.delivered()
	})
}

// TestAddAllReadsFewLargeFilesAhead: of files that are not small, as many are read as there are workers, with the one
// that is added; small ones are read ahead, where they are hashed side by side.
func TestAddAllReadsFewLargeFilesAhead(t *testing.T) {
	for _, size := range []int{smallFile, smallFile + 1} {
		inWorld(t, Config{Workers: 2}, func(w *world) {
			s := w.send(1, 100_000_000, sender.Config{})
			var begun atomic.Int32
			var files []sender.File
			for i := range 12 {
				files = append(files, sender.File{
					ContentLocation: fmt.Sprintf("file:///1/%02d", i), Size: uint64(size),
					Content: &oftenRead{Reader: bytes.NewReader(randomBytes(uint64(i), size)), begun: &begun},
				})
			}
			err := s.AddAll(w.ctx, slices.Values(files), func(i int, _ flute.TOI, err error) {
				time.Sleep(time.Second) // until all that may be read ahead is
				want := min(len(files), i+2)
				if size <= smallFile && md5many.Width() > 1 {
					want = len(files)
				}
				if n := int(begun.Load()); err != nil || n != want {
					t.Errorf("%d bytes: when file %d is added, %d are read, want %d: %v", size, i, n, want, err)
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			w.finish(s)
		})
	}
}

// oftenRead is content that counts when it is read for the first time.
type oftenRead struct {
	*bytes.Reader
	begun *atomic.Int32
	isNew sync.Once
}

func (c *oftenRead) ReadAt(p []byte, off int64) (int, error) {
	c.isNew.Do(func() { c.begun.Add(1) })
	return c.Reader.ReadAt(p, off)
}

// TestAddAllEndsEarly: what was taken from a batch is closed when the session, or the context, ends meanwhile.
func TestAddAllEndsEarly(t *testing.T) {
	for _, how := range []string{"session", "context", "crash"} {
		t.Run(how, func(t *testing.T) {
			inWorld(t, Config{Workers: 4}, func(w *world) {
				s := w.send(1, 1_000_000, sender.Config{})
				files, _, closed := w.batchOf(100, false)
				ctx, cancel := context.WithCancel(w.ctx)
				defer cancel()
				taken, told := int32(0), 0
				defer func() {
					crash := recover()
					p, passed := crash.(*panicked.Passed) // from the goroutine that iterates, with its stack
					if (crash != nil) != (how == "crash") || crash != nil && (!passed || p.Value != "no more files" ||
						!strings.Contains(panicked.At(p.Stack), "counting")) {
						t.Errorf("panic: %v", crash)
					}
					_ = s.Close(w.ctx)
					w.stop()
					if how != "crash" && (closed.Load() != taken || taken == int32(len(files))) {
						t.Errorf("%d of %d files are closed, %d were told", closed.Load(), taken, told)
					}
				}()
				err := s.AddAll(ctx, counting(files, &taken, how == "crash"), func(i int, _ flute.TOI, err error) {
					if err != nil {
						t.Error(i, err)
					}
					if told++; told != 5 {
						return
					}
					synctest.Wait() // the next ones are prepared
					if how == "context" {
						cancel()
					} else if err := s.Close(w.ctx); err != nil {
						t.Error(err)
					}
				})
				want := map[string]error{"session": sender.ErrClosed, "context": context.Canceled}[how]
				if !errors.Is(err, want) {
					t.Errorf("AddAll: %v, want %v", err, want)
				}
				if told != 5 {
					t.Errorf("told of %d files", told)
				}
			})
		})
	}
}

// counting yields files, and counts them; the fourth one is a panic where crash is set.
func counting(files []sender.File, taken *int32, crash bool) iter.Seq[sender.File] {
	return func(yield func(sender.File) bool) {
		for i, f := range files {
			if crash && i == 3 {
				panic("no more files")
			}
			*taken++
			if !yield(f) {
				return
			}
		}
	}
}
