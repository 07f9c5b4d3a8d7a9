package outbox

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/flute-node/flute-node/flute"
)

// world is a folder with files, and an outbox of them.
type world struct {
	t   *testing.T
	dir string
	cfg Config

	mu    sync.Mutex
	told  []Event
	warns []string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir()}
	w.cfg = Config{
		Path: filepath.Join(t.TempDir(), "outbox.db"), Items: 1000, Bytes: 1 << 20,
		Told: func(e Event) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.told = append(w.told, e)
		},
		Warn: func(text string) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.warns = append(w.warns, text)
		},
	}
	return w
}

func (w *world) open() *Outbox {
	w.t.Helper()
	o, err := Open(w.cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	return o
}

// end closes an outbox without patience.
func (w *world) end(o *Outbox) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := o.Close(ctx); err != nil {
		w.t.Error(err)
	}
}

// outcomes returns what was told of tries.
func (w *world) outcomes() (list []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.told {
		switch e := e.(type) {
		case Tried:
			list = append(list, e.Outcome)
		case Refused:
			list = append(list, "refused")
		}
	}
	return list
}

// file is an object that is about to be published.
func (w *world) file(n int) File {
	return File{
		Unit: "in", TOI: flute.NewTOI(uint64(n)), ContentLocation: fmt.Sprintf("file:///f%d", n), Dir: w.dir,
		Session: flute.SessionKey{
			Source: netip.MustParseAddr("10.0.0.1"), Group: netip.MustParseAddrPort("239.1.1.1:3400"), TSI: 7,
		},
	}
}

// publish puts the file into its folder.
func (w *world) publish(f File) func() (string, error) {
	return func() (string, error) {
		name := filepath.Base(f.ContentLocation)
		return name, os.WriteFile(filepath.Join(w.dir, name), []byte("content of "+name), 0o600)
	}
}

// receive publishes files that sinks are to have.
func (w *world) receive(o *Outbox, sinks []string, numbers ...int) {
	w.t.Helper()
	for _, n := range numbers {
		f := w.file(n)
		if err := o.Around(f, sinks, time.Now(), w.publish(f)); err != nil {
			w.t.Error(err)
		}
	}
}

// taker is a Sink that does what do says; nil: it takes all.
type taker struct {
	do func(ctx context.Context, f *File) error

	mu     sync.Mutex
	keys   []string
	closed int
}

func (s *taker) Deliver(ctx context.Context, key string, f *File) error {
	s.mu.Lock()
	s.keys = append(s.keys, key)
	s.mu.Unlock()
	if key != f.Key() {
		return fmt.Errorf("key %s is not that of the file, %s", key, f.Key())
	}
	if s.do == nil {
		return nil
	}
	return s.do(ctx, f)
}

func (s *taker) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed++
}

func (s *taker) seen() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.keys)
}

var terms = Terms{Policy: policy, Timeout: 10 * time.Second, Jobs: 4}

func state(t *testing.T, o *Outbox, sink string) State {
	t.Helper()
	list, _ := o.States()
	i := slices.IndexFunc(list, func(s State) bool { return s.Name == sink })
	if i < 0 {
		t.Fatalf("there is no sink %s in %+v", sink, list)
	}
	return list[i]
}

// TestDeliver: each sink gets a file once; what it has it does not get again, also by another process.
func TestDeliver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		o := w.open()
		a, b := &taker{}, &taker{}
		o.Set("a", a, terms)
		o.Set("b", b, terms)
		w.receive(o, []string{"a", "b"}, 1, 2)
		w.receive(o, []string{"a"}, 1)
		time.Sleep(time.Minute)
		if len(a.seen()) != 2 || len(b.seen()) != 2 || len(w.outcomes()) != 4 {
			t.Errorf("%q %q %q", a.seen(), b.seen(), w.outcomes())
		}
		s, room := o.States()
		if s[0].Delivered != 2 || s[0].Duplicate != 1 || s[0].Waiting != 0 || s[0].LastDone.IsZero() ||
			room.Items != 0 || room.Bytes != 0 {
			t.Errorf("%+v %+v", s, room)
		}
		w.end(o)
		if a.closed != 1 || b.closed != 1 {
			t.Errorf("closed %d and %d times", a.closed, b.closed)
		}
		o = w.open()
		o.Set("a", a, terms)
		w.receive(o, []string{"a"}, 1, 2)
		w.receive(o, []string{"a"}, 3)
		time.Sleep(time.Minute)
		if len(a.seen()) != 3 {
			t.Errorf("%q", a.seen())
		}
		w.end(o)
	})
}

