package integration

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// service is a running daemon with its file of configuration.
type service struct {
	*process

	log    *os.File // standard error of the process; nil: it is kept
	t      *testing.T
	folder string
	client http.Client
}

// configure writes the file; API is replaced by the section node.
func (s *service) configure(text string) {
	s.t.Helper()
	text = fmt.Sprintf("node: {api: 'unix:%[1]s/api', outbox: '%[1]s/outbox.db', "+
		"events_file: '%[1]s/events', log_level: debug}\n", s.folder) + text
	if err := os.WriteFile(filepath.Join(s.folder, "flute-node.yaml"), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// serviceOf starts a daemon, and waits until all its units run.
func serviceOf(t *testing.T, text string) *service {
	t.Helper()
	return serviceWith(t, nil, text)
}

// serviceWith is serviceOf with another standard error; nil: it is kept.
func serviceWith(t *testing.T, log *os.File, text string) *service {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("lo is called otherwise, and there is no SIGHUP")
	}
	folder, err := os.MkdirTemp("", "daemon-*") //nolint:usetesting // the name of a socket may not be long
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	s := &service{t: t, folder: folder, log: log}
	s.client.Transport = &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(folder, "api"))
	}}
	t.Cleanup(s.client.CloseIdleConnections)
	s.configure(text)
	s.run()
	return s
}

// run starts the process.
func (s *service) run() {
	s.t.Helper()
	s.process = startFiles(s.t, nil, nil, s.log, command, "run", "--config",
		filepath.Join(s.folder, "flute-node.yaml"))
	if !eventually(time.Minute, func() bool { code, _ := s.ask("GET", "/readyz"); return code == http.StatusOK }) {
		_, why := s.ask("GET", "/readyz")
		_ = s.cmd.Process.Kill()
		<-s.done
		s.t.Fatalf("it is not ready: %s\n%s", why, tail(s.stderr.String()))
	}
}

// ask asks the daemon; 0: it does not answer.
func (s *service) ask(method, path string) (code int, answer string) {
	r, err := http.NewRequestWithContext(s.t.Context(), method, "http://x"+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	got, err := s.client.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		return 0, err.Error()
	}
	return got.StatusCode, string(text)
}

// metric returns the value of a metric, with its labels.
func (s *service) metric(name string) (value float64) {
	s.t.Helper()
	_, text := s.ask("GET", "/metrics")
	m := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` (\S+)$`).FindStringSubmatch(text)
	if m == nil {
		return 0
	}
	value, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		s.t.Error(err)
	}
	return value
}

func (s *service) signal(what syscall.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(what); err != nil {
		s.t.Fatal(err)
	}
}

// has waits until a file is there with these bytes.
func has(t *testing.T, path string, want []byte) {
	t.Helper()
	if !eventually(time.Minute, func() bool {
		got, err := os.ReadFile(path)
		return err == nil && bytes.Equal(got, want)
	}) {
		t.Fatalf("%s does not come", path)
	}
}

// TestDaemon: a daemon receives what send sends, and sends what comes into a folder. Its API says so; SIGHUP has it
// read its file anew; an interrupt ends it in order.
func TestDaemon(t *testing.T) {
	t.Parallel()
	group, second := newGroup(t), newGroup(t)
	from, out, in := t.TempDir(), t.TempDir(), t.TempDir()
	receive := fmt.Sprintf("receive:\n- {name: in, group: %v, interface: lo, dir: %s, layout: source}\n", group, in)
	loop := fmt.Sprintf("- {name: loop, group: %v, interface: lo, dir: %s/loop}\n", second, in)
	send := fmt.Sprintf("send:\n- {name: out, to: %v, interface: lo, tsi: 7, watch: %s, settle: 100ms}\n", second, out)
	s := serviceOf(t, receive+send)

	file := write(t, from, "file", 100_000)
	start(t, "send", "--to", group.String(), "--interface", "lo", file).ok()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	has(t, filepath.Join(in, "127.0.0.1", "file"), content)
	if !eventually(time.Minute, func() bool {
		return s.metric(`flute_objects_total{session="in",state="delivered"}`) == 1
	}) {
		t.Error("the file is not counted")
	}

	// A file that cannot be used changes nothing.
	s.configure(receive + loop + strings.Replace(send, "settle", "settel", 1))
	s.signal(syscall.SIGHUP)
	if !eventually(time.Minute, func() bool { return s.metric("flute_config_last_reload_successful") == 0 }) {
		t.Error("the failure of the reload is not told")
	}
	if code, answer := s.ask("POST", "/v1/reload"); code != http.StatusUnprocessableEntity ||
		!strings.Contains(answer, "did you mean settle?") {
		t.Errorf("%d %s", code, answer)
	}
	if code, _ := s.ask("GET", "/readyz"); code != http.StatusOK {
		t.Error("units were stopped")
	}

	// One that can does: what is new starts, and a file goes from one folder to the other.
	s.configure(receive + loop + send)
	for range 10 {
		s.signal(syscall.SIGHUP)
	}
	if !eventually(time.Minute, func() bool { return s.metric(`flute_unit_up{kind="receive",session="loop"}`) == 1 }) {
		t.Fatal("the reception that is new does not start")
	}
	write(t, out, "watched", 50_000)
	content, err = os.ReadFile(filepath.Join(out, "watched"))
	if err != nil {
		t.Fatal(err)
	}
	has(t, filepath.Join(in, "loop", filepath.Base(out), "watched"), content)

	ctl := func(args ...string) string {
		t.Helper()
		c := start(t, append([]string{"ctl", "--api", "unix:" + s.folder + "/api", "--json"}, args...)...)
		c.ok()
		return c.stdout.String()
	}
	var state struct {
		Units []struct{ Name, Phase string }
	}
	if text := ctl("state"); json.Unmarshal([]byte(text), &state) != nil || len(state.Units) != 3 {
		t.Errorf("state: %s", text)
	}
	if text := ctl("sessions", "--unit", "out"); !strings.Contains(text, `"tsi":7`) {
		t.Errorf("sessions: %s", text)
	}
	if text := ctl("tree"); !strings.Contains(text, "node/hub") {
		t.Errorf("tree: %s", text)
	}
	if c := start(t, "ctl", "--api", "unix:"+s.folder+"/api", "trigger", "out", "1"); c.wait() != 1 {
		t.Error("an object that is not there is triggered")
	}
	ctl("pause", "out")
	if text := ctl("state"); !strings.Contains(text, `"paused":true`) {
		t.Errorf("paused: %s", text)
	}
	ctl("resume", "out")
	ctl("level", "warn")
	if c := start(t, "ctl", "--api", "unix:"+s.folder+"/api", "pause", "in"); c.wait() != 1 {
		t.Error("a reception can be paused")
	}
	s.signal(syscall.SIGTERM)
	if code := s.wait(); code != 0 {
		t.Errorf("exit code %d\n%s", code, tail(s.stderr.String()))
	}
	if _, err := os.Stat(filepath.Join(s.folder, "api")); err == nil {
		t.Error("the socket is left")
	}
}

