package integration

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// manyFiles are so many that their lines do not fit into a pipe.
const manyFiles = 200

func writeMany(t *testing.T) (folder string) {
	t.Helper()
	folder = filepath.Join(t.TempDir(), "d")
	for i := range manyFiles {
		write(t, folder, fmt.Sprintf("%03d", i), 2000)
	}
	return folder
}

// soon is how long a command may take to end after an interrupt: some seconds, or more on a busy machine, and not the
// 40 s after which it kills itself.
const soon = 35 * time.Second

// TestNobodyReadsTheLog: a daemon whose log nobody reads receives, counts and ends. A reader that comes back is given
// what waited.
func TestNobodyReadsTheLog(t *testing.T) {
	t.Parallel()
	group, dir, from := newGroup(t), t.TempDir(), writeMany(t)
	delivered := `flute_objects_total{session="in",state="delivered"}`
	for _, reads := range []bool{false, true} {
		reader, stderr := stuck(t)
		s := serviceWith(t, stderr,
			fmt.Sprintf("receive:\n- {name: in, group: %v, interface: lo, dir: %s, once: off}\n", group, dir))
		_ = stderr.Close()
		start(t, "send", "--to", group.String(), "--interface", "lo", "--rate", "20Mbit", from).ok()
		if !eventually(3*time.Minute, func() bool { return s.metric(delivered) == manyFiles }) {
			t.Errorf("%v of %d files are counted", s.metric(delivered), manyFiles)
		}
		log := make(chan string, 1)
		if reads {
			go func() {
				text, _ := io.ReadAll(reader)
				log <- string(text)
			}()
		}
		s.signal(syscall.SIGTERM)
		if code := s.waitFor(soon); code != 0 {
			t.Errorf("exit code %d", code)
		}
		if !reads {
			continue
		}
		text := <-log
		if n := strings.Count(text, "object_completed"); n == 0 || !strings.Contains(text, `"msg":"starting"`) ||
			!strings.Contains(text, `"msg":"stopping"`) || !strings.HasSuffix(text, "\n") {
			t.Errorf("%d files in the log\n%s", n, tail(text))
		}
	}
}

// TestNobodyReadsEvents: whoever stands still at the events of a command, or at what it says besides, holds up neither
// the files nor the programs that take them, nor its end.
func TestNobodyReadsEvents(t *testing.T) {
	t.Parallel()
	from := writeMany(t)
	for name, flags := range map[string][]string{
		"events":                    nil,
		"what programs print":       {"--exec", "wc -c"},
		"what programs print, long": {"--exec", "seq 300", "--exec-timeout", "1m"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			group, dir, taken := newGroup(t), t.TempDir(), t.TempDir()
			_, w := stuck(t)
			args := []string{"receive", "--group", group.String(), "--interface", "lo", "--until", "forever"}
			want := dir // its d/ holds the files, or those that a program has made
			if flags != nil {
				args = append(args, "--shell", flags[0], flags[1]+`; mkdir -p "$OUT/d"; touch "$OUT/d/$FLUTE_NAME"`)
				args, want = append(args, flags[2:]...), taken
			}
			r := startFiles(t, nil, w, w, "env", append([]string{"OUT=" + taken, command}, append(args, dir)...)...)
			_ = w.Close()
			listening(t, group)
			start(t, "send", "--to", group.String(), "--interface", "lo", "--rate", "20Mbit", from).ok()
			there := func() int {
				files, _ := filepath.Glob(filepath.Join(want, "d", "[0-9]*"))
				return len(files)
			}
			if !eventually(3*time.Minute, func() bool { return there() == manyFiles }) {
				t.Errorf("%d of %d files", there(), manyFiles)
			}
			if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			if code := r.waitFor(soon); code != 0 {
				t.Errorf("exit code %d", code)
			}
		})
	}
}