// TestRestart: what waits, and what was on its way, is delivered by the next process, with the same key. What waits for
// a sink that is configured no longer waits on.
func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		o := w.open()
		hangs := &taker{do: func(ctx context.Context, _ *File) error { <-ctx.Done(); return ctx.Err() }}
		terms := terms
		terms.Timeout, terms.Jobs = time.Hour, 1
		o.Set("a", hangs, terms)
		w.receive(o, []string{"a", "b"}, 1, 2)
		time.Sleep(time.Second)
		w.end(o)
		if got := w.outcomes(); len(got) != 0 {
			t.Errorf("a try that was broken off counts: %q", got)
		}
		o = w.open()
		if s := state(t, o, "b"); s.Configured || s.Waiting != 2 || s.Oldest.IsZero() {
			t.Errorf("%+v", s)
		}
		takes := &taker{}
		o.Set("a", takes, terms)
		time.Sleep(time.Second)
		first, second := w.file(1), w.file(2)
		for i, f := range []*File{&first, &second} {
			f.Name = filepath.Base(f.ContentLocation)
			if err := f.look(); err != nil {
				t.Fatal(err)
			}
			if got := takes.seen(); len(got) != 2 || got[i] != f.Key() {
				t.Errorf("%q, want %s", got, f.Key())
			}
		}
		if got := hangs.seen(); len(got) != 1 || got[0] != first.Key() {
			t.Errorf("%q", got)
		}
		w.end(o)
	})
}

// TestDaysOfFailure: a sink that fails for days is tried ever more rarely, also when many files wait, and none of them
// holds up another sink. After its patience they are dead letters, over a restart; replayed they are delivered.
func TestDaysOfFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		o := w.open()
		down := &taker{do: func(context.Context, *File) error { return errors.New("500 Internal Server Error") }}
		up := &taker{}
		terms := terms
		terms.Most, terms.Patience = 10*time.Minute, 3*24*time.Hour
		o.Set("down", down, terms)
		o.Set("up", up, terms)
		for n := range 40 {
			w.receive(o, []string{"down", "up"}, n)
		}
		time.Sleep(time.Minute)
		if len(up.seen()) != 40 || state(t, o, "up").Delivered != 40 {
			t.Errorf("%d files are delivered", len(up.seen()))
		}
		s := state(t, o, "down")
		if s.Waiting != 40 || s.Next.IsZero() || !strings.Contains(s.Error, "500") {
			t.Errorf("%+v", s)
		}
		time.Sleep(3*24*time.Hour - 2*time.Minute)
		tries := len(down.seen())
		if most := 3 * 24 * 12 * 2; tries > most || tries < 3*24*5 {
			t.Errorf("%d tries in three days, want at most %d", tries, most)
		}
		if s := state(t, o, "down"); s.Dead != 0 || s.Waiting != 40 {
			t.Errorf("given up too soon: %+v", s)
		}
		time.Sleep(24 * time.Hour)
		if s := state(t, o, "down"); s.Dead != 40 || s.Waiting != 0 {
			t.Errorf("not given up: %+v", s)
		}
		w.end(o)

		o = w.open()
		dead, _, err := o.Dead("down", "", 10)
		if err != nil || len(dead) != 10 || dead[0].File.ContentLocation == "" ||
			!strings.Contains(dead[0].Error, "500") {
			t.Errorf("%+v %v", dead, err)
		}
		if other, _, err := o.Dead("dow", "", 10); err != nil || len(other) != 0 {
			t.Errorf("%+v %v", other, err)
		}
		if got := pagesOf(t, o, "down", 7); len(got) != 40 {
			t.Errorf("%d dead letters on pages of 7", len(got))
		}
		for _, page := range []string{"x", "00", strings.Repeat("00", deadKeySize+1)} {
			if _, _, err := o.Dead("down", page, 10); !errors.Is(err, ErrPage) {
				t.Errorf("page %q: %v", page, err)
			}
		}
		takes := &taker{}
		o.Set("down", takes, terms)
		if n, err := o.Replay("down", dead[3].Key); n != 1 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		time.Sleep(time.Second)
		if got := takes.seen(); len(got) != 1 || got[0] != dead[3].Key {
			t.Errorf("%q", got)
		}
		if n, err := o.Discard("down", dead[0].Key); n != 1 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		if n, err := o.Replay("down", ""); n != 38 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		if n, err := o.Replay("down", ""); n != 0 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		time.Sleep(time.Minute)
		if s, room := o.States(); len(takes.seen()) != 39 || s[0].Dead != 0 || room.Items != 0 {
			t.Errorf("%d delivered, %+v %+v", len(takes.seen()), s, room)
		}
		w.end(o)
	})
}

