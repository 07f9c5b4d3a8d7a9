package integration

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// write makes a file of n bytes that depend on its name.
func write(t *testing.T, dir, name string, n int) string {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, n)
	_, _ = rand.NewChaCha8(sha256.Sum256([]byte(name))).Read(b)
	if err := os.WriteFile(path, b, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// same expects two files to be equal.
func same(t *testing.T, a, b string) {
	t.Helper()
	x, err := os.ReadFile(a)
	if err != nil {
		t.Fatal(err)
	}
	y, err := os.ReadFile(b)
	if err != nil {
		t.Fatal(err)
	}
	if string(x) != string(y) {
		t.Errorf("%s (%d bytes) and %s (%d bytes) differ", a, len(x), b, len(y))
	}
}

func TestFolderArrives(t *testing.T) {
	for _, flags := range []string{
		"--fec no-code", "--fec rs", "--fec rs129", "--fec rs --rs-matrix backblaze", "--cenc gzip",
		"--fec rs --cenc zlib",
		"--cenc deflate --profile rfc3926", "--profile mbms-download", "--profile dvb-mabr",
		"--symbol 500 --block 10 --fec rs",
		"--tsi 281474976710655 --fec rs", "--fec raptor", "--fec raptorq", "--fec rs16", "--fec ldpc",
		"--fec ldpc-triangle", "--profile mbms-download --fec raptor", "--profile dvb-mabr --fec raptor",
	} {
		t.Run(flags, func(t *testing.T) {
			t.Parallel()
			group, from, to := newGroup(t), t.TempDir(), t.TempDir()
			files := map[string]int{
				"d/empty": 0, "d/one": 1, "d/1399": 1399, "d/1400": 1400, "d/1401": 1401,
				"d/sub/dir/large.bin": 700_001, "d/with space and ü.txt": 5000,
			}
			if runtime.GOOS != "windows" {
				files[`d/back\slash`] = 100
			}
			for name, n := range files {
				write(t, from, name, n)
			}
			r := start(t, "receive", "--group", group.String(), "--interface", "lo", "--objects",
				fmt.Sprint(len(files)),
				"--timeout", "60s", to)
			listening(t, group)
			args := append([]string{"send", "--to", group.String(), "--interface", "lo", "--rate", "100Mbit"},
				strings.Fields(flags)...)
			start(t, append(args, filepath.Join(from, "d"))...).ok()
			r.ok()
			for name := range files {
				same(t, filepath.Join(from, filepath.FromSlash(name)), filepath.Join(to, filepath.FromSlash(name)))
			}
			completed := 0
			for _, e := range r.events() {
				if e["event"] == "object_completed" {
					completed++
				}
			}
			if completed != len(files) {
				t.Errorf("%d events object_completed, want %d", completed, len(files))
			}
		})
	}
}

func TestExitCodes(t *testing.T) {
	group := newGroup(t).String()
	dir := t.TempDir()
	file := write(t, dir, "file", 10)
	for name, test := range map[string]struct {
		code int
		want string
		args []string
	}{
		"no command":         {2, "", nil},
		"unknown flag":       {2, "--nonsense", []string{"send", "--nonsense"}},
		"no group":           {2, "--to", []string{"send", file}},
		"bad rate":           {2, "fast", []string{"send", "--to", group, "--rate", "fast", file}},
		"bad scheme":         {2, "--fec", []string{"send", "--to", group, "--fec", "magic", file}},
		"too many symbols":   {2, "255", []string{"send", "--to", group, "--fec", "rs", "--block", "250", file}},
		"profile without rs": {2, "profile", []string{"send", "--to", group, "--profile", "mbms-download", "--fec", "rs", file}},
		"profile, encoding":  {2, "profile", []string{"send", "--to", group, "--profile", "mbms-download", "--cenc", "gzip", file}},
		"no symbols":         {2, "--symbol", []string{"send", "--to", group, "--symbol", "0", file}},
		"no block":           {2, "--block", []string{"send", "--to", group, "--block", "0", file}},
		"nothing at once":    {2, "--parallel", []string{"send", "--to", group, "--parallel", "0", file}},
		"negative objects":   {2, "--objects", []string{"receive", "--group", group, "--objects=-1", dir}},
		"negative repair":    {2, `"-5%"`, []string{"send", "--to", group, "--fec", "rs", "--repair", "-5%", file}},
		"negative time":      {2, "--timeout", []string{"receive", "--group", group, "--timeout", "-1s", dir}},
		"bench of nothing":   {2, "--k 0", []string{"bench", "fec", "--k", "0"}},
		"units of a size":    {2, "MiB", []string{"demo", "--size", "5apples"}},
		"no such host":       {2, "nosuch.invalid", []string{"send", "--to", "nosuch.invalid:3400", file}},
		"no port":            {2, "receiver.example:3400", []string{"receive", "--group", "239.1.1.1", dir}},
		"count of nothing":   {2, "--objects", []string{"receive", "--group", group, "--until", "count", dir}},
		"version flag":       {0, "", []string{"--version"}},
		"missing file":       {2, "nowhere", []string{"send", "--to", group, filepath.Join(dir, "nowhere")}},
		"TSI too large":      {2, "48 bits", []string{"send", "--to", group, "--tsi", "281474976710656", file}},
		"unknown interface":  {2, "nosuch0", []string{"send", "--to", group, "--interface", "nosuch0", file}},
		"group not joinable": {2, "192.0.2.1", []string{"receive", "--group", "192.0.2.1:3400", dir}},
		"folder is a file":   {2, "file", []string{"receive", "--group", group, "--interface", "lo", file}},
		"time-out":           {1, "0 of 1 files", []string{"receive", "--group", group, "--interface", "lo", "--objects", "1", "--timeout", "200ms", dir}},
		"time-out, nothing":  {1, "nothing was heard", []string{"receive", "--group", group, "--interface", "lo", "--timeout", "200ms", dir}},
		"time asked for":     {0, "", []string{"receive", "--group", group, "--interface", "lo", "--until", "timeout", "--timeout", "200ms", dir}},
		"help":               {0, "", []string{"--help"}},
		"version":            {0, "", []string{"version"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t, test.args...)
			if code := p.wait(); code != test.code {
				t.Errorf("exit code %d, want %d: %s", code, test.code, p.stderr.String())
			}
			said := strings.TrimSpace(p.stderr.String())
			last := said[strings.LastIndex(said, "\n")+1:]
			if !strings.Contains(last, test.want) || (test.code == 2 && !strings.HasPrefix(last, "flute-node: ")) {
				t.Errorf("says %q, want one clear line with %q", last, test.want)
			}
		})
	}
}

