package udp_test

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/internal/slab"
	"github.com/flute-node/flute-node/internal/udp"
)

// open opens a Socket without more options.
func open(t testing.TB, local string) *udp.Socket {
	t.Helper()
	return openWith(t, udp.SocketConfig{Local: netip.MustParseAddrPort(local)})
}

// openWith skips the test only where the system has no IPv6.
func openWith(t testing.TB, cfg udp.SocketConfig) *udp.Socket {
	t.Helper()
	s, err := udp.Open(cfg)
	if err != nil && cfg.Local.Addr().Is6() {
		t.Skipf("no IPv6: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// TestSocketsTalk: one batch goes to several peers, who see where it comes from and answer there.
func TestSocketsTalk(t *testing.T) {
	for _, local := range []string{"127.0.0.1:0", "[::1]:0"} {
		t.Run(local, func(t *testing.T) {
			s, peers := open(t, local), []*udp.Socket{open(t, local), open(t, local)}
			const each = 100 // more than one system call takes
			var batch []udp.Outgoing
			for i := range 2 * each {
				batch = append(batch, udp.Outgoing{Data: fmt.Append(nil, i), To: peers[i%2].LocalAddr()})
			}
			batch[each].Data = nil
			if n, err := s.WriteBatch(batch); n != len(batch) || err != nil {
				t.Fatalf("%d of %d datagrams written: %v", n, len(batch), err)
			}
			for p, peer := range peers {
				got := receive(t, &peer.Receiver, each)
				if len(got) != each {
					t.Fatalf("peer %d: %d datagrams of %d", p, len(got), each)
				}
				for i, d := range got {
					if d.text != string(batch[2*i+p].Data) || d.source != s.LocalAddr() {
						t.Fatalf("peer %d: %q from %v", p, d.text, d.source)
					}
				}
				answer := []udp.Outgoing{{Data: []byte("answer"), To: got[0].source}}
				if n, err := peer.WriteBatch(answer); n != 1 || err != nil {
					t.Fatal(err)
				}
			}
			from := map[netip.AddrPort]int{}
			for _, d := range receive(t, &s.Receiver, 2) {
				from[d.source]++
			}
			if len(from) != 2 || from[peers[0].LocalAddr()] != 1 || from[peers[1].LocalAddr()] != 1 {
				t.Errorf("answers from %v", from)
			}
		})
	}
}

// TestOneDatagramFails: what is wrong with one datagram is told, and the others can be sent.
func TestOneDatagramFails(t *testing.T) {
	s, peer := open(t, "0.0.0.0:0"), open(t, "127.0.0.1:0")
	good := udp.Outgoing{Data: []byte("good"), To: peer.LocalAddr()}
	to6 := netip.AddrPortFrom(netip.AddrFrom16(peer.LocalAddr().Addr().As16()), peer.LocalAddr().Port())
	mapped := udp.Outgoing{Data: []byte("mapped"), To: to6}
	for want, bad := range map[string]udp.Outgoing{
		"70000 bytes": {Data: make([]byte, 70000), To: peer.LocalAddr()},
		"[::1]:9":     {Data: []byte("other family"), To: netip.MustParseAddrPort("[::1]:9")},
		"127.0.0.1:0": {Data: []byte("no port"), To: netip.MustParseAddrPort("127.0.0.1:0")},
		"invalid":     {Data: []byte("no address")},
	} {
		n, err := s.WriteBatch([]udp.Outgoing{good, mapped, bad, good})
		if n != 2 || err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %d written, %v", want, n, err)
		}
		if n, err := s.WriteBatch([]udp.Outgoing{good}); n != 1 || err != nil {
			t.Errorf("%s: the next: %v", want, err)
		}
	}
	if got := receive(t, &peer.Receiver, 4*3); len(got) != 4*3 {
		t.Errorf("%d datagrams, want %d", len(got), 4*3)
	}
}

// TestOnePeerIsGone: a peer that has gone does not harm what goes to others.
func TestOnePeerIsGone(t *testing.T) {
	s, gone, peer := open(t, "127.0.0.1:0"), open(t, "127.0.0.1:0"), open(t, "127.0.0.1:0")
	if err := gone.Close(); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		n, err := s.WriteBatch([]udp.Outgoing{
			{Data: []byte("a"), To: gone.LocalAddr()}, {Data: []byte("b"), To: peer.LocalAddr()},
		})
		if n != 2 || err != nil {
			t.Fatalf("%d written: %v", n, err)
		}
	}
	if got := receive(t, &peer.Receiver, 10); len(got) != 10 {
		t.Errorf("%d datagrams, want 10", len(got))
	}
}

func TestCloseEndsSocket(t *testing.T) {
	s := open(t, "127.0.0.1:0")
	done := make(chan error)
	go func() {
		_, err := s.ReadBatch(slab.NewPool(2048, 1).Get(), make([]slab.Datagram, 1))
		done <- err
	}()
	time.Sleep(10 * time.Millisecond) // most likely it is blocked by now; both orders must work
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-done; !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	late := []udp.Outgoing{{Data: []byte("a"), To: netip.MustParseAddrPort("127.0.0.1:9")}}
	if _, err := s.WriteBatch(late); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}

func TestErrorsOfOpenAreOneClearLine(t *testing.T) {
	for want, cfg := range map[string]udp.SocketConfig{
		"no address":           {},
		"multicast":            {Local: netip.MustParseAddrPort("239.1.1.1:3400")},
		"192.0.2.1:3400":       {Local: netip.MustParseAddrPort("192.0.2.1:3400")},
		"send buffer of -1":    {Local: netip.MustParseAddrPort("127.0.0.1:0"), SendBuffer: -1},
		"receive buffer of -1": {Local: netip.MustParseAddrPort("127.0.0.1:0"), ReceiveBuffer: -1},
	} {
		_, err := udp.Open(cfg)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%+v: %v, want one line with %q", cfg, err, want)
		}
	}
}

func TestSocketDoesNotAllocate(t *testing.T) {
	if !linux64 {
		t.Skip("promised for 64-bit Linux")
	}
	s, peer := open(t, "127.0.0.1:0"), open(t, "127.0.0.1:0")
	var batch []udp.Outgoing
	for range 32 {
		batch = append(batch, udp.Outgoing{Data: make([]byte, 1400), To: peer.LocalAddr()})
	}
	pool, out := slab.NewPool(64*2048, 1), make([]slab.Datagram, 64)
	if n := testing.AllocsPerRun(100, func() {
		if _, err := s.WriteBatch(batch); err != nil {
			t.Fatal(err)
		}
		for got := 0; got < len(batch); {
			b := pool.Get()
			n, err := peer.ReadBatch(b, out)
			if err != nil {
				t.Fatal(err)
			}
			got += n
			b.Release()
		}
	}); n != 0 {
		t.Errorf("%v allocations for 32 datagrams", n)
	}
}
