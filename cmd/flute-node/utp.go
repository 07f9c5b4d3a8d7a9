package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/flute-node/flute-node/utp"
	"github.com/flute-node/flute-node/utp/connection"
)

type utpCommand struct {
	Send    utpSendCommand    `cmd:"" help:"Send files and folders, or standard input, to one peer."`
	Receive utpReceiveCommand `cmd:"" help:"Receive files into a folder, or bytes to standard output, from one peer."`
	Proxy   utpProxyCommand   `cmd:"" help:"Carry TCP connections over uTP."`
	Bench   utpBenchCommand   `cmd:"" help:"Measure uTP on this machine, over loopback."`
}

// utpFlags say how a connection comes about, and how it behaves.
type utpFlags struct {
	Listen  string        `placeholder:"ADDRESS:PORT" help:"Wait for the peer at this address; port 0 is one that is free."`
	Timeout time.Duration `type:"positive" default:"30s" help:"How long a peer may take to take what is left at the end."`
	utpBehaviour
}

// utpBehaviour says how connections behave.
type utpBehaviour struct {
	Congestion   string        `enum:"ledbat,ledbat++,cubic" default:"ledbat" help:"Congestion control: ledbat yields to other traffic, ledbat++ keeps a shorter queue, cubic takes its share as TCP does."`
	LossTolerant bool          `help:"Keep the rate at a loss while there is no queue: for links that lose packets without congestion."`
	Target       time.Duration `type:"positive" placeholder:"100ms" help:"Queueing delay that ledbat aims at, at most 100ms; default: 100ms, of ledbat++ 60ms."`
}

// conn returns how the connection behaves.
func (f *utpBehaviour) conn() connection.Config {
	cfg := connection.Config{
		LossTolerant: f.LossTolerant, Target: min(f.Target, 100*time.Millisecond),
		SendBuffer: 4 << 20, ReceiveBuffer: 4 << 20,
	}
	switch f.Congestion {
	case "ledbat++":
		cfg.Congestion = connection.LEDBATPlusPlus
	case "cubic":
		cfg.Congestion = connection.Cubic
	}
	return cfg
}

// utpEnd is one end of a connection, with the Stack that it runs in.
type utpEnd struct {
	stack *utp.Stack
	conn  *utp.Conn
}

// close stops the Stack.
func (e *utpEnd) close() { stopUTP(e.stack) }

// stopUTP stops a Stack whose connections have ended: what was to be delivered is, or was told.
func stopUTP(s *utp.Stack) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = s.Stop(ctx)
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
	peer, local, err := utpAddress(address)
	if err != nil {
		return nil, err
	}
	if to == "" {
		local = peer
	}
	stack, err := utp.Start(utp.Config{})
	if err != nil {
		return nil, err
	}
	e := &utpEnd{stack: stack}
	cfg := utp.SocketConfig{Local: local, Conn: f.conn()}
	cfg.Conn.Linger = f.Timeout
	if err := e.open(ctx, cfg, to == "", peer, told); err != nil {
		e.close()
		if ctx.Err() != nil {
			err = interruption(ctx, "before a peer was there")
		}
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
		if e.conn, err = dialPatiently(ctx, socket, peer); err != nil {
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

const (
	// dialPatience is for how long a peer that refuses is tried again: both ends may be started at the same time.
	dialPatience = 3 * time.Second
	dialPause    = 100 * time.Millisecond
)

func dialPatiently(ctx context.Context, socket *utp.Socket, peer netip.AddrPort) (*utp.Conn, error) {
	end := time.Now().Add(dialPatience)
	for {
		c, err := socket.Dial(ctx, peer)
		if !errors.Is(err, connection.ErrRefused) || time.Now().After(end) {
			return c, err
		}
		select {
		case <-time.After(dialPause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
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
