package utp_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/utp"
)

// next returns the next message.
func next(t *testing.T, from <-chan utp.Message) utp.Message {
	t.Helper()
	select {
	case m := <-from:
		return m
	case <-time.After(hang):
		t.Fatal("no message")
		return nil
	}
}

// silent fails if a message comes.
func silent(t *testing.T, from <-chan utp.Message) {
	t.Helper()
	select {
	case m := <-from:
		t.Fatalf("%T %v", m, m)
	case <-time.After(30 * time.Millisecond):
	}
}

func write(t *testing.T, c *utp.Conn, text string) {
	t.Helper()
	if _, err := c.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

// TestModes: a controller gets as many Data messages as its mode says, and then none; what comes meanwhile waits.
func TestModes(t *testing.T) {
	a, b := pair(t, stack(t, utp.Config{}), utp.SocketConfig{})
	messages := make(chan utp.Message, 1)
	b.SetController(utp.ToChan(t.Context(), messages), utp.Once)
	write(t, a, "one")
	if d, ok := next(t, messages).(utp.Data); !ok || string(d.Bytes) != "one" || d.Conn != b {
		t.Fatalf("%v", d)
	}
	if _, ok := next(t, messages).(utp.BecamePassive); !ok {
		t.Fatal("it is not told that no more will come")
	}
	write(t, a, "two")
	silent(t, messages)
	b.SetMode(2)
	if d := next(t, messages).(utp.Data); string(d.Bytes) != "two" {
		t.Fatalf("%q", d.Bytes)
	}
	write(t, a, "three")
	if d := next(t, messages).(utp.Data); string(d.Bytes) != "three" {
		t.Fatalf("%q", d.Bytes)
	}
	_ = next(t, messages).(utp.BecamePassive)
	b.SetMode(utp.Always)
	for _, text := range []string{"four", "five", "six"} {
		write(t, a, text)
		if d := next(t, messages).(utp.Data); string(d.Bytes) != text {
			t.Fatalf("%q", d.Bytes)
		}
	}
	b.SetMode(utp.Passive)
	write(t, a, "seven")
	silent(t, messages)
	b.SetPassive()
	p := make([]byte, 5)
	if n, err := b.ReadFull(p); n != 5 || err != nil || string(p) != "seven" {
		t.Fatalf("%q: %v", p[:n], err)
	}
	b.SetController(utp.ToChan(t.Context(), messages), utp.Always)
	if err := a.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	_ = next(t, messages).(utp.HalfClosed)
	write(t, b, "last")
	if err := b.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if all, err := io.ReadAll(a); string(all) != "last" || err != nil {
		t.Fatalf("%q: %v", all, err)
	}
	if m := next(t, messages).(utp.Closed); m.Err != nil {
		t.Error(m.Err)
	}
	silent(t, messages)
}

// TestTransferOfOwnership: from one controller to another nothing is lost, doubled or out of order, and the first one's
// end does no harm any more.
func TestTransferOfOwnership(t *testing.T) {
	a, b := pair(t, stack(t, utp.Config{}), utp.SocketConfig{})
	data := bytes.Repeat([]byte("0123456789"), 400_000)
	go func() {
		_, _ = a.Write(data)
		_ = a.CloseWrite()
	}()
	ctx, cancel := context.WithCancel(t.Context())
	first, second := make(chan utp.Message, 1), make(chan utp.Message, 1)
	b.SetController(utp.ToChan(ctx, first), utp.Always)
	var got []byte
	for len(got) < len(data)/3 {
		got = append(got, next(t, first).(utp.Data).Bytes...)
	}
	b.SetController(utp.ToChan(t.Context(), second), utp.Always)
	select { // what was sent before
	case m := <-first:
		got = append(got, m.(utp.Data).Bytes...)
	default:
	}
	cancel()
	for {
		m := next(t, second)
		if _, ok := m.(utp.HalfClosed); ok {
			break
		}
		got = append(got, m.(utp.Data).Bytes...)
	}
	if !bytes.Equal(got, data) {
		t.Errorf("%d bytes, want %d", len(got), len(data))
	}
	silent(t, first)
}

// TestControllerEnds: the connection of an actor that stops, or of a context that ends, is closed: the peer sees it.
func TestControllerEnds(t *testing.T) {
	system := actors.NewSystem(actors.SystemConfig{})
	defer system.Shutdown()
	s := stack(t, utp.Config{System: system.System()})
	t.Run("actor", func(t *testing.T) {
		a, b := pair(t, s, utp.SocketConfig{})
		got := make(chan []byte, 1)
		pid := system.Root().Spawn(actors.Spec{Produce: func() actor.Actor {
			return actor.ReceiveFunc(func(ctx actor.Context) {
				if m, ok := ctx.Message().(utp.Data); ok {
					got <- m.Bytes
				}
			})
		}}.Props())
		b.SetController(utp.ToActor(pid), utp.Always)
		write(t, a, "hello")
		if p := <-got; string(p) != "hello" {
			t.Errorf("%q", p)
		}
		if err := actors.Stop(t.Context(), system, pid); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Error(err)
		}
	})
	t.Run("context", func(t *testing.T) {
		a, b := pair(t, s, utp.SocketConfig{})
		ctx, cancel := context.WithCancel(t.Context())
		b.SetController(utp.ToChan(ctx, make(chan utp.Message)), utp.Always)
		cancel()
		if _, err := a.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Error(err)
		}
	})
}