// TestDaemonTellsOfAFullFolder: a folder that takes no more is an alarm, although each try may be repeated; a file that
// has not come when its session ends has failed.
func TestDaemonTellsOfAFullFolder(t *testing.T) {
	t.Parallel()
	group, from, in := newGroup(t), t.TempDir(), t.TempDir()
	s := serviceOf(t, fmt.Sprintf(
		"receive:\n- {name: in, group: %v, interface: lo, dir: %s, max_bytes: 1MB}\n", group, in))
	start(t, "send", "--to", group.String(), "--interface", "lo", "--rate", "50Mbit",
		write(t, from, "large", 2_000_000), write(t, from, "small", 100_000)).ok()
	if !eventually(time.Minute, func() bool {
		return s.metric(`flute_objects_total{session="in",state="failed"}`) == 1
	}) {
		t.Error("the large file has not failed")
	}
	if n := s.metric(`flute_object_store_failures_total{session="in"}`); n == 0 {
		t.Error("no failure of the folder is counted")
	}
	_, overview := s.ask("GET", "/v1/overview")
	for _, alarm := range []string{
		`"store_fails","unit":"in","text":"the folder does not take files: `,
		`"files_fail","unit":"in","text":"a file failed for good, 1 since the start"`,
	} {
		if !strings.Contains(overview, alarm) {
			t.Errorf("no alarm %s\n%s", alarm, overview)
		}
	}
	s.signal(syscall.SIGTERM)
	if s.wait(); !strings.Contains(s.stderr.String(), `"level":"WARN","msg":"object_failed"`) {
		t.Errorf("the log does not warn of it\n%s", tail(s.stderr.String()))
	}
}

// TestReloadUnderLoad: while units come, go and change, one that does not change loses no packet: a file without FEC
// that is sent once arrives whole.
func TestReloadUnderLoad(t *testing.T) {
	t.Parallel()
	group, other := newGroup(t), newGroup(t)
	from, in := t.TempDir(), t.TempDir()
	same := fmt.Sprintf("receive:\n- {name: same, group: %v, interface: lo, dir: %s/same}\n", group, in)
	more := func(n int) string {
		// On the same socket, too: it is left alone although another reception leaves it.
		return fmt.Sprintf("- {name: more%d, group: ['%v', '%v'], interface: lo, tsi: 99, dir: %s/more, layout: %s}\n",
			n%3, other, group, in, []string{"flat", "source"}[n%2])
	}
	s := serviceOf(t, same+more(0))
	file := write(t, from, "file", 6_000_000)
	sending := start(t, "send", "--to", group.String(), "--interface", "lo", "--rate", "16Mbit", "--fec", "no-code",
		"--digest", "auto", file)
	reloads := 0
	for ended := false; !ended; reloads++ {
		s.configure(same + more(reloads))
		code, answer := s.ask("POST", "/v1/reload")
		if code != http.StatusOK || reloads > 0 && !strings.Contains(answer, `"same":1`) {
			t.Fatalf("%d %s", code, answer)
		}
		select {
		case err := <-sending.done:
			ended = true
			sending.done <- err
		default:
		}
	}
	sending.ok()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	has(t, filepath.Join(in, "same", "file"), content)
	i := slices.IndexFunc(sending.events(), func(e map[string]any) bool { return e["event"] == "session_closed" })
	if i < 0 {
		t.Fatal("send does not tell its end")
	}
	if n := s.metric(`flute_socket_drops_total{group="` + group.String() + `"}`); n > 0 {
		t.Errorf("the system has dropped %v datagrams", n)
	}
	if reloads < 10 {
		t.Errorf("%d reloads only", reloads)
	}
	t.Logf("%d reloads", reloads)
	s.signal(syscall.SIGTERM)
	if code := s.wait(); code != 0 {
		t.Errorf("exit code %d\n%s", code, tail(s.stderr.String()))
	}
}

