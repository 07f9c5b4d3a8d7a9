package file_test

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

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

// publishForEver publishes files of one repeated byte under few names, until it is killed.
func publishForEver(root string) error {
	st, err := file.New(root)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	for i := 0; ; i++ {
		o, err := st.Create(0)
		if err != nil {
			return err
		}
		for off := range int64(50) {
			if _, err := o.WriteAt(bytes.Repeat([]byte{byte(i)}, 1400), off*1400); err != nil {
				return err
			}
		}
		if _, err := st.Publish(o, "d"+strconv.Itoa(i%3)+"/f"+strconv.Itoa(i%7)); err != nil {
			return err
		}
	}
}

// TestKill kills processes in the middle of their work. What is visible is whole, and the next New cleans up, but not
// after those that live.
func TestKill(t *testing.T) {
	root := t.TempDir()
	alive := open(t, root)
	o := create(t, alive, "staged by one that lives")
	for round := range 5 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), crashRoot+"="+root)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(out).ReadString('\n')
		time.Sleep(time.Duration(10+17*round) * time.Millisecond) // of another process: no bubble holds it
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if line != "ready\n" {
			t.Fatalf("the process says %q, %v", line, err)
		}
		files := 0
		for name, content := range tree(t, root) {
			if filepath.Dir(filepath.Dir(name)) != "." || name[0] != 'd' || content == "" {
				continue // staged, or a folder
			}
			files++
			if len(content) != 50*1400 || content != string(bytes.Repeat([]byte(content[:1]), 50*1400)) {
				t.Errorf("round %d: %s is a part or a mix of %d bytes", round, name, len(content))
			}
		}
		if files == 0 {
			t.Logf("round %d: killed before the first file", round)
		}
	}
	if got := stages(t, root); got < 2 {
		t.Fatalf("%d stages; a killed process should have left one", got)
	}
	next := open(t, root)
	if got := stages(t, root); got != 2 {
		t.Errorf("%d stages after New, want those of the two that live", got)
	}
	if _, err := alive.Publish(o, "survivor"); err != nil {
		t.Error(err)
	}
	if _, err := next.Publish(create(t, next, "x"), "d0/x"); err != nil {
		t.Error(err)
	}
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
