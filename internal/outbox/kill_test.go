package outbox

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/flute-node/flute-node/internal/child"
)

// TestMain runs the tests, or is the process that a test kills.
func TestMain(m *testing.M) {
	if dir := os.Getenv("OUTBOX_TEST_DIR"); dir != "" {
		dieInBetween(dir, os.Getenv("OUTBOX_TEST_FILE"), os.Getenv("OUTBOX_TEST_PUBLISH") != "")
	}
	os.Exit(m.Run())
}

// dieInBetween dies as it publishes a file, before or after it is there.
func dieInBetween(dir, database string, publish bool) {
	w := &world{dir: dir, cfg: Config{
		Path: database, Items: 10, Bytes: 1 << 20, Told: func(Event) {}, Warn: func(string) {},
	}}
	o, err := Open(w.cfg)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	_ = o.Around(announced(w), []string{"a", "b"}, time.Now(), func() (string, error) {
		if publish {
			// As layout and existing have it.
			sub := filepath.Join(dir, "10.0.0.1")
			err := os.MkdirAll(sub, 0o700)
			if err == nil {
				err = os.WriteFile(filepath.Join(sub, "f1.1"), []byte("content of f1"), 0o600)
			}
			if err != nil {
				fmt.Println(err)
				os.Exit(1)
			}
		}
		p, err := os.FindProcess(os.Getpid())
		if err == nil {
			err = p.Kill()
		}
		fmt.Println(err)
		select {} // it dies
	})
}

// announced is a file whose digest is known before it is published.
func announced(w *world) File {
	f := w.file(1)
	f.Digest, _ = digestOf(bytes.NewReader([]byte("content of f1")))
	return f
}

// TestKilledInBetween: a file that was published by a process that died before the file had entered the outbox is found
// by the next one, whatever its name has become, and has the same key. One that was not published is not delivered.
func TestKilledInBetween(t *testing.T) {
	if runtime.GOOS == "js" || runtime.GOOS == "wasip1" {
		t.Skip("there are no processes")
	}
	for _, published := range []bool{true, false} {
		t.Run(fmt.Sprint("published ", published), func(t *testing.T) {
			w := newWorld(t)
			// A file of this name that is another version.
			if err := os.WriteFile(filepath.Join(w.dir, "f1"), []byte("content of F1"), 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), "OUTBOX_TEST_DIR="+w.dir, "OUTBOX_TEST_FILE="+w.cfg.Path)
			if published {
				cmd.Env = append(cmd.Env, "OUTBOX_TEST_PUBLISH=1")
			}
			out, err := child.Bind(cmd).CombinedOutput()
			if err == nil || cmd.ProcessState.ExitCode() == 1 && runtime.GOOS != "windows" {
				t.Fatalf("it does not die: %v\n%s", err, out)
			}
			o := w.open()
			defer w.end(o)
			o.searching.Wait()
			a, b := &taker{}, &taker{}
			o.Set("a", a, terms)
			o.Set("b", b, terms)
			var want []string
			if f := announced(w); published {
				want = []string{f.Key()}
			}
			for i := 0; len(b.seen()) < len(want) && i < 30_000; i++ {
				time.Sleep(time.Millisecond)
			}
			if !slices.Equal(b.seen(), want) {
				t.Errorf("%q, want %q", b.seen(), want)
			}
			// It is received again, as it was not noted as received: that is the same delivery.
			if published {
				f := announced(w)
				if err := o.Around(f, []string{"a"}, time.Now(), w.publish(f)); err != nil {
					t.Error(err)
				}
				if s := state(t, o, "a"); s.Duplicate != 1 {
					t.Errorf("%+v", s)
				}
			}
			w.mu.Lock()
			defer w.mu.Unlock()
			for _, e := range w.told {
				if e, ok := e.(Tried); !ok || filepath.Base(e.Path) != "f1.1" {
					t.Errorf("%+v", e)
				}
			}
		})
	}
}
