package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/flute-node/flute-node/utp"
	"github.com/flute-node/flute-node/utp/core"
)

type utpCommand struct {
	Send    utpSendCommand    `cmd:"" help:"Send standard input to one peer."`
	Receive utpReceiveCommand `cmd:"" help:"Receive from one peer to standard output."`
}

// utpFlags say how a connection comes about, and how it behaves.
type utpFlags struct {
	Listen       string        `placeholder:"ADDRESS:PORT" help:"Wait for the peer at this address; port 0 is one that is free."`
	Congestion   string        `enum:"ledbat,ledbat++,cubic" default:"ledbat" help:"Congestion control: ledbat yields to other traffic, ledbat++ keeps a shorter queue, cubic takes its share as TCP does."`
	LossTolerant bool          `help:"Keep the rate at a loss while there is no queue: for links that lose packets without congestion."`
	Target       time.Duration `type:"positive" default:"100ms" help:"Queueing delay that ledbat aims at, at most 100ms."`
	Timeout      time.Duration `type:"positive" default:"30s" help:"How long a peer may take to take what is left at the end."`
}

// conn returns how the connection behaves.
func (f *utpFlags) conn() core.Config {
	cfg := core.Config{
		LossTolerant: f.LossTolerant, Target: f.Target, Linger: f.Timeout,
		SendBuffer: 4 << 20, ReceiveBuffer: 4 << 20,
	}
	switch f.Congestion {
	case "ledbat++":
		cfg.Congestion = core.LEDBATPlusPlus
		cfg.Target = min(cfg.Target, 60*time.Millisecond)
	case "cubic":
		cfg.Congestion = core.Cubic
	}
	return cfg
}

// utpEnd is one end of a connection, with the Stack that it runs in.
type utpEnd struct {
	stack *utp.Stack
	conn  *utp.Conn
}

// close stops the Stack.
func (e *utpEnd) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = e.stack.Stop(ctx) // what was to be delivered is, or was told
}

// connect dials to, or waits for a peer where to is empty. told is called with the address when it waits.
func (f *utpFlags) connect(ctx context.Context, flag, to string, told func(net.Addr)) (*utpEnd, error) {
	if (to == "") == (f.Listen == "") {
		return nil, fmt.Errorf("%s or --listen: take one of them", flag)
	}
	address := to
	if to == "" {
		address = f.Listen
	}
	resolved, err := net.ResolveUDPAddr("udp", address)
	if err != nil {
		return nil, err
	}
	peer := resolved.AddrPort()
	local := netip.AddrPortFrom(netip.IPv4Unspecified(), 0)
	if a := peer.Addr().Unmap(); a.IsValid() {
		peer = netip.AddrPortFrom(a, peer.Port())
		if a.Is6() {
			local = netip.AddrPortFrom(netip.IPv6Unspecified(), 0)
		}
	} else {
		peer = netip.AddrPortFrom(netip.IPv4Unspecified(), peer.Port())
	}
	if to == "" {
		local = peer
	}
	stack, err := utp.Start(utp.Config{})
	if err != nil {
		return nil, err
	}
	e := &utpEnd{stack: stack}
	if err := e.open(ctx, utp.SocketConfig{Local: local, Conn: f.conn()}, to == "", peer, told); err != nil {
		e.close()
		return nil, err
	}
	context.AfterFunc(ctx, func() {
		e.conn.SetLinger(0)
		_ = e.conn.Close()
	})
	return e, nil
}

func (e *utpEnd) open(
	ctx context.Context, cfg utp.SocketConfig, listens bool, peer netip.AddrPort, told func(net.Addr),
) error {
	socket, err := e.stack.Open(cfg)
	if err != nil {
		return err
	}
	if !listens {
		if e.conn, err = socket.Dial(ctx, peer); err != nil && ctx.Err() == nil {
			err = failure{err}
		}
		return err
	}
	l, err := socket.Listen()
	if err != nil {
		return err
	}
	told(l.Addr())
	stop := context.AfterFunc(ctx, func() { _ = l.SetDeadline(time.Now()) })
	defer stop()
	if e.conn, err = l.AcceptUTP(); err != nil {
		return err
	}
	return l.Close() // there is one peer
}

// endOf returns how a command that has moved n bytes ends.
func (e *utpEnd) endOf(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return interruption(ctx, "before all was there")
	default:
		return failure{err}
	}
}

type utpSendCommand struct {
	To       string `placeholder:"ADDRESS:PORT" help:"The peer, which listens there."`
	Path     string `arg:"" default:"-" help:"- is standard input."`
	utpFlags `embed:""`
}

// Run sends all that comes, and waits until the peer has it.
func (c *utpSendCommand) Run(ctx context.Context, out *output) error {
	if c.Path != "-" {
		return errors.New("utp send takes standard input only: -")
	}
	e, err := c.connect(ctx, "--to", c.To, func(a net.Addr) {
		out.note("listening", utpListening{a.String()}, "waiting for a peer at "+a.String())
	})
	if err != nil {
		return err
	}
	defer e.close()
	n, err := io.Copy(e.conn, os.Stdin)
	if err == nil {
		e.conn.SetLinger(c.Timeout)
		err = e.conn.Close()
	}
	if err = e.endOf(ctx, err); err != nil {
		return err
	}
	out.note("sent", utpMoved{n}, fmt.Sprintf("%s sent", formatBytes(uint64(n))))
	return nil
}

type utpReceiveCommand struct {
	From     string `placeholder:"ADDRESS:PORT" help:"The peer, which listens there."`
	Path     string `arg:"" default:"-" help:"- is standard output."`
	utpFlags `embed:""`
}

// Run receives until the peer has sent all.
func (c *utpReceiveCommand) Run(ctx context.Context, out *output) error {
	if c.Path != "-" {
		return errors.New("utp receive writes to standard output only: -")
	}
	if err := out.handOver(); err != nil {
		return err
	}
	e, err := c.connect(ctx, "--from", c.From, func(a net.Addr) {
		if !out.quiet {
			fmt.Fprintf(os.Stderr, "flute-node: waiting for a peer at %v\n", a)
		}
	})
	if err != nil {
		return err
	}
	defer e.close()
	_, err = io.Copy(os.Stdout, struct{ io.Reader }{e.conn})
	if err == nil {
		e.conn.SetLinger(c.Timeout)
		err = e.conn.Close()
	}
	return e.endOf(ctx, err)
}

// utpListening and utpMoved are events in JSON.
type utpListening struct {
	Address string `json:"address"`
}

type utpMoved struct {
	Bytes int64 `json:"bytes"`
}
