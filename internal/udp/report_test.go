//go:build linux && (amd64 || arm64)

package udp_test

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/flute-node/flute-node/internal/slab"
	"github.com/flute-node/flute-node/internal/udp"
)

// TestHear: what is sent to a port that nobody has is told of, whoever finds out, and costs no datagram to others.
func TestHear(t *testing.T) {
	for _, local := range []string{"127.0.0.1:0", "[::1]:0"} {
		t.Run(local, func(t *testing.T) {
			at := netip.MustParseAddrPort(local)
			open := func() *udp.Socket {
				s, err := udp.Open(udp.SocketConfig{Local: at, Whole: true, Offload: true})
				if err != nil {
					t.Skip(err)
				}
				t.Cleanup(func() { _ = s.Close() })
				return s
			}
			s, peer := open(), open()
			closed := open()
			nobody := closed.LocalAddr()
			_ = closed.Close()
			told := make(chan netip.AddrPort, 100)
			if err := s.Hear(func(r udp.Report) {
				if !r.Refused || !bytes.Equal(r.Quoted, []byte("to nobody")) {
					t.Errorf("%+v", r)
				}
				told <- r.To
			}); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() {
				memory := slab.NewMemory(1 << 20).Pool(slab.MessageSize)
				out := make([]slab.Datagram, slab.MessageDatagrams)
				for {
					if _, err := s.Wait(0); err != nil {
						ended <- err
						return
					}
					b := memory.Get()
					_, err := s.ReadBatch(b, out)
					b.Release()
					if err != nil {
						ended <- err
						return
					}
				}
			}()
			for range 10 {
				n, err := s.WriteBatch([]udp.Outgoing{
					{Data: []byte("to nobody"), To: nobody}, {Data: []byte("to the peer"), To: peer.LocalAddr()},
				})
				if n != 2 || err != nil {
					t.Fatalf("%d sent: %v", n, err)
				}
				if err := s.WriteTo([]byte("to the peer"), peer.LocalAddr()); err != nil {
					t.Fatal(err)
				}
			}
			select {
			case to := <-told:
				if to != nobody {
					t.Errorf("told of %v, not of %v", to, nobody)
				}
			case <-time.After(time.Minute):
				t.Fatal("not told")
			}
			select {
			case err := <-ended:
				t.Fatalf("the reader ended: %v", err)
			default:
			}
			_ = s.Close()
			if err := <-ended; !errors.Is(err, net.ErrClosed) {
				t.Errorf("the reader ended: %v", err)
			}
		})
	}
}
