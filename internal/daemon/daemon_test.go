package daemon

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/internal/api"
	"github.com/flute-node/flute-node/internal/claim"
)

// TestUnitUnderSystemd: a unit whose folder cannot be written within a service says what mends that: making the folder
// is not enough.
func TestUnitUnderSystemd(t *testing.T) {
	mkdir := func(err error) error { return &os.PathError{Op: "mkdir", Path: "/srv/flute", Err: err} }
	for _, c := range []struct {
		invocation string
		err        error
		want       bool
	}{
		{"5f", mkdir(syscall.EROFS), true},
		{"5f", mkdir(syscall.EACCES), false},
		{"", mkdir(syscall.EROFS), false},
	} {
		t.Setenv("INVOCATION_ID", c.invocation)
		failed := make(chan error, 1)
		u := &unit{kind: "receive", name: "a", once: func(context.Context, *unit) error { return c.err }}
		u.start(func(_ *unit, err error, _ time.Duration) {
			select {
			case failed <- err:
			default: // it has failed again
			}
		})
		err := <-failed
		u.stop()
		if got := err.Error(); strings.Contains(got, "restart the service") != c.want || !errors.Is(err, c.err) {
			t.Errorf("%q, %v: %q", c.invocation, c.err, got)
		}
	}
}

// TestUnitTriesAgain: a unit that fails is tried again after growing pauses, tells each failure, and ends at once.
func TestUnitTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("no interface")
		var began []time.Duration
		start := time.Now()
		u := &unit{kind: "receive", name: "a", once: func(ctx context.Context, u *unit) error {
			began = append(began, time.Since(start))
			if len(began) < 9 {
				return broken
			}
			u.attach(nil, nil)
			<-ctx.Done()
			return nil
		}}
		told := 0
		u.start(func(*unit, error, time.Duration) { told++ })
		time.Sleep(time.Millisecond)
		if s := u.state(); s.Phase != phaseWaiting || s.Error != broken.Error() || s.Failures != 1 || s.Next.IsZero() {
			t.Errorf("%+v", s)
		}
		time.Sleep(10 * time.Minute)
		if s := u.state(); s.Phase != phaseRunning || s.Error != "" || s.Failures != 8 || told != 8 {
			t.Errorf("%+v, told %d", s, told)
		}
		for i := 1; i < len(began); i++ {
			want := min(firstPause<<(i-1), lastPause)
			if d := began[i] - began[i-1]; d < want/2 || d > want+time.Second {
				t.Errorf("pause %d: %v, want %v to %v", i, d, want/2, want)
			}
		}
		u.stop()
		if s := u.state(); s.Phase != phaseStopped {
			t.Errorf("%+v", s)
		}
	})
}

// TestUnitStopsWhileItWaits: nobody waits for a pause that has a minute to go.
func TestUnitStopsWhileItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := &unit{once: func(context.Context, *unit) error { return errors.New("broken") }}
		u.start(func(*unit, error, time.Duration) {})
		time.Sleep(3 * time.Minute)
		before := time.Now()
		u.stop()
		if d := time.Since(before); d != 0 {
			t.Errorf("it took %v", d)
		}
	})
}

func completed(n int) event.ObjectCompleted {
	return event.ObjectCompleted{ContentLocation: fmt.Sprint(n), TOI: flute.NewTOI(uint64(n))}
}

