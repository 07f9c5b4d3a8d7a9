package integration

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flute-node/flute-node/internal/child"
	"github.com/flute-node/flute-node/internal/netns"
	"github.com/flute-node/flute-node/node"
)

// command is the path of the program under test, built by TestMain.
var command string

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == pourWord {
		if err := pour(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if len(os.Args) > 1 && os.Args[1] == natsWord {
		if err := runNATS(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	flag.Parse()
	// Processes that are waited for take little of a processor.
	if p := flag.Lookup("test.parallel"); p.Value.String() == p.DefValue {
		_ = p.Value.Set(strconv.Itoa(2 * runtime.GOMAXPROCS(0)))
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "integration-*")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	command = filepath.Join(dir, "flute-node")
	if runtime.GOOS == "windows" {
		command += ".exe"
	}
	build := child.Bind(exec.Command("go", "build", "-o", command, "../cmd/flute-node"))
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// groups gives each test a group of its own, and ports are those that they have had.
var (
	groups atomic.Uint32
	ports  sync.Map
)

// newPort returns a port that nobody else uses, nor gets from the system.
func newPort(t *testing.T) uint16 {
	t.Helper()
	for {
		port, err := netns.FreePort()
		if err != nil {
			t.Fatal(err)
		}
		if _, had := ports.LoadOrStore(port, true); !had {
			return port
		}
	}
}

// newGroup returns a group and port that nobody else uses; the test is skipped where groups cannot be joined or sent
// to.
func newGroup(t *testing.T) netip.AddrPort {
	t.Helper()
	address := netip.AddrFrom4([4]byte{239, 255, byte(os.Getpid()), byte(groups.Add(1))})
	group := netip.AddrPortFrom(address, newPort(t))
	if err := netns.Multicast(group); err != nil {
		t.Skipf("no multicast on the loopback interface: %v", err)
	}
	return group
}

// process is a running flute-node.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdout output
	stderr bytes.Buffer // to be read after the end only
	done   chan error
}

// output is what a process has written so far.
type output struct {
	mu    sync.Mutex
	bytes bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.bytes.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.bytes.String()
}

// says waits until the process has written a text.
func (p *process) says(text string) {
	p.t.Helper()
	if !eventually(time.Minute, func() bool { return strings.Contains(p.stdout.String(), text) }) {
		p.t.Fatalf("%v does not say %q\n%s", p.cmd.Args, text, tail(p.stdout.String()))
	}
}

// eventually tries done every 10 ms until it is true or the time is over, and returns what it was in the end.
func eventually(patience time.Duration, done func() bool) bool {
	for end := time.Now().Add(patience); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}

// start starts flute-node. It is killed at the end of the test if it still runs.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	return startWith(t, nil, nil, args...)
}

// startReading is start with a standard input.
func startReading(t *testing.T, stdin io.Reader, args ...string) *process {
	t.Helper()
	return startWith(t, stdin, nil, args...)
}

// startWith is start with a standard input, and with another standard output; nil: it is kept.
func startWith(t *testing.T, stdin io.Reader, stdout *os.File, args ...string) *process {
	t.Helper()
	return startProgram(t, stdin, stdout, command, args...)
}

// startProgram is startWith for another program.
func startProgram(t *testing.T, stdin io.Reader, stdout *os.File, program string, args ...string) *process {
	t.Helper()
	return startFiles(t, stdin, stdout, nil, program, args...)
}

// startFiles starts a program with these files; nil: what it writes there is kept.
func startFiles(t *testing.T, stdin io.Reader, stdout, stderr *os.File, program string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: child.Bind(exec.Command(program, args...)), done: make(chan error, 1)}
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = stdin, &p.stdout, &p.stderr
	if stdout != nil {
		p.cmd.Stdout = stdout
	}
	if stderr != nil {
		p.cmd.Stderr = stderr
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.done <- p.cmd.Wait() }()
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	return p
}

// wait waits for the end and returns the exit code.
func (p *process) wait() int {
	p.t.Helper()
	return p.waitFor(90 * time.Second)
}

// waitFor is wait for a process that may take longer.
func (p *process) waitFor(limit time.Duration) int {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	select {
	case err := <-p.done:
		if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
			p.t.Fatal(err)
		}
		return p.cmd.ProcessState.ExitCode()
	case <-ctx.Done():
		_ = p.cmd.Process.Kill()
		<-p.done
		p.t.Fatalf("%v does not end\n%s%s", p.cmd.Args, p.stdout.String(), p.stderr.String())
		return -1
	}
}

// ok waits for the end and expects exit code 0.
func (p *process) ok() {
	p.t.Helper()
	if code := p.wait(); code != 0 {
		p.t.Fatalf("%v: exit code %d\n%s%s", p.cmd.Args, code, tail(p.stdout.String()), p.stderr.String())
	}
}

// stop ends a node.
func stop(t *testing.T, n *node.Node) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := n.Stop(ctx); err != nil {
		t.Error(err)
	}
}

func tail(s string) string {
	if i := len(s) - 4000; i > 0 {
		return "…" + s[i:]
	}
	return s
}

// events parses the JSON lines of a process that has ended.
func (p *process) events() (all []map[string]any) {
	p.t.Helper()
	for line := range strings.Lines(p.stdout.String()) {
		var e map[string]any
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			p.t.Fatalf("%q: %v", line, err)
		}
		all = append(all, e)
	}
	return all
}

// listening waits until a UDP socket has this address, which for a group somebody has joined: a sender that starts
// earlier would speak to nobody.
func listening(t *testing.T, at netip.AddrPort) {
	t.Helper()
	if _, err := os.Stat("/proc/net/udp"); err != nil {
		time.Sleep(time.Second) // no such table on this system
		return
	}
	raw := at.Addr().As4()
	address := fmt.Sprintf("%08X", binary.NativeEndian.Uint32(raw[:])) // as the tables have it
	local := fmt.Sprintf(": %s:%04X ", address, at.Port())
	tables := map[string]string{"/proc/net/udp": local}
	if at.Addr().IsMulticast() {
		tables["/proc/net/igmp"] = "\t" + address + " "
	}
	for path, want := range tables {
		if !eventually(time.Minute, func() bool {
			table, _ := os.ReadFile(path)
			return strings.Contains(string(table), want)
		}) {
			t.Fatalf("nobody listens to %v: no %q in %s", at, want, path)
		}
	}
}
