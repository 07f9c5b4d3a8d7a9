//go:build unix

package program

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/flute-node/flute-node/flute/receiver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is a Runner whose shell runs text.
type rig struct {
	*Runner
	dir string

	mu    sync.Mutex
	ends  []End
	lines []string
}

func newRig(t *testing.T, text string, edit ...func(*Config)) *rig {
	t.Helper()
	c, err := Shell(text)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{dir: t.TempDir()}
	cfg := Config{
		Command: c, Dir: r.dir, Timeout: time.Hour, Jobs: 2,
		Show: func(f *File, line string) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.lines = append(r.lines, f.Name()+": "+line)
		},
		Ended: func(e End) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.ends = append(r.ends, e)
		},
	}
	for _, e := range edit {
		e(&cfg)
	}
	r.Runner = New(cfg)
	r.grace = 100 * time.Millisecond
	t.Cleanup(r.Kill)
	return r
}

// publish has a file published and the program run.
func (r *rig) publish(name, content string) error {
	return r.Choice(receiver.Offer{}).Publish(func() (string, error) {
		return name, os.WriteFile(filepath.Join(r.dir, name), []byte(content), 0o600)
	})
}

// TestPublished: a program has the file as its standard input and its path in its environment; how it ends is told.
func TestPublished(t *testing.T) {
	r := newRig(t, `echo "$FLUTE_PATH $FLUTE_SIZE"; cat; test "$FLUTE_NAME" = good || exit 3`)
	if err := r.publish("good", "hello"); err != nil {
		t.Error(err)
	}
	if err := r.publish("bad", ""); err == nil || err.Error() != "exit status 3" {
		t.Errorf("bad: %v", err)
	}
	want := fmt.Sprintf("good: %s/good 5\ngood: hello\nbad: %s/bad 0", r.dir, r.dir)
	if got := strings.Join(r.lines, "\n"); got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
	if len(r.ends) != 2 || r.ends[0].ExitCode != 0 || r.ends[0].Err != nil || r.ends[1].ExitCode != 3 ||
		r.ends[1].Err == nil || r.ends[1].File.Path != filepath.Join(r.dir, "bad") {
		t.Errorf("ends: %+v", r.ends)
	}
	full := errors.New("no space left")
	for _, err := range []error{full, nil} { // nil: an older file was kept
		if got := r.Choice(receiver.Offer{}).Publish(func() (string, error) { return "", err }); !errors.Is(got, err) {
			t.Errorf("%v, want %v", got, err)
		}
	}
	if len(r.ends) != 2 {
		t.Errorf("%d programs have run", len(r.ends))
	}
}

// TestConsumed: without a folder a program is given the bytes; one that does not read them all may end well.
func TestConsumed(t *testing.T) {
	want := bytes.Repeat([]byte("0123456789abcdef"), 100_000)
	for text, result := range map[string]string{
		"wc -c": "1600000",
		`test -z "$FLUTE_PATH" -a $FLUTE_SIZE = 1600000`: "",
		"exit 4":        "exit status 4",
		"head -c 5":     "01234",
		"kill -9 $$":    "signal: killed",
		"exec /no/such": "exit status 127",
	} {
		r := newRig(t, text, func(c *Config) { c.Dir = "" })
		err := give(r.Choice(receiver.Offer{}).Consumer, want)
		switch {
		case err != nil && err.Error() != result:
			t.Errorf("%s: %v", text, err)
		case err == nil && strings.TrimSpace(strings.TrimPrefix(strings.Join(r.lines, ""), ":")) != result:
			t.Errorf("%s: printed %q", text, r.lines)
		}
		if len(r.ends) != 1 {
			t.Errorf("%s: ends %+v", text, r.ends)
		}
	}
}

// give gives a Consumer bytes as a receiver does.
func give(c receiver.Consumer, b []byte) error {
	err := c.Open(uint64(len(b)))
	for len(b) > 0 && err == nil {
		n := min(len(b), 256<<10)
		_, err = c.Write(b[:n])
		b = b[n:]
	}
	if err == nil {
		err = c.Commit()
	}
	if err != nil {
		c.Abort(err)
	}
	return err
}

