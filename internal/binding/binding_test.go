package binding

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/udp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// carry hands all datagrams of s to r.
func carry(t *testing.T, s *Sender, r *Receiver) {
	t.Helper()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	buf, lengths := make([]byte, 1<<18), make([]uint32, 64)
	for {
		n, code, err := s.ReadBatch(now, buf, lengths)
		switch {
		case err != nil:
			t.Fatal(err)
		case code == End:
			return
		case code == Again:
			now = s.Deadline()
			continue
		}
		total := 0
		for _, l := range lengths[:n] {
			total += int(l)
		}
		if err := r.PushBatch(now, flute.SessionKey{}, 0, buf[:total], lengths[:n], nil); err != nil {
			t.Fatal(err)
		}
	}
}

func names(t *testing.T, q *Queue) (all []string) {
	t.Helper()
	buf := make([]byte, 1<<16)
	for {
		n, code := q.Next(buf)
		if code != OK {
			return all
		}
		var e struct{ Event string }
		if err := json.Unmarshal(buf[:n], &e); err != nil {
			t.Fatal(err)
		}
		all = append(all, e.Event)
	}
}

func TestRoundTrip(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<20) // its digests come later
	path := filepath.Join(t.TempDir(), "b.txt")
	if err := os.WriteFile(path, []byte("from a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := NewSender(`{"tsi": 7, "fec": "raptorq"}`, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	toi, err := s.Add(content, true, `{"name": "dir/a.bin"}`, nil)
	if err != nil || toi != 1 {
		t.Fatal(toi, err)
	}
	if _, err := s.AddFile(path, "", nil); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil { // it is sent as it was
		t.Fatal(err)
	}
	if err := s.Call((*sender.Session).SetComplete); err != nil {
		t.Fatal(err)
	}
	r, err := NewReceiver("", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	carry(t, s, r)
	for path, want := range map[string][]byte{"dir/a.bin": content, "b.txt": []byte("from a file")} {
		got := make([]byte, len(want)+1)
		n, size, err := r.Shelf.ReadAt(path, got, 0)
		if err != nil || size != uint64(len(want)) || !bytes.Equal(got[:n], want) {
			t.Errorf("%s: %d of %d bytes, %v", path, n, size, err)
		}
		if size, err := r.Shelf.Take(path, got[:3]); size != uint64(len(want)) || CodeOf(err) != Space {
			t.Errorf("%s of %d bytes is taken into 3: %v", path, size, err)
		}
		if size, err := r.Shelf.Take(path, got); !bytes.Equal(got[:size], want) || err != nil {
			t.Errorf("%s: %d bytes are taken, %v", path, size, err)
		}
		if err := r.Shelf.Drop(path); CodeOf(err) != CodeOf(errNotFound) {
			t.Error(err)
		}
	}
	if tois := make([]uint64, 9); s.Ended(tois) != 1 || tois[0] != 1 {
		t.Errorf("ended: %v, want TOI 1 alone, which was borrowed", tois)
	}
	all := strings.Join(names(t, &r.Events), " ")
	if strings.Count(all, "object_completed") != 2 {
		t.Errorf("events %s", all)
	}
}

// A program that never asks for events costs no more than so many, and learns how many it lost.
func TestQueueIsBounded(t *testing.T) {
	var q Queue
	for range maxEvents + 5 {
		q.add(time.Time{}, event.Warning{Text: "x"})
	}
	buf := make([]byte, 200)
	n, code := q.Next(buf)
	if code != OK || !strings.Contains(string(buf[:n]), `"count":5`) {
		t.Errorf("%s: %v, want a missed of 5", buf[:n], code)
	}
	if n, code := q.Next(buf[:3]); code != Space || n < 4 {
		t.Errorf("a small buffer: %d, %v", n, code)
	}
	if got := len(names(t, &q)); got != maxEvents {
		t.Errorf("%d events, want %d", got, maxEvents)
	}
	for range 600 {
		q.add(time.Time{}, event.ObjectRefused{ContentLocation: strings.Repeat("x", 60_000)})
	}
	if q.bytes > maxEventBytes || len(q.list) > 300 {
		t.Errorf("%d events of %d bytes wait", len(q.list), q.bytes)
	}
	_ = names(t, &q)
	if q.bytes != 0 {
		t.Errorf("%d bytes are left of no event", q.bytes)
	}
	q.end()
	if _, code := q.Next(buf); code != End {
		t.Errorf("%v after the end", code)
	}
}

// Datagrams of strangers open no more sessions than maxSessions, and these end.
func TestSessionsAreBounded(t *testing.T) {
	r, err := NewReceiver("", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	budget := 0
	for tsi := range maxSessions + 100 {
		d := alc.AppendPadding(nil, flute.TSI(tsi), 20)
		o, err := r.Push(now, flute.SessionKey{}, 0, d)
		if err != nil {
			t.Fatal(err)
		}
		if OutcomeName(o) == "budget" {
			budget++
		}
	}
	if n := r.core.Sessions(); n > maxSessions {
		t.Errorf("%d sessions are open", n)
	}
	if budget != 0 && budget != 100 {
		t.Errorf("%d datagrams were refused", budget)
	}
	if err := r.Tidy(now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if n := r.core.Sessions(); n != 0 {
		t.Errorf("%d sessions are open an hour later", n)
	}
}

func TestErrorsNameTheField(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`{"tsi": 281474976710656}`, "tsi"},
		{`{"fec": "zz"}`, "fec"},
		{`{"fdt_interval": -1}`, "fdt_interval"},
		{`{"paths": ["a"]}`, "paths"},
		{`{"rate": "1Mbit"}`, "rate"},
		{`{"first_toi": "random"}`, "first_toi"},
		{`{"cenc": "${HOME}"}`, "${HOME}"}, // no variable of the environment
		{`[`, ""},
	} {
		s, err := NewSender(c.text, nil, false)
		if err == nil {
			t.Errorf("%s: no error", c.text)
			_ = s.Close()
			continue
		}
		if CodeOf(err) != Value || !strings.Contains(TextOf(err), c.want) {
			t.Errorf("%s: %d %v", c.text, CodeOf(err), err)
		}
	}
}

func TestHandles(t *testing.T) {
	var h Handles
	a := h.Put(&Queue{})
	if _, err := Find[*Sender](&h, a); CodeOf(err) != Handle {
		t.Errorf("of another kind: %v", err)
	}
	if h.Take(a) == nil || h.Take(a) != nil || h.Len() != 0 {
		t.Error("a handle is taken once")
	}
	if b := h.Put(&Queue{}); a == b {
		t.Error("a handle was given twice")
	}
}

func TestGuard(t *testing.T) {
	err := func() (err error) {
		defer Guard(&err)
		panic("boom")
	}()
	if CodeOf(err) != Internal || CodeOf(errors.New("x")) != IO || CodeOf(nil) != OK {
		t.Error(err)
	}
}

// faultyContent is content with a fault in it.
type faultyContent struct{}

func (faultyContent) ReadAt([]byte, int64) (int, error) { panic("boom") }

// TestFaultIsOneLine: also that of content, which is told with the stack of another goroutine.
func TestFaultIsOneLine(t *testing.T) {
	err := func() (err error) {
		defer Guard(&err)
		_, err = sender.Prepare(t.Context(), sender.File{ContentLocation: "a", Content: faultyContent{}, Size: 10}, nil)
		return err
	}()
	const want = "internal fault: boom at binding.faultyContent.ReadAt (binding/binding_test.go:"
	if text := fmt.Sprint(err); !strings.HasPrefix(text, want) || strings.Contains(text, "\n") {
		t.Errorf("%q, want %q", text, want)
	}
}

// A file that was not sent is no wrong argument.
func TestCodeOfFiles(t *testing.T) {
	for field, want := range map[string]Code{"": IO, "Content": IO, "CENC": Value} {
		err := errors.Join(&sender.FileError{ContentLocation: "a", Field: field, Err: errors.New("x")})
		if got := CodeOf(err); got != want {
			t.Errorf("Field %q: %d, want %d", field, got, want)
		}
	}
}

// freePort returns a UDP port of 127.0.0.1 that nobody has at the moment.
func freePort(t *testing.T) int {
	t.Helper()
	s, err := udp.Open(udp.SocketConfig{Local: netip.MustParseAddrPort("127.0.0.1:0")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	return int(s.LocalAddr().Port())
}

// A node that sends to itself: events come by the descriptor's queue, the file from memory.
func TestNode(t *testing.T) {
	n, err := StartNode(`{"memory": "64MiB"}`)
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	port := freePort(t)
	r, err := n.Receive(fmt.Sprintf(`{"group": "127.0.0.1:%d"}`, port), 0, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	s, err := n.Send(fmt.Sprintf(`{"to": "127.0.0.1:%d", "rate": "20Mbit"}`, port), nil, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	content := bytes.Repeat([]byte{7}, 100_000)
	if _, err := s.Add(content, true, `{"name": "x"}`, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Finish(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	if err := s.Wait(30 * time.Second); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Stats(); CodeOf(err) != State {
		t.Errorf("after the end: %d %v, want %d", CodeOf(err), err, State)
	}
	if _, err := s.Add(nil, false, `{"name": "y"}`, nil); CodeOf(err) != State {
		t.Errorf("after the end: %d %v, want %d", CodeOf(err), err, State)
	}
	if err := r.CloseWithin(30 * time.Second); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(content))
	if k, _, err := r.Shelf.ReadAt("x", got, 0); err != nil || !bytes.Equal(got[:k], content) {
		t.Error(k, err)
	}
	if err := n.Stop(30 * time.Second); err != nil {
		t.Fatal(err)
	}
	if all := names(t, &n.Events); len(all) == 0 {
		t.Error("no events")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// With manual publication the digests of a file are announced as soon as they are known: the last blocks wait for that.
func TestManualDescribesSoon(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<20)
	s, err := NewSender(`{"fec": "no-code"}`, nil, true)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Add(content, true, `{"name": "a", "digest": "md5,later"}`, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Call((*sender.Session).Publish); err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	begin, buf, lengths := now, make([]byte, 1<<18), make([]uint32, 64)
	for s.Pending() > 0 {
		if n, _, err := s.ReadBatch(now, buf, lengths); err != nil {
			t.Fatal(err)
		} else if n == 0 {
			now = s.Deadline()
		}
	}
	if took := now.Sub(begin); took > 20*time.Millisecond {
		t.Errorf("the last packet comes %v after the first", took)
	}
}
