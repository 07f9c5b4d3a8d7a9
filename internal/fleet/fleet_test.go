package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/internal/lease"
	"github.com/flute-node/flute-node/internal/netns"
	"github.com/flute-node/flute-node/internal/outbox"
)

// natsOn runs a nats-server with JetStream on a port of the loopback interface; -1: any.
func natsOn(t *testing.T, dir string, port int) *server.Server {
	t.Helper()
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: port, JetStream: true, StoreDir: dir, NoLog: true, NoSigs: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(30 * time.Second) {
		t.Fatal("nats-server does not start")
	}
	return s
}

// told is a fleet on a server of its own.
func newFleet(t *testing.T) (conn *nats.Conn, names Names) {
	t.Helper()
	s := natsOn(t, t.TempDir(), -1)
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	conn, err := Dial(DialConfig{URL: s.ClientURL(), Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	names = Names{"test"}
	for range 2 { // also if it is there
		if err := names.Make(t.Context(), conn, Room{Bytes: 16 << 20}); err != nil {
			t.Fatal(err)
		}
	}
	return conn, names
}

func reporterOf(t *testing.T, conn *nats.Conn, names Names, site string) *Reporter {
	t.Helper()
	r, err := NewReporter(ReporterConfig{
		Conn: conn, Names: names, Site: site, Interval: time.Second,
		Health: func() Health { return Health{Receives: 1, Units: map[string]int{"running": 1}} },
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

var published = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

// file returns a version of a file.
func file(location string, version int) *outbox.File {
	return &outbox.File{
		Unit: "in", Session: flute.SessionKey{TSI: 1, Group: netip.MustParseAddrPort("239.1.1.1:1")},
		TOI: flute.NewTOI(uint64(version)), ContentLocation: location, Dir: "/d", Name: "x", Size: 7,
		Digest: fmt.Sprintf("sha-256:%064d", version), Modified: published.Add(time.Duration(version) * time.Hour),
	}
}

// TestView: who has which version, who lacks the latest one, who has failed and who is silent. What is told twice, late
// or in another order makes no difference.
func TestView(t *testing.T) {
	conn, names := newFleet(t)
	v, err := NewView(conn, names)
	if err != nil {
		t.Fatal(err)
	}
	if sites, err := v.Sites(t.Context()); err != nil || len(sites) != 0 {
		t.Errorf("%v, %v", sites, err)
	}
	hostile := "file:///\x1b[31m*.>\u202e<script>" + strings.Repeat("x", 10_000)
	sites := map[string]*Reporter{}
	for _, site := range []string{"a", "b", "c"} {
		sites[site] = reporterOf(t, conn, names, site)
		b := beating{Reporter: sites[site]}
		b.beat(t.Context())
	}
	tell := func(site, location string, versions ...int) {
		t.Helper()
		for _, n := range versions {
			f := file(location, n)
			if err := sites[site].Deliver(t.Context(), f.Key(), f); err != nil {
				t.Fatal(err)
			}
		}
	}
	tell("a", hostile, 1, 2, 1, 2)
	tell("b", hostile, 1, 1)
	sites["b"].Failed(hostile, "digest", strings.Repeat("y", 10_000), "in")
	sites["c"].Failed(hostile, "store", "disk full", "in")
	sites["b"].tell(t.Context(), time.Now().Add(time.Minute))
	sites["c"].tell(t.Context(), time.Now().Add(time.Minute))

	o, err := v.Object(t.Context(), hostile, "")
	if err != nil {
		t.Fatal(err)
	}
	latest := file(hostile, 2).Digest
	if o.Version != latest || o.Lacking != 2 || len(o.Sites) != 3 || len(o.Versions) != 2 || o.Versions[1].Sites != 1 {
		t.Errorf("%+v", o)
	}
	if a, b, c := o.Sites[0], o.Sites[1], o.Sites[2]; !a.Current || a.Failed != nil || b.Current || b.Have == nil ||
		b.Failed == nil || len(b.Failed.Detail) > maxText+10 || c.Have != nil || c.Failed == nil || a.Silent ||
		c.Failed.Reason != "store" || len(a.Have.ContentLocation) > maxLocation+10 {
		t.Errorf("%+v\n%+v\n%+v", a, b, c)
	}
	for _, version := range []string{file(hostile, 1).Digest, "sha-256:" + strings.Repeat("0", 63) + "1"} {
		if o, err = v.Object(t.Context(), hostile, version); err != nil || o.Lacking != 2 || !o.Sites[1].Current {
			t.Errorf("version 1: %+v, %v", o, err)
		}
	}
	if o, err = v.Object(t.Context(), "file:///other", ""); err != nil || o.Version != "" || o.Lacking != 3 {
		t.Errorf("a file that nobody has: %+v, %v", o, err)
	}
	tell("c", "file:///second", 9)
	list, more, err := v.Objects(t.Context())
	if err != nil || more || len(list) != 2 || list[0].ContentLocation != "file:///second" || list[0].Lacking != 2 ||
		list[1].Current != 1 || list[1].Older != 0 || list[1].Failed != 2 {
		t.Errorf("%+v, %v, %v", list, more, err)
	}
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	events, err := js.Stream(t.Context(), names.events())
	if err != nil {
		t.Fatal(err)
	}
	if info, err := events.Info(t.Context()); err != nil || info.State.Msgs != 4 {
		t.Errorf("%+v, %v", info, err)
	}

	// What is no report, or says nonsense, is passed over.
	for _, one := range []struct{ subject, text string }{
		{names.beat("d"), "{"},
		{names.beat("x y"), "{}"},
		{names.have("d", objectOf(hostile)), "[]"},
		{names.have("d", "zz"), `{"version":5}`},
		{names.fail("d", objectOf(hostile)), `"`},
	} {
		if _, err := js.Publish(t.Context(), one.subject, []byte(one.text)); err != nil {
			t.Logf("%s: %v", one.subject, err)
		}
	}
	if o, err = v.Object(t.Context(), hostile, ""); err != nil || o.Version != latest || !o.Sites[0].Current {
		t.Errorf("%+v, %v", o, err)
	}

	page, err := NewPage(v)
	if err != nil {
		t.Fatal(err)
	}
	get := func(host, target string) (int, string) {
		r := httptest.NewRequest(http.MethodGet, "http://"+host+target, nil)
		w := httptest.NewRecorder()
		page.ServeHTTP(w, r)
		text, _ := io.ReadAll(w.Result().Body)
		return w.Code, string(text)
	}
	if code, text := get("localhost:1", "/"); code != http.StatusOK || strings.Contains(text, "<script>") ||
		!strings.Contains(text, "file:///second") {
		t.Errorf("%d %.500s", code, text)
	}
	if code, text := get("127.0.0.1:1", "/object?name=file:///second"); code != 200 ||
		!strings.Contains(text, "has it") {
		t.Errorf("%d %.500s", code, text)
	}
	if code, _ := get("evil.example", "/"); code != http.StatusMisdirectedRequest {
		t.Errorf("another name: %d", code)
	}

	if err := v.Forget(t.Context(), "c"); err != nil {
		t.Fatal(err)
	}
	if o, err = v.Object(t.Context(), "file:///second", ""); err != nil || o.Version != "" || len(o.Sites) != 2 {
		t.Errorf("%+v, %v", o, err)
	}
}

// TestSilent: a site whose heartbeats fail to come is silent; one that has said nonsense of them, too.
func TestSilent(t *testing.T) {
	conn, names := newFleet(t)
	v, err := NewView(conn, names)
	if err != nil {
		t.Fatal(err)
	}
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	for site, interval := range map[string]time.Duration{"a": time.Second, "b": time.Hour, "c": -1, "d": 1 << 62} {
		text, err := json.Marshal(Beat{Interval: interval})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := js.Publish(t.Context(), names.beat(site), text); err != nil {
			t.Fatal(err)
		}
	}
	for ; ; time.Sleep(100 * time.Millisecond) {
		sites, err := v.Sites(t.Context())
		if err != nil || len(sites) != 4 {
			t.Fatalf("%+v, %v", sites, err)
		}
		if sites[0].Silent && !sites[1].Silent && sites[2].Silent && !sites[3].Silent {
			if time.Since(begun) < 2*time.Second {
				t.Errorf("after %v", time.Since(begun))
			}
			break
		}
		if time.Since(begun) > time.Minute {
			t.Fatalf("%+v", sites)
		}
	}
}

// TestServerAway: failures that cannot be told are kept, the oldest give way, and they are told once the server is
// there; so is the first heartbeat, and that it is back. Another node of the same name is noticed.
func TestServerAway(t *testing.T) {
	dir := t.TempDir()
	port, err := netns.FreePort() // also while the server is away
	if err != nil {
		t.Fatal(err)
	}
	s := natsOn(t, dir, int(port))
	url := s.ClientURL()
	conn, err := Dial(DialConfig{URL: url, Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	names := Names{"test"}
	if err := names.Make(t.Context(), conn, Room{Bytes: 16 << 20}); err != nil {
		t.Fatal(err)
	}
	s.Shutdown()
	s.WaitForShutdown()
	patient, err := Dial(DialConfig{URL: url, Name: "test", Patient: true})
	if err != nil {
		t.Fatal(err)
	}
	defer patient.Close()
	back, warned := make(chan struct{}, 9), make(chan string, 9)
	r, err := NewReporter(ReporterConfig{
		Conn: patient, Names: names, Site: "a", Interval: 100 * time.Millisecond,
		Health: func() Health { return Health{} }, Back: func() { back <- struct{}{} },
		Warn: func(text string) { warned <- text },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.Run(ctx)
	}()
	began := time.Now()
	for i := range maxFailures + 5 {
		r.Failed(fmt.Sprintf("file:///%d", i), "digest", "", "in")
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it holds up who tells: %v", took)
	}
	f := file("file:///late", 1)
	limited, stop := context.WithTimeout(t.Context(), 300*time.Millisecond)
	if err := r.Deliver(limited, f.Key(), f); err == nil {
		t.Error("nobody was there, and it is taken")
	}
	stop()
	s = natsOn(t, dir, int(port))
	defer func() {
		s.Shutdown()
		s.WaitForShutdown()
	}()
	<-back
	v, err := NewView(conn, names)
	if err != nil {
		t.Fatal(err)
	}
	for begun := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		list, _, err := v.Objects(t.Context())
		sites, err2 := v.Sites(t.Context())
		if errors.Join(err, err2) == nil && len(list) == maxFailures && len(sites) == 1 && sites[0].Beat.Untold == 5 {
			break
		}
		if time.Since(begun) > time.Minute {
			t.Fatalf("%d failures, %+v, %v", len(list), sites, errors.Join(err, err2))
		}
	}
	if err := r.Deliver(t.Context(), f.Key(), f); err != nil {
		t.Error(err)
	}
	other := reporterOf(t, conn, names, "a")
	again := beating{Reporter: other}
	for begun := time.Now(); len(warned) == 0; time.Sleep(50 * time.Millisecond) {
		again.beat(t.Context())
		if time.Since(begun) > time.Minute {
			t.Fatal("nobody notices two nodes of one name")
		}
	}
	if text := <-warned; !strings.Contains(text, "another node reports as site a") {
		t.Errorf("%s", text)
	}
	cancel()
	<-ended
}

// TestFirstHeartbeat: also the first heartbeat that is taken tells that JetStream is there: files that a process before
// this one could not tell of wait for that.
func TestFirstHeartbeat(t *testing.T) {
	conn, names := newFleet(t)
	back := make(chan struct{}, 9)
	r, err := NewReporter(ReporterConfig{
		Conn: conn, Names: names, Site: "a", Interval: time.Hour,
		Health: func() Health { return Health{} }, Back: func() { back <- struct{}{} },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.Run(ctx)
	}()
	select {
	case <-back:
	case <-time.After(time.Minute):
		t.Error("nobody is told")
	}
	cancel()
	<-ended
}

// TestRights: a site needs the rights that docs/operations.md says, and no more.
func TestRights(t *testing.T) {
	allow := []string{
		"test.*.a", "test.*.a.*", "$JS.API.STREAM.INFO.*", "$JS.API.DIRECT.GET.test_OBJECTS.>",
		"$JS.API.DIRECT.GET.test_SITES.>",
	}
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), NoLog: true, NoSigs: true,
		Users: []*server.User{{Username: "all", Password: "x"}, {
			Username: "site", Password: "x", Permissions: &server.Permissions{
				Publish:   &server.SubjectPermission{Allow: allow},
				Subscribe: &server.SubjectPermission{Allow: []string{"_INBOX.>"}},
			},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	defer func() {
		s.Shutdown()
		s.WaitForShutdown()
	}()
	names := Names{"test"}
	conns := map[string]*nats.Conn{}
	for _, user := range []string{"all", "site"} {
		conns[user], err = Dial(DialConfig{URL: strings.Replace(s.ClientURL(), "//", "//"+user+":x@", 1)})
		if err != nil {
			t.Fatal(err)
		}
		defer conns[user].Close()
	}
	if err := names.Make(t.Context(), conns["all"], Room{Bytes: 16 << 20}); err != nil {
		t.Fatal(err)
	}
	r := reporterOf(t, conns["site"], names, "a")
	r.cfg.Warn = func(text string) { t.Error(text) }
	b := beating{Reporter: r}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for range 2 {
		if b.beat(ctx); b.failed {
			t.Error("no heartbeat")
		}
	}
	if b.last == 0 {
		t.Error("it cannot look whether another one has its name")
	}
	for n := range 2 {
		f := file("file:///a", n)
		if err := r.Deliver(ctx, f.Key(), f); err != nil {
			t.Error(err)
		}
	}
	r.Failed("file:///b", "digest", "", "in")
	if r.tell(ctx, time.Now().Add(time.Minute)); len(r.order) > 0 {
		t.Error("a failure is not told")
	}
	limited, stop := context.WithTimeout(ctx, time.Second)
	defer stop()
	f := file("file:///a", 3)
	if err := reporterOf(t, conns["site"], names, "b").Deliver(limited, f.Key(), f); err == nil {
		t.Error("it speaks for another site")
	}
}

// TestNobodyAnswers: a request that nobody answers, as while servers elect a leader, is not waited for until the caller
// gives up: it is made again, and a list ends with an error.
func TestNobodyAnswers(t *testing.T) {
	t.Parallel()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, NoLog: true, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	defer func() {
		s.Shutdown()
		s.WaitForShutdown()
	}()
	conn, err := Dial(DialConfig{URL: s.ClientURL(), Patient: true})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	asked := make(chan string, 100)
	if _, err := conn.Subscribe("$JS.API.>", func(m *nats.Msg) { asked <- m.Subject }); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	b, err := NewBucket(conn, Names{"test"})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.List(ctx, "object.", func(string, []byte, uint64) {}); !errors.Is(err, errSilent) || ctx.Err() != nil {
		t.Errorf("%v, %v", err, ctx.Err())
	}
	v, err := NewView(conn, Names{"test"})
	if err != nil {
		t.Fatal(err)
	}
	<-asked // that of List
	limited, stop := context.WithCancel(ctx)
	defer stop()
	again := make(chan struct{})
	go func() { // the caller gives up when the request has been made again
		for range 2 {
			select {
			case <-asked:
			case <-ctx.Done():
				return
			}
		}
		close(again)
		stop()
	}()
	if _, err := v.Sites(limited); err == nil || limited.Err() == nil {
		t.Errorf("%v", err)
	}
	select {
	case <-again:
	default:
		t.Error("the request is not made again")
	}
}

// TestBucket: the bucket of JetStream does what a lease expects of one.
func TestBucket(t *testing.T) {
	conn, names := newFleet(t)
	b, err := NewBucket(conn, names)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	if value, revision, err := b.Get(ctx, "lease.a"); value != nil || revision != 0 || err != nil {
		t.Errorf("%s %d %v", value, revision, err)
	}
	first, err := b.Put(ctx, "lease.a", []byte("1"), 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, revision := range []uint64{0, first + 1} {
		if _, err := b.Put(ctx, "lease.a", []byte("2"), revision); !errors.Is(err, lease.ErrConflict) {
			t.Errorf("revision %d: %v", revision, err)
		}
	}
	second, err := b.Put(ctx, "lease.a", []byte("2"), first)
	if err != nil || second <= first {
		t.Errorf("%d after %d: %v", second, first, err)
	}
	if value, revision, err := b.Get(ctx, "lease.a"); string(value) != "2" || revision != second || err != nil {
		t.Errorf("%s %d %v", value, revision, err)
	}
	for i := range 3 {
		if _, err := b.Put(ctx, fmt.Sprintf("object.a.%d", i), []byte("x"), 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Delete(ctx, "object.a.1"); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, prefix := range []string{"object.a.", "object.none."} {
		if err := b.List(ctx, prefix, func(key string, _ []byte, _ uint64) { seen[key] = true }); err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) != 2 || !seen["object.a.0"] || !seen["object.a.2"] {
		t.Errorf("%v", seen)
	}
	if _, err := b.Put(ctx, "object.a.1", []byte("x"), 0); err != nil {
		t.Errorf("one that was deleted: %v", err)
	}
	v, err := NewView(conn, names)
	if err != nil {
		t.Fatal(err)
	}
	l, err := lease.Acquire(ctx, lease.Config{
		Bucket: b, Name: "news", Site: "s", TTL: time.Minute,
		Session: flute.SessionKey{TSI: 3, Group: netip.MustParseAddrPort("239.1.1.1:1")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if list, err := v.Leases(ctx); err != nil || len(list) != 1 || list[0].Name != "news" || list[0].Holder == "" {
		t.Errorf("%+v, %v", list, err)
	}
	l.Release(ctx)
}
