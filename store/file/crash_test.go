package file_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/internal/child"
	"github.com/flute-node/flute-node/store/file"
)

// crashRoot names the environment variable that makes this test binary a process to be killed.
const crashRoot = "FLUTE_NODE_TEST_CRASH_ROOT"

func TestMain(m *testing.M) {
	if root := os.Getenv(crashRoot); root != "" {
		fmt.Println(publishForEver(root))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

const (
	crashWriters = 3  // goroutines of the process, each with names of its own
	crashNames   = 7  // paths of each
	crashPiece   = 64 // bytes: one line that tells whose file it is a piece of
	crashPieces  = 1100
)

// crashPath is where writer w publishes its nth file; it has no other files there than those that replace it.
func crashPath(w, n int) string { return fmt.Sprintf("w%d/d%d/f%d", w, n%3, n%crashNames) }

// crashLine returns the line that crashPieces of make up the nth file of writer w.
func crashLine(w, n int) []byte { return fmt.Appendf(nil, "%*d %d\n", crashPiece-3, n, w) }

// publishForEver publishes files, each in several writes, and tells each step in a line, until it is killed. Each fifth
// file it discards.
func publishForEver(root string) error {
	st, err := file.New(root)
	if err != nil {
		return err
	}
	ended := make(chan error)
	for w := range crashWriters {
		go func() {
			for n := 0; ; n++ {
				if err := publishOne(st, w, n); err != nil {
					ended <- err
				}
			}
		}()
	}
	return <-ended
}

func publishOne(st *file.Store, w, n int) error {
	fmt.Printf("begin %d %d\n", w, n)
	o, err := st.Create(0)
	if err != nil {
		return err
	}
	const each = 100 // pieces
	for i := 0; i < crashPieces; i += each {
		if _, err := o.WriteAt(bytes.Repeat(crashLine(w, n), each), int64(i)*crashPiece); err != nil {
			return err
		}
	}
	if n%5 == 4 {
		return o.Discard()
	}
	if _, err := st.Publish(o, crashPath(w, n)); err != nil {
		return err
	}
	fmt.Printf("published %d %d\n", w, n)
	return nil
}

// crashed is what a process had told when it was killed.
type crashed struct {
	begun     [crashWriters]int            // the file that was in work or done last; -1: none
	published [crashWriters]map[string]int // the last file that was published at a path
	working   int                          // writers that were in the middle of a file
}

// killed runs a process that publishes into root, kills it at a moment that nobody chose, and returns what it had told.
// Until then look is called again and again.
func killed(t *testing.T, root string, random *rand.Rand, look func()) (c crashed) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashRoot+"="+root)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Bind(cmd).Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	for w := range crashWriters {
		c.begun[w], c.published[w] = -1, map[string]int{}
	}
	files := 1 + random.IntN(20) // published before it is killed
	fraction, first := random.Float64(), time.Now()
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				look()
			}
		}
	}()
	lines := bufio.NewScanner(out)
	for seen := 0; lines.Scan(); {
		var what string
		var w, n int
		if _, err := fmt.Sscan(lines.Text(), &what, &w, &n); err != nil {
			t.Errorf("the process says %q", lines.Text())
		}
		if what == "begin" {
			c.begun[w] = n
			continue
		}
		c.published[w][crashPath(w, n)] = n
		if seen++; seen == files {
			// Somewhere in the time that one file takes. What the process still tells meanwhile is in the pipe.
			each := time.Since(first) / time.Duration(files)
			time.Sleep(time.Duration(fraction * float64(each))) // of another process: no bubble holds it
			_ = cmd.Process.Kill()
		}
	}
	_ = cmd.Process.Kill()
	close(stop)
	<-stopped
	for w, n := range c.begun {
		if last, ok := c.published[w][crashPath(w, max(n, 0))]; n >= 0 && n%5 != 4 && (!ok || last != n) {
			c.working++
		}
	}
	return c
}

// whole returns which file a content is, of which writer; false: it is a part, a mix, or none of theirs.
func whole(content []byte) (w, n int, ok bool) {
	if len(content) != crashPiece*crashPieces {
		return 0, 0, false
	}
	if _, err := fmt.Sscan(string(content[:crashPiece]), &n, &w); err != nil {
		return 0, 0, false
	}
	return w, n, bytes.Equal(content, bytes.Repeat(crashLine(w, n), crashPieces))
}