// TestGivenUp: files that are given up, and those that are gone, do not make a sink that is down look alive: it is not
// tried more often for them.
func TestGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		o := w.open()
		down := &taker{do: func(context.Context, *File) error { return errors.New("connection refused") }}
		terms := terms
		terms.Patience, terms.Content = 0, true
		for n := range 40 {
			w.receive(o, []string{"down"}, n)
			if n%2 == 0 && n > 10 {
				if err := os.Remove(filepath.Join(w.dir, fmt.Sprintf("f%d", n))); err != nil {
					t.Fatal(err)
				}
			}
		}
		o.Set("down", down, terms)
		time.Sleep(20 * time.Second)
		// Four at once, and then pauses of up to 2, 4, 8 and 16 s, which are no shorter than a half of that.
		if tries := len(down.seen()); tries < 5 || tries > 9 {
			t.Errorf("%d tries in 20 s", tries)
		}
		if s := state(t, o, "down"); s.Failures < 5 || s.Next.IsZero() {
			t.Errorf("%+v", s)
		}
		w.end(o)
	})
}

// TestHang: a sink that hangs is given up after its time limit, one that panics at once, and neither holds up others.
func TestHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		o := w.open()
		hangs := &taker{do: func(ctx context.Context, _ *File) error { <-ctx.Done(); return ctx.Err() }}
		o.Set("hangs", hangs, terms)
		o.Set("panics", &taker{do: func(context.Context, *File) error { panic("oh") }}, terms)
		began := time.Now()
		w.receive(o, []string{"hangs", "panics"}, 1)
		if d := time.Since(began); d != 0 {
			t.Errorf("a file took %v", d)
		}
		time.Sleep(terms.Timeout + time.Second)
		if s := state(t, o, "hangs"); s.Retried != 1 || !strings.Contains(s.Error, "deadline") {
			t.Errorf("%+v", s)
		}
		if s := state(t, o, "panics"); s.Retried < 2 || !strings.Contains(s.Error, "oh at outbox.TestHang") {
			t.Errorf("%+v", s)
		}
		w.end(o)
	})
}

// TestRoom: the outbox has so many items and no more; what is too much is refused and said. A dead letter gives way.
func TestRoom(t *testing.T) {
	for name, set := range map[string]func(*Config){
		"items": func(c *Config) { c.Items = 3 },
		"bytes": func(c *Config) { c.Bytes = 1500 }, // three records
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				set(&w.cfg)
				o := w.open()
				w.receive(o, []string{"a"}, 1, 2, 3, 4)
				s, room := o.States()
				if s[0].Waiting != 3 || s[0].Refused != 1 || room.Items != 3 || room.Bytes > w.cfg.Bytes {
					t.Errorf("%+v %+v", s, room)
				}
				if got := w.outcomes(); fmt.Sprint(got) != "[refused]" {
					t.Errorf("%q", got)
				}
				o.Set("a", &taker{do: func(_ context.Context, f *File) error {
					if f.TOI == flute.NewTOI(2) {
						return &RejectedError{errors.New("410 Gone")}
					}
					return errors.New("503")
				}}, terms)
				time.Sleep(time.Second / 2)
				if s := state(t, o, "a"); s.Dead != 1 || s.Waiting != 2 {
					t.Errorf("%+v", s)
				}
				w.receive(o, []string{"a"}, 5, 6)
				s, room = o.States()
				if s[0].Waiting != 3 || s[0].Dead != 0 || s[0].Evicted != 1 || s[0].Refused != 2 || room.Items != 3 {
					t.Errorf("%+v %+v", s, room)
				}
				w.end(o)
			})
		})
	}
}

