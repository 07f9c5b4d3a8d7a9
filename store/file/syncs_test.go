package file

import (
	"errors"
	"maps"
	"os"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// cache stands for a file system, whose calls take time and are kept in order.
type cache struct {
	whole, single time.Duration // what a sync of the file system, or of a file, takes
	fails         map[*os.File]bool

	mu      sync.Mutex
	dirty   map[*os.File]bool // written, not synced
	given   map[*os.File]bool // to the disk, which has not written out its cache
	durable map[*os.File]bool
	rounds  int
	singles int
	running int // of the latter
}

func newCache(whole, single time.Duration) *cache {
	return &cache{
		whole: whole, single: single, fails: map[*os.File]bool{},
		dirty: map[*os.File]bool{}, given: map[*os.File]bool{}, durable: map[*os.File]bool{},
	}
}

func (c *cache) write(f *os.File) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dirty[f] = true
}

// syncAll gives to the disk what is there when it begins.
func (c *cache) syncAll() error {
	c.mu.Lock()
	c.rounds++
	there, takes := maps.Clone(c.dirty), c.whole
	c.mu.Unlock()
	time.Sleep(takes)
	c.mu.Lock()
	defer c.mu.Unlock()
	var err error
	for f := range there {
		if c.fails[f] {
			err = syscall.EIO
		} else {
			c.given[f] = true
		}
	}
	return err
}

// sync gives one file to the disk, and has it write out its cache. Several at a time wait for one another.
func (c *cache) sync(f *os.File) error {
	c.mu.Lock()
	c.singles++
	c.running++
	there, takes := maps.Clone(c.given), c.single*time.Duration(c.running)
	c.mu.Unlock()
	time.Sleep(takes)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running--
	if c.fails[f] {
		return syscall.EIO
	}
	maps.Copy(c.durable, there)
	c.durable[f] = true
	return nil
}

// commit has callers commit files, and returns the errors by file. What is committed without an error must be durable.
func (c *cache) commit(t *testing.T, s *syncs, callers, files int) map[*os.File]error {
	t.Helper()
	var all sync.WaitGroup
	var mu sync.Mutex
	found := map[*os.File]error{}
	for i := range callers {
		all.Go(func() {
			for n := range files {
				f := new(os.File)
				c.mu.Lock()
				c.fails[f] = i == 3 && n == 1 && c.fails[nil]
				c.mu.Unlock()
				time.Sleep(time.Duration(i) * time.Microsecond)
				c.write(f)
				err := s.commit(f, c.sync)
				c.mu.Lock()
				if err == nil && !c.durable[f] {
					t.Errorf("file %d of caller %d is not durable after commit", n, i)
				}
				c.mu.Unlock()
				mu.Lock()
				found[f] = err
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return found
}

// TestSyncsAreShared: callers share a sync that begins after what they have written, and none returns before the disk
// has written out its cache after that.
func TestSyncsAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache(2*time.Millisecond, time.Millisecond)
		s := &syncs{all: c.syncAll}
		for _, err := range c.commit(t, s, 32, 20) {
			if err != nil {
				t.Error(err)
			}
		}
		if total := c.rounds + c.singles; total > 100 {
			t.Errorf("%d syncs of the file system and %d of a file for 640 files", c.rounds, c.singles)
		}
	})
}

// TestSyncOfOneFileFails: in a round that fails, the error is that of the file alone whose bytes are lost.
func TestSyncOfOneFileFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache(2*time.Millisecond, time.Millisecond)
		c.fails[nil] = true // the second file of the fourth caller
		s := &syncs{all: c.syncAll}
		failed := 0
		for f, err := range c.commit(t, s, 16, 3) {
			if err != nil {
				failed++
			}
			if c.fails[f] != errors.Is(err, syscall.EIO) {
				t.Errorf("a file that fails %v: %v", c.fails[f], err)
			}
		}
		if failed != 1 {
			t.Errorf("%d files failed, want 1", failed)
		}
	})
}

