package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"

	"github.com/flute-node/flute-node/utp"
)

type utpProxyCommand struct {
	TCP   string `placeholder:"ADDRESS:PORT" help:"Accept TCP connections here, and carry each to --to by uTP."`
	To    string `placeholder:"ADDRESS:PORT" help:"The other proxy, which listens there by uTP."`
	Peers string `name:"listen" placeholder:"ADDRESS:PORT" help:"Accept connections of another proxy here by uTP, and carry each to --service by TCP."`
	At    string `name:"service" placeholder:"ADDRESS:PORT" help:"Where TCP connections lead."`
	utpBehaviour
}

// maxProxied bounds the connections of a proxy.
const maxProxied = 1000

// Run carries connections until it is interrupted.
func (c *utpProxyCommand) Run(ctx context.Context, out *output) error {
	near, far := c.TCP != "" && c.To != "", c.Peers != "" && c.At != ""
	if near == far || (c.TCP == "") != (c.To == "") || (c.Peers == "") != (c.At == "") {
		return errors.New("utp proxy takes --tcp and --to at one end, and --listen and --service at the other")
	}
	stack, err := utp.Start(utp.Config{})
	if err != nil {
		return err
	}
	defer stopUTP(stack) // connections that are left are cut: nobody waits for them
	p := &utpProxy{out: out, room: make(chan struct{}, maxProxied)}
	if near {
		return p.near(ctx, stack, c)
	}
	return p.far(ctx, stack, c)
}

// utpProxy is one end.
type utpProxy struct {
	out  *output
	room chan struct{}
	all  sync.WaitGroup
}

// near carries TCP connections to the other proxy.
func (p *utpProxy) near(ctx context.Context, stack *utp.Stack, c *utpProxyCommand) error {
	to, local, err := utpAddress(c.To)
	if err != nil {
		return err
	}
	socket, err := stack.Open(utp.SocketConfig{Local: local, Conn: c.conn()})
	if err != nil {
		return err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.TCP)
	if err != nil {
		return err
	}
	return p.serve(ctx, l, func() (net.Conn, error) { return socket.Dial(ctx, to) })
}

// far carries connections of the other proxy to a TCP service.
func (p *utpProxy) far(ctx context.Context, stack *utp.Stack, c *utpProxyCommand) error {
	local, _, err := utpAddress(c.Peers)
	if err != nil {
		return err
	}
	socket, err := stack.Open(utp.SocketConfig{Local: local, Conn: c.conn()})
	if err != nil {
		return err
	}
	l, err := socket.Listen()
	if err != nil {
		return err
	}
	return p.serve(ctx, l, func() (net.Conn, error) { return (&net.Dialer{}).DialContext(ctx, "tcp", c.At) })
}

// serve carries each connection of l to where dial leads.
func (p *utpProxy) serve(ctx context.Context, l net.Listener, dial func() (net.Conn, error)) error {
	p.out.note("listening", utpListening{l.Addr().String()}, "carrying connections of "+l.Addr().String())
	context.AfterFunc(ctx, func() { _ = l.Close() })
	for {
		from, err := l.Accept()
		if err != nil {
			p.all.Wait()
			if ctx.Err() != nil {
				return nil // only an interrupt ends it
			}
			return err
		}
		select {
		case p.room <- struct{}{}:
		default:
			_ = from.Close() // nothing was accepted of it
			continue
		}
		p.all.Go(func() {
			defer func() { <-p.room }()
			p.carry(ctx, from, dial)
		})
	}
}

// carry moves bytes both ways until both ends have finished, or one has failed.
func (p *utpProxy) carry(ctx context.Context, from net.Conn, dial func() (net.Conn, error)) {
	defer from.Close() //nolint:errcheck // what failed is told
	to, err := dial()
	if err != nil {
		p.out.note("failed", utpFailed{err.Error()}, err.Error())
		return
	}
	defer to.Close() //nolint:errcheck // as above
	stop := context.AfterFunc(ctx, func() { _, _ = reset(from), reset(to) })
	defer stop()
	var moved [2]int64
	var errs [2]error
	var both sync.WaitGroup
	for i, pair := range [][2]net.Conn{{from, to}, {to, from}} {
		both.Go(func() {
			moved[i], errs[i] = io.CopyBuffer(
				struct{ io.Writer }{pair[1]}, struct{ io.Reader }{pair[0]}, make([]byte, 64<<10))
			if errs[i] == nil {
				errs[i] = pair[1].(interface{ CloseWrite() error }).CloseWrite()
			} else {
				_, _ = reset(pair[0]), reset(pair[1])
			}
		})
	}
	both.Wait()
	if err := errors.Join(errs[:]...); err != nil && ctx.Err() == nil {
		p.out.note("failed", utpFailed{err.Error()}, oneLine(err.Error()))
		return
	}
	p.out.note("carried", utpCarried{from.RemoteAddr().String(), moved[0], moved[1]},
		fmt.Sprintf("%v: %s there, %s back",
			from.RemoteAddr(), formatBytes(uint64(moved[0])), formatBytes(uint64(moved[1]))))
}

type utpCarried struct {
	Peer  string `json:"peer"`
	There int64  `json:"bytes_there"`
	Back  int64  `json:"bytes_back"`
}

// reset ends a connection at once.
func reset(c net.Conn) error {
	switch c := c.(type) {
	case *utp.Conn:
		c.SetLinger(0)
	case *net.TCPConn:
		_ = c.SetLinger(0) // it is closed all the same
	}
	return c.Close()
}

// utpAddress resolves an address, and returns the unspecified one of its family as well.
func utpAddress(text string) (at, local netip.AddrPort, err error) {
	resolved, err := net.ResolveUDPAddr("udp", text)
	if err != nil {
		return at, local, err
	}
	a := resolved.AddrPort().Addr().Unmap()
	local = netip.AddrPortFrom(netip.IPv4Unspecified(), 0)
	switch {
	case !a.IsValid():
		a = netip.IPv4Unspecified()
	case a.Is6():
		local = netip.AddrPortFrom(netip.IPv6Unspecified(), 0)
	}
	return netip.AddrPortFrom(a, uint16(resolved.Port)), local, nil
}
