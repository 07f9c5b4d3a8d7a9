package utp_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"net"
	"net/netip"
	"runtime"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/nettest"

	"github.com/flute-node/flute-node/utp"
	"github.com/flute-node/flute-node/utp/connection"
)

// stack starts a Stack that ends with the test.
func stack(t testing.TB, cfg utp.Config) *utp.Stack {
	t.Helper()
	s, err := utp.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		_ = s.Stop(ctx)
	})
	return s
}

// open opens a Socket at a free port of 127.0.0.1.
func open(t testing.TB, s *utp.Stack, cfg utp.SocketConfig) *utp.Socket {
	t.Helper()
	if !cfg.Local.IsValid() {
		cfg.Local = netip.MustParseAddrPort("127.0.0.1:0")
	}
	socket, err := s.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return socket
}

// hang is how long tests wait for what is to come at once: the machine may be busy.
const hang = time.Minute

func addr(s *utp.Socket) netip.AddrPort { return s.LocalAddr().(*net.UDPAddr).AddrPort() }

// pair returns two ends of a connection between two sockets.
func pair(t testing.TB, s *utp.Stack, cfg utp.SocketConfig) (dialled, accepted *utp.Conn) {
	t.Helper()
	a, b := open(t, s, cfg), open(t, s, cfg)
	l, err := b.Listen()
	if err != nil {
		t.Fatal(err)
	}
	dialled, err = a.Dial(t.Context(), addr(b))
	if err != nil {
		t.Fatal(err)
	}
	accepted, err = l.AcceptUTP()
	if err != nil {
		t.Fatal(err)
	}
	return dialled, accepted
}

func TestNettest(t *testing.T) {
	s := stack(t, utp.Config{})
	nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
		a, b := pair(t, s, utp.SocketConfig{})
		return a, b, func() { go a.Close(); _ = b.Close() }, nil
	})
}

// TestBytes: 16 MiB in each direction at once arrive as they were written, and both ends see the end.
func TestBytes(t *testing.T) {
	a, b := pair(t, stack(t, utp.Config{}), utp.SocketConfig{})
	data := bytes.Repeat([]byte("0123456789abcdef\n"), 1<<20)
	errs := make(chan error, 4)
	for _, c := range []*utp.Conn{a, b} {
		go func() {
			_, err := c.Write(data)
			errs <- errors.Join(err, c.CloseWrite())
		}()
		go func() {
			h := sha256.New()
			n, err := io.Copy(h, c)
			if want := sha256.Sum256(data); err == nil && (n != int64(len(data)) || !bytes.Equal(h.Sum(nil), want[:])) {
				err = errors.New("other bytes")
			}
			errs <- err
		}()
	}
	for range 4 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	a.SetLinger(hang)
	b.SetLinger(hang)
	if err := errors.Join(a.Close(), b.Close()); err != nil {
		t.Error(err)
	}
}

// TestListenAndDial: without a Stack of the program's own.
func TestListenAndDial(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		l, err := utp.Listen(address)
		if err != nil {
			t.Fatal(err)
		}
		got := make(chan []byte, 1)
		go func() {
			c, err := l.AcceptUTP()
			if err != nil {
				t.Error(err)
				close(got)
				return
			}
			c.SetLinger(hang)
			all, err := io.ReadAll(c)
			if err := errors.Join(err, c.Close()); err != nil {
				t.Error(err)
			}
			got <- all
		}()
		c, err := utp.Dial(l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write([]byte("hello")); err != nil {
			t.Error(err)
		}
		c.SetLinger(hang)
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if all := <-got; string(all) != "hello" {
			t.Errorf("%q", all)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestAcceptAfterDeadline: Accept fails once its deadline has passed, also while a connection waits, which is there for
// the next Accept.
func TestAcceptAfterDeadline(t *testing.T) {
	s := stack(t, utp.Config{})
	a, b := open(t, s, utp.SocketConfig{}), open(t, s, utp.SocketConfig{})
	l, err := b.Listen()
	if err != nil {
		t.Fatal(err)
	}
	c, err := a.Dial(t.Context(), addr(b))
	if err != nil {
		t.Fatal(err)
	}
	write(t, c, "hello")
	for stats, _ := b.Stats(t.Context()); stats.Conns == 0; stats, _ = b.Stats(t.Context()) {
		time.Sleep(time.Millisecond)
	}
	_ = l.SetDeadline(time.Now().Add(-time.Second))
	for range 30 {
		var timeout net.Error
		if _, err := l.Accept(); !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Fatalf("after the deadline: %v", err)
		}
	}
	_ = l.SetDeadline(time.Time{})
	d, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	_ = d.Close()
}

// TestRefused: where nobody listens a dial is refused, and does not fail for want of an answer.
func TestRefused(t *testing.T) {
	s := stack(t, utp.Config{})
	a, b := open(t, s, utp.SocketConfig{}), open(t, s, utp.SocketConfig{})
	if _, err := a.Dial(t.Context(), addr(b)); !errors.Is(err, connection.ErrRefused) {
		t.Error(err)
	}
}

// TestRefusedDial: a dial to a port that nobody has fails at once, as one over TCP does.
func TestRefusedDial(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("this system does not tell")
	}
	s := stack(t, utp.Config{})
	for _, at := range []string{"127.0.0.1:0", "[::1]:0"} {
		gone := open(t, s, utp.SocketConfig{Local: netip.MustParseAddrPort(at)})
		nobody := addr(gone)
		if err := gone.Close(); err != nil {
			t.Fatal(err)
		}
		lossy := func([]byte) bool { return false } // a socket with it tells as well
		for _, cfg := range []utp.SocketConfig{{}, {Impair: lossy}} {
			cfg.Local = netip.MustParseAddrPort(at)
			start := time.Now()
			_, err := open(t, s, cfg).Dial(t.Context(), nobody)
			if d := time.Since(start); !errors.Is(err, connection.ErrRefused) || !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("%v after %v", err, d)
			}
		}
	}
}