// TestSlowFileSystem: a sync of the file system that takes long, since others have left it much to write, holds nobody
// up for longer than syncs one by one would have. While it runs, and for some files afterwards, they are synced so. Now
// and then it is tried again.
func TestSlowFileSystem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache(8*time.Second, time.Millisecond)
		s := &syncs{all: c.syncAll}
		begin := time.Now()
		c.commit(t, s, 32, 50)
		if took := time.Since(begin); took > 3*time.Second || c.rounds != 1 {
			t.Errorf("1600 files took %v, with %d syncs of the file system", took, c.rounds)
		}
		s.wait()
		if s.overdue || s.pause != minPause {
			t.Errorf("after the slow sync: overdue %v, %d files one by one", s.overdue, s.pause)
		}
		c.mu.Lock()
		c.whole = time.Second
		c.mu.Unlock()
		c.commit(t, s, 32, 20)
		s.wait()
		if c.rounds != 2 || s.pause != 2*minPause {
			t.Errorf("%d syncs of the file system, then %d files one by one", c.rounds, s.pause)
		}
		slow := c.rounds
		c.mu.Lock()
		c.whole = time.Millisecond
		c.mu.Unlock()
		c.commit(t, s, 32, 60)
		if c.rounds-slow < 20 {
			t.Errorf("%d rounds after the file system had become fast", c.rounds-slow)
		}
		s.wait()
	})
}

// TestOneCallerSyncsItsFile: nobody else's bytes are waited for.
func TestOneCallerSyncsItsFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache(time.Second, time.Millisecond)
		c.commit(t, &syncs{all: c.syncAll}, 1, 10)
		if c.rounds != 0 || c.singles != 10 {
			t.Errorf("%d syncs of the file system, %d of a file", c.rounds, c.singles)
		}
	})
}

// TestRoundsGather: those who were in a round are in the next one together, as long as they are back with their next
// files before a round of the others would have ended. Else a round of few and one of many take turns, at twice the
// cost. A caller that is alone waits for nobody.
func TestRoundsGather(t *testing.T) {
	const callers, files, prepares = 200, 10, 20 * time.Microsecond
	synctest.Test(t, func(t *testing.T) {
		c := newCache(20*time.Millisecond, time.Millisecond)
		s := &syncs{all: c.syncAll}
		var all sync.WaitGroup
		for i := range callers {
			all.Go(func() {
				for n := range files {
					time.Sleep(time.Duration(1+(i+n)%callers) * prepares) // one after the other, on one processor
					f := new(os.File)
					c.write(f)
					if err := s.commit(f, c.sync); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		if c.rounds > files+2 {
			t.Errorf("%d syncs of the file system for %d files of each caller", c.rounds, files)
		}
		time.Sleep(time.Second)
		begin := time.Now()
		c.commit(t, s, 1, 5)
		if took := time.Since(begin); took != 5*time.Millisecond {
			t.Errorf("a caller alone took %v for five files", took)
		}
	})
}

// TestSyncsPatience: a round may take worth times as long as its files one by one, and leastWait in any case. What a
// file costs is known from those before.
func TestSyncsPatience(t *testing.T) {
	for _, c := range []struct {
		one  time.Duration
		n    int
		want time.Duration
	}{
		{0, 100, worth * 100 * guessedSync},
		{time.Microsecond, 100, leastWait},
		{10 * time.Millisecond, 3, worth * 30 * time.Millisecond},
	} {
		if got := (&syncs{one: c.one}).patience(c.n); got != c.want {
			t.Errorf("%d files of %v: %v, want %v", c.n, c.one, got, c.want)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		s := &syncs{}
		for _, c := range []struct{ takes, want time.Duration }{
			{8 * time.Millisecond, 8 * time.Millisecond},
			{16 * time.Millisecond, 9 * time.Millisecond},
			{time.Millisecond, 8 * time.Millisecond},
		} {
			err := s.alone(nil, func(*os.File) error { time.Sleep(c.takes); return nil })
			if err != nil || s.one != c.want || s.running != 0 {
				t.Errorf("after one of %v: %v, %d under way, %v", c.takes, s.one, s.running, err)
			}
		}
	})
}

// TestSyncsPenalty: each slow round in a row doubles how many files are synced one by one, up to maxPause. A quick one
// has it begin anew.
func TestSyncsPenalty(t *testing.T) {
	s := &syncs{}
	for want := minPause; want < 4*maxPause; want *= 2 {
		s.overdue = true
		if s.judge(false); s.pause != min(want, maxPause) || s.overdue {
			t.Errorf("%d files, want %d; overdue %v", s.pause, want, s.overdue)
		}
	}
	s.judge(true)
	if s.judge(false); s.pause != minPause {
		t.Errorf("%d files after a quick round", s.pause)
	}
}

// TestGather: a round waits for as many files as the one before had, no longer than that took, nor than mostGather; for
// a single one it does not wait.
func TestGather(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		name  string
		count int           // files of the round before
		took  time.Duration // it
		ago   time.Duration // its end
		back  int           // files that come after five milliseconds
		want  time.Duration
	}{
		{"all are back", 2, 100 * ms, 0, 2, 5 * ms},
		{"one is missing", 2, 100 * ms, 0, 1, 100 * ms},
		{"nobody is", 3, 100 * ms, 30 * ms, 0, 70 * ms},
		{"a slow round", 2, time.Hour, 0, 0, mostGather},
		{"a slow round, and all are back", 3, time.Hour, 0, 3, 5 * ms},
		{"it was of one file", 1, 100 * ms, 0, 0, 0},
		{"it ended long ago", 2, 100 * ms, 100 * ms, 0, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			before := &round{count: c.count, took: c.took, ended: time.Now().Add(-c.ago), synced: make(chan struct{})}
			close(before.synced)
			r := &round{before: before, files: []*os.File{nil}, done: make(chan struct{})}
			s := &syncs{all: func() error { return nil }, next: r, last: r}
			for range c.back {
				go func() {
					time.Sleep(5 * ms)
					_ = s.commit(nil, nil)
				}()
			}
			begin := time.Now()
			s.gather(r)
			if took := time.Since(begin); took != c.want || r.before != nil {
				t.Errorf("%s: %v, want %v", c.name, took, c.want)
			}
			time.Sleep(time.Second)
			close(r.done)
		})
	}
}

// TestPauseOfSyncs: after a slow round so many files are synced one by one, and then a round is tried again. While a
// sync is overdue none is, whatever is left of the pause.
func TestPauseOfSyncs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCache(time.Millisecond, time.Millisecond)
		s := &syncs{all: c.syncAll, pause: 3}
		for left := 2; left >= 0; left-- {
			if err := s.commit(new(os.File), c.sync); err != nil || s.pause != left || s.last != nil {
				t.Errorf("%d files are left, want %d; %v", s.pause, left, err)
			}
		}
		s.overdue = true
		if err := s.commit(new(os.File), c.sync); err != nil || s.pause != 0 || s.last != nil {
			t.Errorf("while it is overdue: %d files are left, %v", s.pause, err)
		}
		s.overdue = false
		if err := s.commit(new(os.File), c.sync); err != nil || s.last == nil {
			t.Errorf("no round is tried: %v", err)
		}
		s = &syncs{}
		if err := s.commit(new(os.File), c.sync); err != nil || s.last != nil {
			t.Errorf("a round where the system cannot: %v", err)
		}
	})
}