// TestSharedPort: datagrams that are not uTP reach the other protocol of the socket, also those that begin like uTP,
// and its answers leave from the same port; a connection goes on beside.
func TestSharedPort(t *testing.T) {
	s := stack(t, utp.Config{})
	a, b := open(t, s, utp.SocketConfig{}), open(t, s, utp.SocketConfig{})
	others := b.PacketConn()
	l, err := b.Listen()
	if err != nil {
		t.Fatal(err)
	}
	c, err := a.Dial(t.Context(), addr(b))
	if err != nil {
		t.Fatal(err)
	}
	peer, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(addr(b)))
	if err != nil {
		t.Fatal(err)
	}
	defer foreign.Close()
	// A query of DNS that begins like a SYN.
	query := []byte{0x41, 0, 1, 0, 0, 1, 0, 0, 0, 7, 0, 0, 3, 'w', 'w', 'w', 0, 0, 1, 0, 1}
	for _, text := range [][]byte{[]byte("d1:ad2:id20:"), query, bytes.Repeat([]byte{0xff}, 1400)} {
		if _, err := foreign.Write(text); err != nil {
			t.Fatal(err)
		}
		p := make([]byte, 2000)
		_ = others.SetReadDeadline(time.Now().Add(hang))
		n, from, err := others.ReadFrom(p)
		if err != nil || !bytes.Equal(p[:n], text) || from.String() != foreign.LocalAddr().String() {
			t.Fatalf("%q from %v: %v", p[:n], from, err)
		}
		if _, err := others.WriteTo(text, from); err != nil {
			t.Fatal(err)
		}
		if n, err := foreign.Read(p); err != nil || !bytes.Equal(p[:n], text) {
			t.Fatalf("%q: %v", p[:n], err)
		}
	}
	write(t, c, "hello")
	if n, err := peer.Read(make([]byte, 10)); n != 5 || err != nil {
		t.Errorf("%d bytes: %v", n, err)
	}
	_ = others.SetReadDeadline(time.Now().Add(-time.Second))
	if _, _, err := others.ReadFrom(nil); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
	if err := others.Close(); err != nil {
		t.Error(err)
	}
	if _, err := others.WriteTo(nil, foreign.LocalAddr()); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	if s, err := b.Stats(t.Context()); err != nil || s.Foreign != 3 || s.Conns != 1 {
		t.Errorf("%+v: %v", s, err)
	}
}