// TestJournal: entries are numbered without a gap; of those that are gone it is told how many.
func TestJournal(t *testing.T) {
	var seen int
	j := newJournal(16, time.Now(), earlier{}, func(notice.Event, time.Time) { seen++ })
	if entries, gone, _ := j.After(0, 10); len(entries) != 0 || gone != 0 || j.Last() != 0 {
		t.Error(entries, gone)
	}
	_, _, changed := j.After(0, 10)
	j.add(event.SessionStats{})
	j.add(event.ObjectProgress{})
	if j.Last() != 0 || seen != 2 {
		t.Errorf("how far things are pushes out what has happened: %d, %d seen", j.Last(), seen)
	}
	for i := range 100 {
		j.add(completed(i + 1))
	}
	select {
	case <-changed:
	default:
		t.Error("nobody is told")
	}
	entries, gone, _ := j.After(50, 10)
	if gone != 34 || len(entries) != 10 || entries[0].ID != 85 || entries[9].ID != 94 || seen != 102 {
		t.Errorf("%d gone, %d seen, %+v", gone, seen, entries)
	}
	if entries, gone, _ := j.After(94, 10); gone != 0 || len(entries) != 6 || entries[5].ID != 100 || j.Last() != 100 {
		t.Errorf("%d gone, %+v", gone, entries)
	}
	if entries, gone, _ := j.After(1000, 10); gone != 0 || len(entries) != 0 {
		t.Errorf("beyond the last: %d gone, %+v", gone, entries)
	}
	var line struct {
		Event, Time string
		Location    string `json:"content_location"`
	}
	if err := json.Unmarshal(entries[0].JSON, &line); err != nil || line.Event != "object_completed" ||
		line.Location != "85" || line.Time == "" {
		t.Errorf("%s: %v", entries[0].JSON, err)
	}
}

// TestJournalBound: an event that says more than it should is cut, and no memory is taken for it.
func TestJournalBound(t *testing.T) {
	for _, e := range []notice.Event{
		event.FDTPublished{XML: strings.Repeat("x", 2*maxEntry)},
		notice.Warning{Text: strings.Repeat("\x00", maxEntry/2)},
	} {
		line := marshal(e, time.Now())
		if !json.Valid(line) || len(line) > 200 || !bytes.Contains(line, []byte(`"cut":true`)) {
			t.Errorf("%.300s", line)
		}
	}
}

// TestLogIsBounded: of a flood of failures few are written, those of another reason are not lost in it, and it is told
// how many are not.
func TestLogIsBounded(t *testing.T) {
	var text bytes.Buffer
	level := new(slog.LevelVar)
	l := newEventLog(slog.New(newHandler(&text, "json", level)))
	now := time.Now()
	for i := range 10_000 {
		l.add(event.ObjectFailed{Reason: event.FailDigest, ContentLocation: fmt.Sprint(i)}, "in", now)
	}
	l.add(event.ObjectFailed{Reason: event.FailStore, ContentLocation: "disk\nfull\x1b[31m"}, "in", now)
	l.add(event.SessionStats{}, "in", now)
	lines := strings.Split(strings.TrimSpace(text.String()), "\n")
	if len(lines) != logBurst+1 {
		t.Fatalf("%d lines", len(lines))
	}
	var last struct {
		Level, Msg, Unit, URI, Reason string
		Suppressed                    int
	}
	if err := json.Unmarshal([]byte(lines[logBurst]), &last); err != nil || last.Level != "WARN" ||
		last.Msg != "object_failed" || last.Unit != "in" || last.URI != "disk\nfull\x1b[31m" || last.Reason != "store" {
		t.Errorf("%+v, %v", last, err)
	}
	if strings.Contains(text.String(), "\x1b") {
		t.Error("a name can steer a terminal")
	}
	text.Reset()
	l.add(event.ObjectFailed{Reason: event.FailDigest}, "in", now.Add(2*time.Second))
	if err := json.Unmarshal(text.Bytes(), &last); err != nil || last.Suppressed != 10_000-logBurst {
		t.Errorf("%s", text.String())
	}
	text.Reset()
	for range 100 {
		l.say(slog.LevelWarn, "program in", "program", "said", "x")
	}
	if n := strings.Count(text.String(), "\n"); n != logBurst {
		t.Errorf("what programs say: %d lines", n)
	}
	level.Set(slog.LevelError)
	text.Reset()
	l.add(event.ObjectFailed{Reason: "other"}, "in", now)
	if text.Len() > 0 {
		t.Errorf("below the level: %s", text.String())
	}
	level.Set(slog.LevelInfo)
	for i := range 10 * maxReasons {
		l.add(event.ObjectFailed{Reason: event.FailReason(fmt.Sprint(i))}, "in", now)
	}
	if n := len(l.limit.reasons); n > maxReasons+1 {
		t.Errorf("%d reasons are told apart", n)
	}
}

