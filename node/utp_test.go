package node_test

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"testing"
	"time"

	"github.com/flute-node/flute-node/actors/inject"
	"github.com/flute-node/flute-node/node"
	"github.com/flute-node/flute-node/utp"
)

// TestNodeHostsUTP: a connection between two sockets of a node moves its bytes, also when the tree of uTP crashes, and
// ends with the node.
func TestNodeHostsUTP(t *testing.T) {
	faults := inject.New(1,
		inject.Rule{Actor: "channels", Message: "open", Nth: 2},
		inject.Rule{Actor: "socket-1", Message: "packets", Nth: 2})
	n, err := node.Start(node.Config{Faults: faults})
	if err != nil {
		t.Fatal(err)
	}
	stop := func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := n.Stop(ctx); err != nil {
			t.Error(err)
		}
	}
	open := func() *utp.Socket {
		s, err := n.UTP().Open(utp.SocketConfig{Local: netip.MustParseAddrPort("127.0.0.1:0")})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	a, b := open(), open()
	l, err := b.Listen()
	if err != nil {
		t.Fatal(err)
	}
	dialled, err := a.Dial(t.Context(), netip.MustParseAddrPort(b.LocalAddr().String()))
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		_, _ = dialled.Write(make([]byte, 1<<20))
		_ = dialled.CloseWrite()
	}()
	if n, err := io.Copy(io.Discard, accepted); n != 1<<20 || err != nil {
		t.Errorf("%d bytes: %v", n, err)
	}
	if faults.Injected() != 2 {
		t.Errorf("%d faults", faults.Injected())
	}
	stop()
	if _, err := dialled.Read(make([]byte, 1)); err == nil {
		t.Error("the connection goes on without the node")
	}
	if _, err := n.UTP().Open(utp.SocketConfig{}); !errors.Is(err, utp.ErrStopped) {
		t.Error(err)
	}
}
