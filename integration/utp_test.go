package integration

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// listensAt returns the address at which a process of "utp" listens.
func listensAt(t *testing.T, p *process) string {
	t.Helper()
	p.says(`"listening"`)
	for line := range strings.Lines(p.stdout.String()) {
		var e struct{ Event, Address string }
		if err := json.Unmarshal([]byte(line), &e); err == nil && e.Event == "listening" {
			return e.Address
		}
	}
	t.Fatalf("no address\n%s", p.stdout.String())
	return ""
}

// TestUTPFiles: a folder arrives as it is, whichever end listens; a second time nothing of it is sent.
func TestUTPFiles(t *testing.T) {
	t.Parallel()
	from, to := t.TempDir(), t.TempDir()
	sizes := map[string]int{"d/empty": 0, "d/one": 1, "d/sub/large.bin": 20_000_001, "d/with space and ü.txt": 5000}
	for name, n := range sizes {
		write(t, from, name, n)
	}
	for try := range 3 {
		if try == 2 { // the other way round
			to = t.TempDir()
			s := start(t, "utp", "send", "--listen", "127.0.0.1:0", filepath.Join(from, "d"))
			start(t, "utp", "receive", "--from", listensAt(t, s), to).ok()
			s.ok()
		} else {
			r := start(t, "utp", "receive", "--listen", "127.0.0.1:0", to)
			s := start(t, "utp", "send", "--to", listensAt(t, r), filepath.Join(from, "d"))
			s.ok()
			r.ok()
			if said := s.stdout.String(); strings.Contains(said, `"bytes":20005002`) != (try == 0) {
				t.Errorf("try %d: %s", try, tail(said))
			}
		}
		for name := range sizes {
			same(t, filepath.Join(from, name), filepath.Join(to, name))
		}
	}
}

// TestUTPResumes: a receiver that is killed leaves nothing under the name of a file; the next one needs only the rest.
func TestUTPResumes(t *testing.T) {
	t.Parallel()
	from, to := t.TempDir(), t.TempDir()
	file := write(t, from, "file", 200_000_000)
	part := filepath.Join(to, ".file.flute-node-part")
	r := start(t, "utp", "receive", "--listen", "127.0.0.1:0", to)
	s := start(t, "utp", "send", "--to", listensAt(t, r), file)
	if !eventually(time.Minute, func() bool {
		info, err := os.Stat(part)
		return err == nil && info.Size() > 1_000_000
	}) {
		t.Skip("it was too fast to be killed in the middle")
	}
	r.kill()
	s.kill()
	if _, err := os.Stat(filepath.Join(to, "file")); err == nil {
		t.Skip("it was too fast to be killed in the middle")
	}
	r = start(t, "utp", "receive", "--listen", "127.0.0.1:0", to)
	start(t, "utp", "send", "--to", listensAt(t, r), file).ok()
	r.ok()
	same(t, file, filepath.Join(to, "file"))
	if said := r.stdout.String(); strings.Contains(said, `"resumed_bytes":0`) {
		t.Errorf("all was sent again: %s", tail(said))
	}
}

// TestUTPPipe: bytes go from standard input to standard output.
func TestUTPPipe(t *testing.T) {
	t.Parallel()
	data := bytes.Repeat([]byte("0123456789"), 1_000_000)
	address := fmt.Sprint("127.0.0.1:", newPort(t))
	r := start(t, "utp", "receive", "--listen", address, "-")
	startReading(t, bytes.NewReader(data), "utp", "send", "--to", address, "-").ok()
	r.ok()
	if got := r.stdout.String(); got != string(data) {
		t.Errorf("%d bytes, want %d", len(got), len(data))
	}
}

// TestUTPProxy: a TCP connection goes through two proxies, with the end of each direction.
func TestUTPProxy(t *testing.T) {
	t.Parallel()
	service, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer service.Close()
	go func() {
		for {
			c, err := service.Accept()
			if err != nil {
				return
			}
			go func() { // answers when all has come
				all, _ := io.ReadAll(c)
				_, _ = c.Write(all)
				_ = c.Close()
			}()
		}
	}()
	far := start(t, "utp", "proxy", "--listen", "127.0.0.1:0", "--service", service.Addr().String())
	near := start(t, "utp", "proxy", "--tcp", "127.0.0.1:0", "--to", listensAt(t, far))
	at := listensAt(t, near)
	for i := range 3 {
		c, err := net.Dial("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(time.Minute))
		data := bytes.Repeat([]byte{byte(i), 1, 2, 3}, 500_000)
		if _, err := c.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := c.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(c)
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes came back, want %d: %v", len(got), len(data), err)
		}
		_ = c.Close()
	}
	near.says(`"carried"`)
}

// TestUTPDemo: files over a link that loses datagrams.
func TestUTPDemo(t *testing.T) {
	t.Parallel()
	p := start(t, "demo", "--utp", "--json", "--loss", "3%", "--sessions", "3", "--objects", "2", "--size", "500KiB")
	p.ok()
	said := p.stdout.String()
	if !strings.Contains(said, `"verified":6`) || strings.Contains(said, `"datagrams_lost":0`) {
		t.Error(tail(said))
	}
}