// TestRoutes: an event belongs to the unit that wants its session; sending and receiving are told apart.
func TestRoutes(t *testing.T) {
	group, source := netip.MustParseAddrPort("239.1.1.1:1"), netip.MustParseAddr("10.0.0.1")
	var r routes
	r.set("one", []route{{group: group, tsis: []flute.TSI{1}}})
	r.set("from", []route{{group: group, tsis: []flute.TSI{2}, source: source}})
	r.set("out", []route{{group: group, tsis: []flute.TSI{1}, sending: true}})
	key := func(tsi flute.TSI, from string) flute.SessionKey {
		return flute.SessionKey{Source: netip.MustParseAddr(from), Group: group, TSI: tsi}
	}
	for _, c := range []struct {
		e    notice.Event
		want string
	}{
		{event.ObjectStarted{Session: key(1, "10.0.0.2")}, "one"},
		{event.ObjectStarted{Session: key(1, "10.0.0.2"), Sending: true}, "out"},
		{event.FDTPublished{Session: key(1, "10.0.0.2")}, "out"},
		{event.FDTReceived{Session: key(2, "10.0.0.1")}, "from"},
		{event.FDTReceived{Session: key(2, "10.0.0.2")}, ""},
		{event.FDTReceived{Session: key(3, "10.0.0.2")}, ""},
		{notice.Warning{}, ""},
		{upload{Unit: "up"}, "up"},
		{ended{Unit: "one"}, "one"},
	} {
		if got := r.ofEvent(c.e); got != c.want {
			t.Errorf("%#v: %q, want %q", c.e, got, c.want)
		}
	}
	r.keep(func(name string) bool { return name != "one" })
	if got := r.of(key(1, "10.0.0.2"), false); got != "" || len(r.list) != 2 || len(r.names) != 2 {
		t.Errorf("%q, %v", got, r.names)
	}
}

// files writes a configuration whose units need no network: they wait for folders that are not there.
type files struct {
	t    *testing.T
	path string
}