func TestUnreadableFileIsRefused(t *testing.T) {
	if os.Getuid() == 0 || runtime.GOOS == "windows" {
		t.Skip("every file can be read here")
	}
	path := write(t, t.TempDir(), "secret", 10)
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	if code := start(t, "send", "--to", newGroup(t).String(), "--interface", "lo", path).wait(); code != 2 {
		t.Errorf("exit code %d, want 2", code)
	}
}

func TestInterruptStopsCleanly(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no interrupts between processes")
	}
	group, dir := newGroup(t), t.TempDir()
	r := start(t, "receive", "--group", group.String(), "--interface", "lo", "--until", "forever",
		"--once", "off", dir)
	listening(t, group)
	s := start(t, "send", "--to", group.String(), "--interface", "lo", "--repeat", "forever", write(t, t.TempDir(),
		"file", 100_000))
	waitFor(t, filepath.Join(dir, "file"))
	for _, p := range []*process{r, s} {
		if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		p.ok()
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("the folder holds %v, want the file only", left)
	}
}

func waitFor(t *testing.T, path string) {
	t.Helper()
	if !eventually(30*time.Second, func() bool { _, err := os.Stat(path); return err == nil }) {
		t.Fatalf("%s does not appear", path)
	}
}

// staged waits until a receiver has bytes of an object in its folder that are not published yet.
func staged(t *testing.T, dir string) {
	t.Helper()
	if !eventually(30*time.Second, func() bool {
		files, err := filepath.Glob(filepath.Join(dir, ".flute-node", "*", "*"))
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(files, func(name string) bool {
			info, err := os.Stat(name)
			return err == nil && info.Mode().IsRegular() && info.Size() > 0
		})
	}) {
		t.Fatal("nothing is received")
	}
}

func TestKilledReceiverLeavesNoPartialFile(t *testing.T) {
	t.Parallel()
	group, dir := newGroup(t), t.TempDir()
	file := write(t, t.TempDir(), "file", 4_000_000)
	r := start(t, "receive", "--group", group.String(), "--interface", "lo", dir)
	listening(t, group)
	s := start(t, "send", "--to", group.String(), "--interface", "lo", "--rate", "2Mbit", file) // takes 16 s
	staged(t, dir)
	r.kill()
	select {
	case <-s.done:
		t.Fatalf("the sender had ended before the receiver was killed\n%s", s.stderr.String())
	default:
		s.kill()
	}
	if said := r.stdout.String(); !strings.Contains(said, `"object_started"`) || strings.Contains(said,
		`"object_completed"`) {
		t.Fatalf("the receiver was not killed in the middle of the file\n%s", tail(said))
	}
	if _, err := os.Stat(filepath.Join(dir, "file")); !os.IsNotExist(err) {
		t.Errorf("a partial file is visible: %v", err)
	}
	// The next receiver on the same folder gets the whole file.
	r = start(t, "receive", "--group", group.String(), "--interface", "lo", "--objects", "1", "--timeout", "60s", dir)
	listening(t, group)
	start(t, "send", "--to", group.String(), "--interface", "lo", "--rate", "100Mbit", file).ok()
	r.ok()
	same(t, file, filepath.Join(dir, "file"))
}

func TestSecondSenderWithTheSameSession(t *testing.T) {
	t.Parallel()
	group, dir, from := newGroup(t), t.TempDir(), t.TempDir()
	r := start(t, "receive", "--group", group.String(), "--interface", "lo", "--objects", "2", "--timeout", "60s", dir)
	listening(t, group)
	a, b := write(t, from, "a", 50_000), write(t, from, "b", 60_000)
	start(t, "send", "--to", group.String(), "--interface", "lo", a).ok()
	start(t, "send", "--to", group.String(), "--interface", "lo", b).ok()
	r.ok()
	same(t, a, filepath.Join(dir, "a"))
	same(t, b, filepath.Join(dir, "b"))
}

func TestDemo(t *testing.T) {
	newGroup(t)
	p := start(t, "--json", "demo", "--sessions", "3", "--objects", "2", "--size", "300KiB", "--fec", "rs", "--loss",
		"5%", "--rate", "100Mbit")
	p.ok()
	for _, e := range p.events() {
		if e["event"] == "demo" && e["verified"] == 6.0 && e["objects"] == 6.0 && e["datagrams_lost"].(float64) > 0 {
			return
		}
	}
	t.Errorf("no result of 6 verified files: %s", tail(p.stdout.String()))
}