// TestRoundOfTwo: one sync of the file system, and one of the last file for the disk's cache. If that fails, each file
// tells for itself. What it took is known to the next one.
func TestRoundOfTwo(t *testing.T) {
	for name, fails := range map[string]int{"": 0, "the last file": 2, "the first file": 1} {
		synctest.Test(t, func(t *testing.T) {
			files := []*os.File{new(os.File), new(os.File)}
			calls := 0
			s := &syncs{all: func() error { calls++; time.Sleep(time.Millisecond); return nil }}
			r := &round{files: files, synced: make(chan struct{}), done: make(chan struct{})}
			var synced []*os.File
			s.run(r, func(f *os.File) error {
				synced = append(synced, f)
				if fails > 0 && f == files[fails-1] {
					return syscall.EIO
				}
				return nil
			})
			if calls != 1 || len(synced) != 1 || synced[0] != files[1] || r.each != (fails == 2) || r.err != nil {
				t.Errorf("%s: %d syncs of all, %d of a file, each %v, %v", name, calls, len(synced), r.each, r.err)
			}
			if r.count != 2 || r.files != nil || r.took != time.Millisecond || !r.ended.Equal(time.Now()) {
				t.Errorf("%s: %d files took %v", name, r.count, r.took)
			}
		})
	}
}

// TestRoundThatPanics: nobody else takes the files of a round for durable whose sync panics.
func TestRoundThatPanics(t *testing.T) {
	r := &round{files: []*os.File{nil, nil}, synced: make(chan struct{}), done: make(chan struct{})}
	s := &syncs{all: func() error { return nil }}
	func() {
		defer func() { _ = recover() }()
		s.run(r, func(*os.File) error { panic("sync") })
	}()
	select {
	case <-r.done:
	default:
		t.Fatal("the others wait")
	}
	if !r.each {
		t.Error("the others go on")
	}
}
