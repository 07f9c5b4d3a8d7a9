package file

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/flute-node/flute-node/store"
)

// asked is what the system was asked to write out.
type asked struct {
	mu    sync.Mutex
	spans []store.Span
	wait  chan struct{} // closed when the calls may return; nil: they do
	err   error         // what they return
}

func (a *asked) begin(_ *os.File, off, n int64) error {
	a.mu.Lock()
	a.spans = append(a.spans, store.Span{Off: off, Len: int(n)})
	wait := a.wait
	a.mu.Unlock()
	if wait != nil {
		<-wait
	}
	return a.err
}

// of returns how many of n bytes that were written in order were asked for: each once, and in order.
func (a *asked) of(t *testing.T, n int64) (sum int64) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	end := int64(0)
	for _, s := range a.spans {
		if s.Off != end || s.End() > n {
			t.Errorf("%v after %d of %d", s, end, n)
		}
		end = s.End()
		sum += int64(s.Len)
	}
	return sum
}

// behindStore returns a store that asks a, and an object of it.
func behindStore(t *testing.T, a *asked) (*Store, store.Object) {
	t.Helper()
	s, err := New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	s.behind.begin = a.begin
	o, err := s.Create(0)
	if err != nil {
		t.Fatal(err)
	}
	return s, o
}

func isRunning(s *Store) bool {
	s.behind.mu.Lock()
	defer s.behind.mu.Unlock()
	return s.behind.idle != nil
}

// fill writes n bytes from off on, in pieces.
func fill(t *testing.T, o store.Object, off, n int64) {
	t.Helper()
	p := make([]byte, 1<<20)
	for end := off + n; off < end; off += int64(len(p)) {
		if _, err := o.WriteAt(p, off); err != nil {
			t.Fatal(err)
		}
	}
}

// TestBehind has the system write out a large object while it is written, each byte once.
func TestBehind(t *testing.T) {
	a := &asked{}
	s, o := behindStore(t, a)
	const size = 5*behindBytes + behindBytes/2
	fill(t, o, 0, size)
	s.behind.wait()
	if got := a.of(t, size); got < size-2*behindBytes {
		t.Errorf("asked for %d of %d bytes", got, size)
	}
	if _, err := s.Publish(o, "file"); err != nil {
		t.Fatal(err)
	}
}

// TestBehindFails: what the system could not write out when it was asked to is not published, although a sync may
// report success.
func TestBehindFails(t *testing.T) {
	failed := errors.New("no place on the disk")
	s, o := behindStore(t, &asked{err: failed})
	fill(t, o, 0, behindBytes)
	s.behind.wait()
	if _, err := o.WriteAt([]byte("x"), 0); !errors.Is(err, failed) {
		t.Errorf("written afterwards: %v", err)
	}
	if _, err := s.Publish(o, "file"); !errors.Is(err, failed) {
		t.Errorf("published: %v", err)
	}
}

// TestBehindOutOfOrder: source blocks that come in turn are asked for as well, by the range that has them.
func TestBehindOutOfOrder(t *testing.T) {
	a := &asked{}
	s, o := behindStore(t, a)
	fill(t, o, 3*behindBytes, behindBytes/2)
	fill(t, o, behindBytes, behindBytes/2)
	s.behind.wait()
	if want := (store.Span{Off: behindBytes, Len: 2*behindBytes + behindBytes/2}); len(a.spans) != 1 ||
		a.spans[0] != want {
		t.Errorf("asked for %v, want %v", a.spans, want)
	}
}

// TestBehindSmall leaves small files alone: they share one sync.
func TestBehindSmall(t *testing.T) {
	a := &asked{}
	s, o := behindStore(t, a)
	fill(t, o, 0, behindBytes-1<<20)
	s.behind.wait()
	if len(a.spans) != 0 {
		t.Errorf("asked for %v", a.spans)
	}
}

// TestBehindNoSync: a Store that leaves it to the system when files reach the disk asks for nothing.
func TestBehindNoSync(t *testing.T) {
	s, err := Options{NoSync: true}.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if s.behind.begin != nil {
		t.Error("it asks")
	}
}

// TestBehindHangs: a disk that has the goroutine wait has no writer wait. What was written meanwhile is asked for
// together. An object that is discarded meanwhile is removed.
func TestBehindHangs(t *testing.T) {
	a := &asked{wait: make(chan struct{})}
	s, o := behindStore(t, a)
	const size = 6 * behindBytes
	fill(t, o, 0, size)
	if err := o.Discard(); err != nil {
		t.Fatal(err)
	}
	other, err := s.Create(0)
	if err != nil {
		t.Fatal(err)
	}
	fill(t, other, 0, behindBytes)
	if _, err := s.Publish(other, "other"); err != nil { // before the goroutine comes to it
		t.Fatal(err)
	}
	close(a.wait)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if isRunning(s) {
		t.Error("the goroutine goes on after Close")
	}
	entries, err := os.ReadDir(s.path)
	if err != nil || len(entries) != 1 || entries[0].Name() != "other" {
		t.Errorf("%v, %v", entries, err)
	}
}

// TestBehindAfterClose: a Store that is closed asks for nothing, whoever still writes.
func TestBehindAfterClose(t *testing.T) {
	a := &asked{}
	s, o := behindStore(t, a)
	s.behind.close()
	fill(t, o, 0, 2*behindBytes)
	if len(a.spans) != 0 || isRunning(s) {
		t.Errorf("asked for %v", a.spans)
	}
}

// TestPublishWhileNoting: a file that is whole waits for the sync that a Note has begun, and not for the notes.
func TestPublishWhileNoting(t *testing.T) {
	s, o := behindStore(t, &asked{})
	fill(t, o, 0, 1<<20)
	began, end := make(chan struct{}), make(chan struct{})
	var synced []string
	s.syncFile = func(f *os.File) error {
		if synced = append(synced, filepath.Ext(f.Name())); len(synced) == 1 {
			close(began)
			<-end
		}
		return f.Sync()
	}
	noted := make(chan error, 1)
	go func() { noted <- o.(interface{ Note([]byte, bool) error }).Note([]byte("notes"), true) }()
	<-began
	published := make(chan error, 1)
	go func() {
		_, err := s.Publish(o, "file")
		published <- err
	}()
	for own := o.(*object); !own.publishing.Load(); {
		runtime.Gosched()
	}
	close(end)
	if err := errors.Join(<-noted, <-published); err != nil {
		t.Fatal(err)
	}
	if len(synced) != 2 || synced[0] != "" || synced[1] != "" {
		t.Errorf("synced %q, want the file twice", synced)
	}
}

// TestExtent: what was written is within the least range that has all of it, and counts by its bytes.
func TestExtent(t *testing.T) {
	var e extent
	for _, c := range []struct{ off, n, from, to, bytes int64 }{
		{50, 10, 50, 60, 10}, {60, 5, 50, 65, 15}, {40, 5, 40, 65, 20}, {45, 2, 40, 65, 22},
	} {
		if e.add(c.off, c.n); e.from != c.from || e.to != c.to || e.bytes != c.bytes {
			t.Errorf("after %d bytes at %d: %+v, want %+v", c.n, c.off, e, c)
		}
	}
}

// TestBehindBegins: the system is asked as soon as behindBytes are there.
func TestBehindBegins(t *testing.T) {
	a := &asked{}
	s, o := behindStore(t, a)
	fill(t, o, 0, behindBytes)
	s.behind.wait()
	if got := a.of(t, behindBytes); got != behindBytes {
		t.Errorf("asked for %d of %d bytes", got, behindBytes)
	}
}