func (f *files) write(text string) {
	f.t.Helper()
	if err := os.WriteFile(f.path, []byte("node: {api: off}\n"+text), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

func section(name, more string) string {
	return fmt.Sprintf("- {name: %s, to: '239.1.1.1:1', tsi: %d, paths: /no/such/folder%s}\n", name, name[0], more)
}

// lockedBuffer is a log.
type lockedBuffer struct {
	flush func(time.Duration) // of the daemon that writes it; nil: nobody has to be waited for

	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	if b.flush != nil {
		b.flush(time.Minute)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func startDaemon(t *testing.T, text string) (*Daemon, *files, *lockedBuffer) {
	t.Helper()
	f := &files{t, filepath.Join(t.TempDir(), "flute-node.yaml")}
	f.write(text)
	d, log := startWith(t, f)
	return d, f, log
}

func startWith(t *testing.T, f *files) (*Daemon, *lockedBuffer) {
	t.Helper()
	log := &lockedBuffer{}
	d, err := Start(Options{Path: f.path, Env: os.LookupEnv, Log: log, Version: "v1"})
	if err != nil {
		t.Fatal(err)
	}
	log.flush = d.flushLog
	t.Cleanup(func() {
		if err := d.stop(); err != nil {
			t.Error(err)
		}
	})
	return d, log
}

// TestReload: only what has changed is touched; what cannot be used changes nothing, and is told everywhere.
func TestReload(t *testing.T) {
	d, f, log := startDaemon(t, "send:\n"+section("a", "")+section("b", "")+section("c", ""))
	running := func() map[string]*unit {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.units
	}
	before := running()
	f.write("# moved\nsend:\n" + section("d", "") + section("b", ", ttl: 5") + section("a", ""))
	r := d.Reload()
	if len(r.Warnings) != 3 { // each of the folder that is not there
		t.Errorf("%+v", r.Warnings)
	}
	r.Warnings = nil
	want := api.Reloaded{OK: true, Started: []string{"d"}, Stopped: []string{"c"}, Restarted: []string{"b"}, Same: 1}
	if d := cmp.Diff(want, r); d != "" {
		t.Error(d)
	}
	after := running()
	if after["a"] != before["a"] || after["b"] == before["b"] || after["c"] != nil || after["d"] == nil {
		t.Error("others were touched")
	}
	if s := before["c"].state(); s.Phase != phaseStopped {
		t.Errorf("%+v", s)
	}

	f.write("sned: []\n")
	r = d.Reload()
	if r.OK || len(r.Errors) != 1 || r.Errors[0].Line != 2 || r.Errors[0].Column != 1 {
		t.Errorf("%+v", r)
	}
	if d := cmp.Diff(len(after), len(running())); d != "" || running()["b"] != after["b"] {
		t.Error("a configuration that cannot be used has changed something")
	}
	if ok, _ := d.lastReload(); ok || !strings.Contains(log.String(), "did you mean send?") {
		t.Errorf("it is not told: %v\n%s", ok, log)
	}
	st, err := d.State(t.Context())
	if err != nil || st.Config.OK || !strings.Contains(st.Config.Error, "sned") || len(st.Units) != 3 {
		t.Errorf("%+v %v", st, err)
	}

	if err := os.WriteFile(f.path, []byte("node: {api: off, memory: 2GiB, log_level: debug}\nsend:\n"+section("a", "")),
		0o600); err != nil {
		t.Fatal(err)
	}
	r = d.Reload()
	if !r.OK || cmp.Diff(r.NextStart, []string{"node.memory"}) != "" || d.level.Level() != slog.LevelDebug {
		t.Errorf("%+v %v", r, d.level.Level())
	}
	if ok, _ := d.lastReload(); !ok {
		t.Error("the error outlives its cause")
	}
}

// TestReloads: many at once leave what the last file says, and no unit twice.
func TestReloads(t *testing.T) {
	d, f, _ := startDaemon(t, "send:\n"+section("a", ""))
	var all sync.WaitGroup
	for i := range 10 {
		f.write("send:\n" + section("a", "") + section(string(rune('b'+i)), ""))
		all.Go(func() { d.Reload() })
	}
	all.Wait()
	d.Reload()
	if units := d.Units(); len(units) != 2 || units[0].Name != "a" || units[1].Name != "k" {
		t.Errorf("%+v", units)
	}
}

// unready waits until a unit has failed, and returns what is told of it.
func unready(d *Daemon, unit string) (err error) {
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		if err = d.Ready(); err != nil && strings.Contains(err.Error(), unit+" waiting") {
			break
		}
		time.Sleep(time.Millisecond)
	}
	return err
}

// TestSlowRate: a rate at which nothing seems to happen is a warning of the unit, and one of the node.
func TestSlowRate(t *testing.T) {
	f := &files{t, filepath.Join(t.TempDir(), "flute-node.yaml")}
	text := "node: {api: off, rate: 100}\nsend:\n" +
		fmt.Sprintf("- {name: a, to: '127.0.0.1:9', rate: 8, symbol: 100, paths: '%s'}\n", f.path)
	if err := os.WriteFile(f.path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, log := startWith(t, f)
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		if strings.Contains(log.String(), "a: at a rate of 8 bit/s a packet of 100 bytes takes 100 seconds") {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	for _, want := range []string{
		"node.rate: at a rate of 100 bit/s a packet of 1400 bytes takes 112 seconds: 100 is in bits per second",
		"a: at a rate of 8 bit/s a packet of 100 bytes takes 100 seconds",
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("%q is not told\n%s", want, log)
		}
	}
}

// TestReady: it is told which unit does not run, and why.
func TestReady(t *testing.T) {
	d, _, _ := startDaemon(t, "send:\n"+section("a", ""))
	err := unready(d, "a")
	if err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Error(err)
	}
	if err := d.Alive(t.Context()); err != nil {
		t.Error(err)
	}
	if err := d.Pause(t.Context(), "a", true); !errors.Is(err, api.ErrNotSending) {
		t.Error(err)
	}
	if err := d.Pause(t.Context(), "x", true); !errors.Is(err, api.ErrNoUnit) {
		t.Error(err)
	}
}

// TestListLine: what is wrong with a file of a list is told with the line of the list, and in its words.
func TestListLine(t *testing.T) {
	folder := t.TempDir()
	file, list := filepath.Join(folder, "file"), filepath.Join(folder, "list")
	lines := fmt.Sprintf(`{"path":%[1]q,"name":"a"}`+"\n"+`{"path":%[1]q,"name":"b","cache_control":"?"}`, file)
	for path, text := range map[string]string{file: "x", list: lines} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d, _, _ := startDaemon(t, fmt.Sprintf("send:\n- {name: a, to: '239.1.1.1:1', list: '%s'}\n", list))
	if err := unready(d, "a"); err == nil || !strings.Contains(err.Error(), list+": line 2: cache_control") {
		t.Error(err)
	}
}

// TestTokenFile: a secret that others can read, or that is easily guessed, is refused.
func TestTokenFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	for _, c := range []struct {
		text, want string
		mode       os.FileMode
	}{
		{"0123456789abcdef\n", "", 0o600},
		{"0123456789abcdef", "others than its owner", 0o640},
		{"0123456789", "take 16 to 1024", 0o600},
		{"0123456789 abcdef", "without spaces", 0o600},
		{strings.Repeat("x", 2000), "more than 1024", 0o600},
	} {
		_ = os.Remove(path)
		if err := os.WriteFile(path, []byte(c.text), c.mode); err != nil {
			t.Fatal(err)
		}
		token, err := readToken(path)
		if c.want == "" && (err != nil || token != strings.TrimSpace(c.text)) ||
			c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%.20q %04o: %v", c.text, c.mode, err)
		}
	}
}

// listenAsSystemd has a daemon tell systemd, with a watchdog if every is not 0, and returns what hears a message of it.
func listenAsSystemd(t *testing.T, d *Daemon, every time.Duration) (hear func() string) {
	t.Helper()
	at := net.UnixAddr{Name: filepath.Join(t.TempDir(), "n"), Net: "unixgram"}
	told, err := net.ListenUnixgram("unixgram", &at)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = told.Close() })
	d.options.Notify = Notifier{socket: at.Name, every: every}
	return func() string {
		t.Helper()
		b := make([]byte, 4096)
		_ = told.SetReadDeadline(time.Now().Add(time.Minute))
		n, err := told.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		return string(b[:n])
	}
}