// TestContent: a sink that needs the content gets neither another version nor nothing in its place; one that does not
// is told of the file all the same.
func TestContent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		o := w.open()
		w.receive(o, []string{"upload", "hook"}, 1, 2, 3)
		if err := os.Remove(filepath.Join(w.dir, "f1")); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(w.dir, "f2"), []byte("another version"), 0o600); err != nil {
			t.Fatal(err)
		}
		upload, hook := &taker{}, &taker{}
		content := terms
		content.Content = true
		o.Set("upload", upload, content)
		o.Set("hook", hook, terms)
		time.Sleep(time.Minute)
		if s := state(t, o, "upload"); s.Delivered != 1 || s.Superseded != 1 || s.Rejected != 1 || s.Dead != 1 {
			t.Errorf("%+v", s)
		}
		if len(upload.seen()) != 1 || len(hook.seen()) != 3 {
			t.Errorf("%q %q", upload.seen(), hook.seen())
		}
		w.end(o)
	})
}

// pending returns how many outcomes wait for the disk.
func (o *Outbox) pending() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.unsaved)
}

// TestDiskFails: while the outbox cannot be written, files are published all the same, and it is said that their sinks
// do not get them. What is delivered is not delivered again, and is noted once that can be written.
func TestDiskFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		o := w.open()
		w.receive(o, []string{"a"}, 1)
		b, err := os.ReadFile(w.cfg.Path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(w.cfg.Path+".same", b, 0o600); err != nil {
			t.Fatal(err)
		}
		fails, err := bolt.Open(w.cfg.Path+".same", 0o600, &bolt.Options{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		defer fails.Close()
		works := o.disk.db
		use := func(db *bolt.DB) { // the writer has it
			o.write(func(*bolt.Tx) error { return nil }, func(error) { o.disk.db = db })
			o.States()
		}
		use(fails)
		sink := &taker{}
		o.Set("a", sink, terms)
		w.receive(o, []string{"a"}, 2)
		if _, err := os.Stat(filepath.Join(w.dir, "f2")); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		if got := w.outcomes(); !slices.Contains(got, "refused") || len(sink.seen()) != 1 {
			t.Errorf("%q, %d delivered", got, len(sink.seen()))
		}
		if o.pending() != 1 {
			t.Errorf("%d outcomes wait for the disk", o.pending())
		}
		use(works)
		time.Sleep(2 * saveAgain)
		s, room := o.States()
		if o.pending() != 0 || room.Items != 0 || s[0].Delivered != 1 || len(sink.seen()) != 1 {
			t.Errorf("%d wait, %+v %+v, %d delivered", o.pending(), s, room, len(sink.seen()))
		}
		w.end(o)
	})
}

// TestDamage: a file that is damaged is put aside, said, and another one begun.
func TestDamage(t *testing.T) {
	for name, damage := range map[string]func([]byte) []byte{
		"no database": func([]byte) []byte { return []byte(strings.Repeat("no database", 10_000)) },
		"cut off":     func(b []byte) []byte { return b[:len(b)/2] },
		"pages":       func(b []byte) []byte { copy(b[8192:], make([]byte, len(b)-8192)); return b },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			o := w.open()
			w.receive(o, []string{"a"}, 1)
			w.end(o)
			b, err := os.ReadFile(w.cfg.Path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(w.cfg.Path, damage(b), 0o600); err != nil {
				t.Fatal(err)
			}
			o = w.open()
			if len(w.warns) != 1 || !strings.Contains(w.warns[0], "damaged") {
				t.Errorf("%q", w.warns)
			}
			w.receive(o, []string{"a"}, 2)
			if s := state(t, o, "a"); s.Waiting != 1 {
				t.Errorf("%+v", s)
			}
			w.end(o)
		})
	}
}

// TestTwoProcesses: an outbox belongs to one process.
func TestTwoProcesses(t *testing.T) {
	w := newWorld(t)
	o := w.open()
	defer w.end(o)
	if _, err := Open(w.cfg); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Error(err)
	}
}

// pagesOf returns the keys of the dead letters of a sink, from pages of so many.
func pagesOf(t *testing.T, o *Outbox, sink string, most int) map[string]bool {
	t.Helper()
	got := map[string]bool{}
	for after, pages := "", 0; ; pages++ {
		list, next, err := o.Dead(sink, after, most)
		if err != nil || len(list) > most || pages > 100 {
			t.Fatalf("%d letters, %v", len(list), err)
		}
		for i := range list {
			if got[list[i].Key] {
				t.Errorf("%s is on two pages", list[i].Key)
			}
			got[list[i].Key] = true
		}
		if after = next; next == "" {
			return got
		}
	}
}
