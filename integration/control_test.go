package integration

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// reply is the answer to an order.
type reply struct {
	OK     bool
	Error  string
	Files  []struct{ Name, TOI string }
	Status *struct {
		Objects []struct {
			Location string `json:"content_location"`
			Phase    string
		}
	}
}

// controller is a connection to the socket of --control.
type controller struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Scanner
}

func control(t *testing.T, path string) *controller {
	t.Helper()
	var conn net.Conn
	if !eventually(time.Minute, func() (ok bool) {
		c, err := net.Dial("unix", path)
		conn = c
		return err == nil
	}) {
		t.Fatalf("nobody listens at %s", path)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	return &controller{t, conn, bufio.NewScanner(conn)}
}

// ask gives an order. It expects that the order is carried out if refused is empty, and else an error with that text.
func (c *controller) ask(order, refused string) (r reply) {
	c.t.Helper()
	if _, err := fmt.Fprintln(c.conn, order); err != nil {
		c.t.Fatalf("%.80s: %v", order, err)
	}
	if !c.in.Scan() {
		c.t.Fatalf("%.80s: no answer: %v", order, c.in.Err())
	}
	if err := json.Unmarshal(c.in.Bytes(), &r); err != nil {
		c.t.Fatalf("%.80s: %q: %v", order, c.in.Text(), err)
	}
	if r.OK != (refused == "") || !strings.Contains(r.Error, refused) {
		c.t.Fatalf("%.80s: %s, want %q", order, c.in.Text(), refused)
	}
	return r
}

// TestControl: a running send takes orders on a socket, answers each, also wrong ones, and goes on until finish.
func TestControl(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("lo is called otherwise")
	}
	group, from, to := newGroup(t), t.TempDir(), t.TempDir()
	socket := filepath.Join(from, "control")
	large, small, late := write(t, from, "large", 3_000_000), write(t, from, "small", 1000), write(t, from, "late",
		5000)
	r := start(t, "receive", "--group", group.String(), "--interface", "lo", "--objects", "2", "--timeout", "60s", to)
	listening(t, group)
	args := []string{"send", "--to", group.String(), "--interface", "lo", "--rate", "5Mbit", "--control", socket}
	s := start(t, args...)
	c := control(t, socket)
	if info, err := os.Stat(socket); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}

	c.ask("add "+large, "")
	c.ask("add "+large, "is that of another file")
	c.ask("pause large", "")
	if st := c.ask("status", "").Status; st == nil || len(st.Objects) != 1 || st.Objects[0].Phase != "paused" {
		t.Errorf("status %+v", st)
	}
	add := fmt.Sprintf(`{"do": "add", "path": %q, "name": "x/y z", "priority": -1, "repeat": 2}`, small)
	if files := c.ask(add, "").Files; len(files) != 1 || files[0].Name != "x/y z" {
		t.Errorf("added %+v", files)
	}
	r.says("x/y%20z")
	c.ask("remove large", "")
	c.ask("rate 8Mbit", "")
	for order, refused := range map[string]string{
		"pause large":                "no file",
		"remove nothing":             "no file",
		"rate fast":                  "no number of bits",
		"add " + large + ".x":        "no such file",
		`{"do": "add"`:               "unexpected EOF",
		`{"do": "fly"}`:              "no order",
		"finish now":                 "too much",
		strings.Repeat("x", 100_000): "more than 65536 bytes",
		"\x00\xff":                   "no order",
	} {
		c.ask(order, refused)
	}

	other := start(t, append(args, small)...)
	if code := other.wait(); code == 0 || !strings.Contains(other.stderr.String(), "another process takes orders") {
		t.Errorf("a second process: exit code %d, %s", code, other.stderr.String())
	}
	second := control(t, socket)
	second.ask("update "+late, "")
	r.says("file:///late")
	second.ask("finish", "")
	s.ok()
	r.ok()
	if _, err := os.Stat(socket); !os.IsNotExist(err) {
		t.Errorf("the socket is left: %v", err)
	}
	for name, want := range map[string]string{"x/y z": small, "late": late} {
		got, err := os.ReadFile(filepath.Join(to, filepath.FromSlash(name)))
		if data, _ := os.ReadFile(want); err != nil || string(got) != string(data) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestControlByStandardInput: orders come from a pipe, whose end is the order finish.
func TestControlByStandardInput(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("lo is called otherwise")
	}
	group, file := newGroup(t), write(t, t.TempDir(), "file", 1000)
	p := startReading(t, strings.NewReader("add "+file+"\nadd nothing\n\nstatus"),
		"send", "--to", group.String(), "--interface", "lo", "--json", "--control", "-")
	p.ok()
	out := p.stdout.String()
	var answers []reply
	for line := range strings.Lines(out) {
		if !strings.Contains(line, `"event":"answer"`) {
			continue
		}
		var r reply
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		answers = append(answers, r)
	}
	if len(answers) != 3 || !answers[0].OK || answers[1].OK || answers[2].Status == nil {
		t.Errorf("%+v", answers)
	}
	if !strings.Contains(out, "object_completed") {
		t.Errorf("the file is not sent\n%s", out)
	}
}
