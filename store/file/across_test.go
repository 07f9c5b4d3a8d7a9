package file

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flute-node/flute-node/store/names"
)

// TestCrossingsShareAStage: files that are published at the same time in a folder on another file system are copied
// into one stage there: with one each, every one would look for leftovers in those of all others.
func TestCrossingsShareAStage(t *testing.T) {
	root := t.TempDir()
	s := opened(t, Options{}, root)
	defer s.Close()
	for _, dir := range []string{"a", "b"} {
		if err := os.Mkdir(filepath.Join(root, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	g := s.current()
	entered := make([]*crossing, 20)
	var all sync.WaitGroup
	for i := range entered {
		all.Go(func() {
			var err error
			if entered[i], err = s.crossings.enter(g, string(rune('a'+i%2)), &s.opts); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, dir := range []string{"a", "b"} {
		stages, err := filepath.Glob(filepath.Join(root, dir, stageName, "*"+lockExt))
		if len(stages) != 1 || err != nil {
			t.Errorf("%s has %d stages, %v", dir, len(stages), err)
		}
	}
	for i, x := range entered {
		if o := written(t, s, "content").(*object); i == len(entered)-1 { // the last one still has it
			if err := o.placeAcross(g, "b/x"); err != nil || read(t, root, "b", "x") != "content" {
				t.Error(err)
			}
		}
		s.crossings.leave(x, nil)
	}
	for _, dir := range []string{"a", "b"} {
		if _, err := os.Lstat(filepath.Join(root, dir, stageName)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the stage in %s is left: %v", dir, err)
		}
	}
}

// TestCrossingThatIsRemoved: when somebody removes a stage that is shared, who comes next has another one.
func TestCrossingThatIsRemoved(t *testing.T) {
	if onWindows {
		t.Skip("nothing is removed there that is open")
	}
	root := t.TempDir()
	s := opened(t, Options{}, root)
	defer s.Close()
	there := filepath.Join(root, "d")
	if err := os.Mkdir(there, 0o700); err != nil {
		t.Fatal(err)
	}
	g := s.current()
	x, err := s.crossings.enter(g, "d", &s.opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(there, stageName)); err != nil {
		t.Fatal(err)
	}
	o := written(t, s, "content").(*object)
	if err := o.placeAcross(g, "d/x"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("in a stage that was removed: %v", err)
	}
	if err := o.placeAcross(g, "d/x"); err != nil || read(t, root, "d", "x") != "content" {
		t.Errorf("afterwards: %v", err)
	}
	s.crossings.leave(x, nil)
	if len(s.crossings.open) != 0 {
		t.Errorf("%d are open", len(s.crossings.open))
	}
}

// TestSyncThatHangsLendsItsPlace: a sync in a folder that does not answer is in the way of other calls for a second at
// most, and what it has lent it does not give back twice.
func TestSyncThatHangsLendsItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, hung := newGate(), make(chan struct{})
		hanging := g.lending(func(*os.File) error { <-hung; return nil })
		for range 3 * calls {
			go hanging(nil)
		}
		synctest.Wait()
		begin := time.Now()
		if err := g.around(func(*os.File) error { return nil })(nil); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took > 3*hangs {
			t.Errorf("another call has waited %v", took)
		}
		close(hung)
		synctest.Wait()
		time.Sleep(10 * hangs)
		if len(g) != 0 {
			t.Errorf("%d places are taken", len(g))
		}
	})
}

// TestFolderThatIsMadeHangs: folders are made elsewhere while one cannot be.
func TestFolderThatIsMadeHangs(t *testing.T) {
	if onWindows {
		t.Skip("folders are not synced")
	}
	root := t.TempDir()
	s := opened(t, Options{}, root)
	defer s.Close()
	entered, others := make(chan struct{}), make(chan struct{})
	s.sync = func(f *os.File) error {
		if filepath.Base(f.Name()) != "dead" {
			return nil
		}
		entered <- struct{}{}
		select {
		case <-others:
			return nil
		case <-time.After(30 * time.Second):
			return errors.New("the other one waits for it")
		}
	}
	result := make(chan error, 1)
	slow, quick := written(t, s, "dead"), written(t, s, "alive")
	go func() {
		_, err := s.Publish(slow, "dead/a/x")
		result <- err
	}()
	<-entered
	if _, err := s.Publish(quick, "alive/a/x"); err != nil {
		t.Error(err)
	}
	close(others)
	if err := <-result; err != nil {
		t.Error(err)
	}
}

// TestLooksBelowAFolderThatHangs: however many look below it, one does so at a time; who looks elsewhere does not wait.
func TestLooksBelowAFolderThatHangs(t *testing.T) {
	const looks = 100
	s := opened(t, Options{}, t.TempDir())
	defer s.Close()
	answer := s.looking.Lock(spelling("dead")) // as who looks there and gets no answer
	var all sync.WaitGroup
	for i := range looks {
		all.Go(func() { s.lookInTurn(fmt.Sprintf("dead/%d/x", i)) })
	}
	for begin := time.Now(); s.looking.Users(spelling("dead")) < 1+looks; time.Sleep(time.Millisecond) {
		if time.Since(begin) > time.Minute {
			t.Fatal("they do not wait for each other")
		}
	}
	for _, name := range []string{"alive/x", "x"} {
		if kind := s.lookInTurn(name); kind != names.Absent {
			t.Errorf("%s: %v", name, kind)
		}
	}
	answer()
	all.Wait()
}

// TestFoldersInAllSpellings: the locks of folders are those of all their spellings.
func TestFoldersInAllSpellings(t *testing.T) {
	a, b := spelling("Caf\u00e9"), spelling(strings.ToUpper("cafe\u0301"))
	if a != b || a == spelling("cafe") {
		t.Errorf("%q and %q", a, b)
	}
}

// TestWarnPanicsInACrossing: when the Warn of an application panics while a stage is made in a folder on another file
// system, who waits for that stage gets an error, and who comes next has one.
func TestWarnPanicsInACrossing(t *testing.T) {
	root := t.TempDir()
	there := filepath.Join(root, "d")
	noted(t, Options{}, there, "content", "1")
	warned, waited := make(chan struct{}), make(chan struct{})
	s := opened(t, Options{KeepFor: 1, Warn: func(string) {
		close(warned)
		<-waited
		panic("of the application")
	}}, root)
	defer s.Close()
	g := s.current()
	var passed any
	var all sync.WaitGroup
	all.Go(func() {
		defer func() { passed = recover() }()
		_ = written(t, s, "content").(*object).placeAcross(g, "d/x")
	})
	<-warned
	all.Go(func() {
		if err := written(t, s, "content").(*object).placeAcross(g, "d/y"); !errors.Is(err, errNoStage) {
			t.Errorf("who has waited: %v", err)
		}
	})
	for users := 0; users < 2; time.Sleep(time.Millisecond) {
		s.crossings.mu.Lock()
		users = s.crossings.open["d"].users
		s.crossings.mu.Unlock()
	}
	close(waited)
	all.Wait()
	if passed == nil || len(s.crossings.open) != 0 {
		t.Errorf("%v has passed, and %d are open", passed, len(s.crossings.open))
	}
	if err := written(t, s, "content").(*object).placeAcross(g, "d/z"); err != nil {
		t.Errorf("who has come next: %v", err)
	}
}