// TestTimeLimit: a program that reads nothing and does not end is ended, with what it has started, also if it does not
// want to.
func TestTimeLimit(t *testing.T) {
	for _, dir := range []bool{true, false} {
		pids := filepath.Join(t.TempDir(), "pids")
		for limit := 300 * time.Millisecond; ; limit *= 4 {
			r := newRig(t, `trap "" TERM; sleep 1000 & echo $! $$ > `+pids+`; wait; wait`, func(c *Config) {
				c.Timeout = limit
				if !dir {
					c.Dir = ""
				}
			})
			var err error
			if dir {
				err = r.publish("a", "")
			} else {
				err = give(r.Choice(receiver.Offer{}).Consumer, make([]byte, 1_000_000))
			}
			if err == nil || err.Error() != fmt.Sprintf("ended after %v, its time limit", limit) {
				t.Errorf("%v", err)
			}
			// On a busy machine the limit may have ended it before it came to that.
			if text, _ := os.ReadFile(pids); len(strings.Fields(string(text))) == 2 || limit > time.Minute {
				break
			}
		}
		isGone(t, pids)
	}
}

// isGone checks that the processes whose numbers a file has do not run.
func isGone(t *testing.T, pids string) {
	t.Helper()
	text, err := os.ReadFile(pids)
	if err != nil {
		t.Fatal(err)
	}
	for s := range strings.FieldsSeq(string(text)) {
		pid, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		if !eventually(func() bool { return !runs(pid) }) {
			t.Errorf("process %d runs", pid)
		}
	}
}

// runs reports whether a process has not ended: one that has may wait for its parent to hear of it.
func runs(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

func eventually(done func() bool) bool {
	for end := time.Now().Add(30 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

// TestLeftBehind: what a program leaves running when it ends keeps nobody waiting.
func TestLeftBehind(t *testing.T) {
	pids := filepath.Join(t.TempDir(), "pids")
	r := newRig(t, `sleep 1000 & echo $! > `+pids)
	if err := r.publish("a", ""); err != nil {
		t.Error(err)
	}
	text, err := os.ReadFile(pids)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || !runs(pid) {
		t.Fatalf("process %d does not run: %v", pid, err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Error(err)
	}
}

// TestPause: no more programs run than may, none begins after Pause, those that run are waited for, and what waits
// fails with Close.
func TestPause(t *testing.T) {
	gate := filepath.Join(t.TempDir(), "gate")
	r := newRig(t, `until test -e `+gate+`; do sleep 0.01; done`)
	results := make(chan error, 5)
	for i := range cap(results) {
		go func() { results <- r.publish(strconv.Itoa(i), "") }()
	}
	if !eventually(func() bool { return len(r.files(t)) == 2 }) {
		t.Fatalf("published: %v", r.files(t))
	}
	if n := r.Pause(); n != 2 {
		t.Errorf("%d programs run", n)
	}
	if err := os.WriteFile(gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r.Wait()
	for range 2 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	if n := len(r.files(t)); n != 2 {
		t.Errorf("%d files are published", n)
	}
	r.Close()
	for range 3 {
		if err := <-results; !errors.Is(err, errClosed) {
			t.Errorf("after Close: %v", err)
		}
	}
	if n := len(r.files(t)); n != 2 {
		t.Errorf("%d files are published after Close", n)
	}
}

func (r *rig) files(t *testing.T) []os.DirEntry {
	t.Helper()
	list, err := os.ReadDir(r.dir)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestKill: Kill ends a program that has begun, with what it has started, also while Wait waits for it.
func TestKill(t *testing.T) {
	pids := filepath.Join(t.TempDir(), "pids")
	r := newRig(t, `sleep 1000 & echo $! > `+pids+`.new; mv `+pids+`.new `+pids+`; wait`)
	result := make(chan error, 1)
	go func() { result <- r.publish("a", "") }()
	if !eventually(func() bool { _, err := os.Stat(pids); return err == nil }) {
		t.Fatal("it has not begun")
	}
	r.Pause()
	go r.Wait()
	r.Kill()
	if err := <-result; !errors.Is(err, errKilled) {
		t.Errorf("%v", err)
	}
	isGone(t, pids)
}