// TestKill kills processes in the middle of their work. A path is absent or holds a whole file, at any moment: of those
// that were published there the last, or the one that was being published. The next New cleans up, but not after those
// that live.
func TestKill(t *testing.T) {
	rounds := 12
	if testing.Short() {
		rounds = 4
	}
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(uint64(seed), 0))
	root := t.TempDir()
	alive := open(t, root)
	o := create(t, alive, "staged by one that lives")
	var looked atomic.Int64 // files that were there when somebody looked while they were replaced
	look := func() {
		if runtime.GOOS == "windows" {
			return // a file that is open cannot be replaced there
		}
		for w := range crashWriters {
			for n := range crashNames * 3 {
				content, err := os.ReadFile(filepath.Join(root, crashPath(w, n)))
				if err != nil {
					continue
				}
				looked.Add(1)
				if of, as, ok := whole(content); !ok || crashPath(of, as) != crashPath(w, n) {
					t.Errorf("%s is visible as %d bytes that are no whole file of it", crashPath(w, n), len(content))
				}
			}
		}
	}
	working := 0
	earlier := map[string]bool{} // paths with a file of an earlier process
	for round := range rounds {
		c := killed(t, root, random, look)
		working += c.working
		found := map[string]bool{}
		for name, content := range tree(t, root) {
			if name[0] != 'w' || name[len(name)-1] == '/' {
				continue // staged, or a folder
			}
			found[name] = true
			w, n, ok := whole([]byte(content))
			if !ok || crashPath(w, n) != name {
				t.Errorf("round %d: %s is a part or a mix of %d bytes", round, name, len(content))
				continue
			}
			if last, ok := c.published[w][name]; n != last && n != c.begun[w] && (ok || !earlier[name]) {
				t.Errorf("round %d: %s is file %d, want %d or %d", round, name, n, last, c.begun[w])
			}
			earlier[name] = true
		}
		for w := range crashWriters {
			for name, n := range c.published[w] {
				if !found[name] {
					t.Errorf("round %d: file %d was published as %s, and is not there", round, n, name)
				}
			}
		}
	}
	t.Logf("%d writers of %d were killed in the middle; %d looks at files", working, rounds*crashWriters, looked.Load())
	if working < rounds {
		t.Errorf("only %d writers in %d rounds were killed in the middle of a file", working, rounds)
	}
	if looked.Load() == 0 && runtime.GOOS != "windows" {
		t.Error("nobody saw a file while it was replaced")
	}
	if got := stages(t, root); got < 2 {
		t.Fatalf("%d stages; a killed process should have left one", got)
	}
	before := published(tree(t, root))
	next := open(t, root)
	if got := stages(t, root); got != 2 {
		t.Errorf("%d stages after New, want those of the two that live", got)
	}
	if diff := cmp.Diff(before, published(tree(t, root))); diff != "" {
		t.Errorf("New changed what was published:\n%s", diff)
	}
	if _, err := alive.Publish(o, "survivor"); err != nil {
		t.Error(err)
	}
	if _, err := next.Publish(create(t, next, "x"), "w0/x"); err != nil {
		t.Error(err)
	}
}

// published returns the digests of the files of a tree that are not staged.
func published(tree map[string]string) map[string][32]byte {
	m := map[string][32]byte{}
	for name, content := range tree {
		if name[0] == 'w' {
			m[name] = sha256.Sum256([]byte(content))
		}
	}
	return m
}

func stages(t *testing.T, root string) int {
	t.Helper()
	m, err := filepath.Glob(filepath.Join(root, stageName, "*.lock"))
	if err != nil {
		t.Fatal(err)
	}
	return len(m)
}

// TestLeftovers: folders and locks in all states of a crash are removed; New and Close race with one another.
func TestLeftovers(t *testing.T) {
	root := t.TempDir()
	stage := filepath.Join(root, stageName)
	for _, dir := range []string{"NOLOCK", "UNLOCKED"} {
		if err := os.MkdirAll(filepath.Join(stage, dir, "sub"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []string{"NOLOCK/x", "UNLOCKED/x", "UNLOCKED.lock", "NOFOLDER.lock", "stray"} {
		if err := os.WriteFile(filepath.Join(stage, f), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	st := open(t, root)
	create(t, st, "y")
	if m, _ := filepath.Glob(stage + "/*"); len(m) != 2 {
		t.Errorf("staging folder holds %q, want one stage and its lock", m)
	}

	done := make(chan error)
	other := t.TempDir()
	for range 4 {
		go func() {
			for range 50 {
				st, err := file.Options{NoSync: true}.New(other)
				if err == nil {
					_, err = st.Create(1)
				}
				if err == nil {
					err = st.Close()
				}
				if err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range 4 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if got := tree(t, other); len(got) != 0 {
		t.Errorf("left: %v", got)
	}
}