// TestDaemonKilled: killed while it receives, and started again, it goes on with what has come; its socket, which the
// dead process has left, is no obstacle.
func TestDaemonKilled(t *testing.T) {
	t.Parallel()
	group, from, in := newGroup(t), t.TempDir(), t.TempDir()
	s := serviceOf(t, fmt.Sprintf("receive:\n- {name: in, group: %v, interface: lo, dir: %s}\n", group, in))
	file := write(t, from, "file", 4_000_000)
	sending := start(t, "send", "--to", group.String(), "--interface", "lo", "--rate", "16Mbit", "--fec", "no-code",
		"--repeat", "forever", file)
	received := func() float64 { return s.metric(`flute_packets_accepted_total{session="in"}`) }
	if !eventually(time.Minute, func() bool { return received() > 500 }) {
		t.Fatal("nothing comes")
	}
	if err := s.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-s.done
	s.run()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	has(t, filepath.Join(in, "file"), content)
	_ = sending.cmd.Process.Kill()
	s.signal(syscall.SIGTERM)
	if code := s.wait(); code != 0 {
		t.Errorf("exit code %d\n%s", code, tail(s.stderr.String()))
	}
}

// TestEventsOverRestarts: a client that was away while the daemon was killed and started again gets each event since
// the one that it saw last, once, and is told that the daemon was killed.
func TestEventsOverRestarts(t *testing.T) {
	t.Parallel()
	group := newGroup(t)
	from, in := t.TempDir(), t.TempDir()
	s := serviceOf(t, fmt.Sprintf("receive:\n- {name: in, group: %v, interface: lo, dir: %s}\n", group, in))
	file := func(name string) {
		path := write(t, from, name, 10_000)
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		start(t, "send", "--to", group.String(), "--interface", "lo", path).ok()
		has(t, filepath.Join(in, name), content)
	}
	// until reads events after an ID until one has all of the words.
	until := func(after string, words ...string) (ids []string, text string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, "GET", "http://x/v1/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Last-Event-ID", after)
		got, err := s.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer got.Body.Close()
		for lines := bufio.NewScanner(got.Body); lines.Scan(); {
			line := lines.Text()
			if id, ok := strings.CutPrefix(line, "id: "); ok {
				_, number, _ := strings.Cut(id, "-")
				ids = append(ids, id)
				if n := len(ids); n > 1 && !strings.HasSuffix(ids[n-2], fmt.Sprintf("-%d", atoi(t, number)-1)) {
					t.Errorf("%s follows %s", id, ids[n-2])
				}
			}
			text += line + "\n"
			if strings.HasPrefix(line, "data: ") && !slices.ContainsFunc(words, func(w string) bool {
				return !strings.Contains(line, w)
			}) {
				return ids, text
			}
		}
		t.Fatalf("it has ended:\n%s", text)
		return nil, ""
	}
	_, first := until("x-0", `"daemon_started"`, `"clean":true`)
	if !strings.Contains(first, "event: restarted") {
		t.Errorf("the ID of a process that nobody knows:\n%s", first)
	}
	file("one")
	ids, _ := until("x-0", `"object_completed"`, `"path":"one"`)
	seen := ids[len(ids)-1]
	file("two")
	until(seen, `"object_completed"`, `"path":"two"`)
	// What has happened is written at once, but beside it.
	if !eventually(time.Minute, func() bool {
		text, _ := os.ReadFile(filepath.Join(s.folder, "events"))
		i := bytes.Index(text, []byte(`"path":"two"`))
		return i >= 0 && bytes.IndexByte(text[i:], '\n') >= 0
	}) {
		t.Fatal("the event is not written")
	}
	s.signal(syscall.SIGKILL)
	<-s.done
	s.run()
	file("three")
	ids, text := until(seen, `"object_completed"`, `"path":"three"`)
	for _, want := range []string{`"path":"two"`, `"event":"daemon_started"`, `"clean":false`} {
		if strings.Count(text, want) != 1 {
			t.Errorf("%s is not there once:\n%s", want, text)
		}
	}
	if strings.Contains(text, "event: missed") || strings.Contains(text, "event: restarted") {
		t.Errorf("something is missing:\n%s", text)
	}
	s.signal(os.Interrupt.(syscall.Signal))
	<-s.done
	s.run()
	until(ids[len(ids)-1], `"daemon_started"`, `"clean":true`)
}

func atoi(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Error(err)
	}
	return n
}