// TestStatusForSystemd: what systemctl status shows follows the units, without a watchdog, too, and says that a reload
// has failed, of which kill, which asks for it, does not know.
func TestStatusForSystemd(t *testing.T) {
	d, f, _ := startDaemon(t, "")
	hear := listenAsSystemd(t, d, 0)
	u := &unit{kind: "receive", name: "late"}
	u.enter(phaseStarting, "")
	d.mu.Lock()
	d.units["late"] = u
	d.mu.Unlock()
	ctx, cancel := context.WithCancel(t.Context())
	signals, done := make(chan os.Signal, 1), make(chan error, 1)
	go func() { done <- d.Run(ctx, signals) }()
	if got, want := hear(), "READY=1\nSTATUS=0 of 1 units run"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	u.enter(phaseRunning, "")
	if got, want := hear(), "STATUS=1 of 1 units run"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	u.enter(phaseWaiting, "no interface")
	if got, want := hear(), "STATUS=0 of 1 units run, 1 wait after a failure"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	f.write("receive: 7")
	signals <- os.Interrupt
	if got := hear(); !strings.HasPrefix(got, "RELOADING=1") {
		t.Errorf("%q", got)
	}
	got := hear()
	if strings.HasPrefix(got, "STATUS=") { // a tick has come between the error and the end
		got = hear()
	}
	if !strings.HasPrefix(got, "READY=1") || !strings.Contains(got, "changed nothing") {
		t.Errorf("%q", got)
	}
	d.mu.Lock()
	d.units = map[string]*unit{} // who tells the status may have the one before
	d.mu.Unlock()
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestWatchdogDuringReload: a reload that has to wait for a unit, as for a program that takes a file, does not let the
// watchdog starve; signals that come meanwhile are one more reload.
func TestWatchdogDuringReload(t *testing.T) {
	d, _, _ := startDaemon(t, "send:\n"+section("a", ""))
	hear := listenAsSystemd(t, d, 30*time.Millisecond)
	release := make(chan struct{})
	stuck := &unit{kind: "receive", name: "stuck", once: func(ctx context.Context, _ *unit) error {
		<-ctx.Done()
		<-release
		return nil
	}}
	stuck.start(d.failed)
	d.mu.Lock()
	d.units["stuck"] = stuck
	d.mu.Unlock()
	ctx, cancel := context.WithCancel(t.Context())
	signals, done := make(chan os.Signal, 1), make(chan error, 1)
	go func() { done <- d.Run(ctx, signals) }()
	if got := hear(); !strings.HasPrefix(got, "READY=1") {
		t.Errorf("%q", got)
	}
	signals <- os.Interrupt
	reloads, fed := 0, 0
	for fed < 3 {
		switch got := hear(); {
		case strings.HasPrefix(got, "RELOADING=1"):
			reloads++
			signals <- os.Interrupt
			signals <- os.Interrupt
		case strings.HasPrefix(got, "WATCHDOG=1"):
			if reloads > 0 {
				fed++
			}
		case strings.HasPrefix(got, "READY=1"):
			t.Fatal("it did not wait")
		}
	}
	close(release)
	for ready := 0; ready < 2; {
		switch got := hear(); {
		case strings.HasPrefix(got, "RELOADING=1"):
			reloads++
		case strings.HasPrefix(got, "READY=1"):
			ready++
		}
	}
	if reloads != 2 {
		t.Errorf("%d reloads", reloads)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestConf_L21_Claim: a sending does not begin while another process of this machine has its session, and says so; it
// begins when that has ended, and then nobody else may.
func TestConf_L21_Claim(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("it is known on Linux only")
	}
	folder := t.TempDir()
	to := netip.MustParseAddrPort(fmt.Sprintf("127.0.0.1:%d", 20_000+os.Getpid()%40_000))
	release, ok := claim.Session(to, 7)
	if !ok {
		t.Skip("somebody sends there")
	}
	d, _, _ := startDaemon(t, fmt.Sprintf("send:\n- {name: a, to: '%v', tsi: 7, watch: '%s'}\n", to, folder))
	if err := unready(d, "a"); err == nil || !strings.Contains(err.Error(), "another process of this machine") {
		t.Error(err)
	}
	release()
	running := false
	for end := time.Now().Add(time.Minute); !running && time.Now().Before(end); {
		if running = d.Ready() == nil; !running {
			time.Sleep(10 * time.Millisecond)
		}
	}
	if !running {
		t.Fatalf("it does not begin: %v", d.Ready())
	}
	if release, ok := claim.Session(to, 7); ok {
		release()
		t.Error("another process may begin the same session")
	}
}
