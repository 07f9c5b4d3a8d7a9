package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/flute-node/flute-node/internal/settings"
	"github.com/flute-node/flute-node/utp"
)

type utpBenchCommand struct {
	Size  settings.Bytes `default:"1GiB" help:"Bytes to move over each connection."`
	Conns int            `type:"positive" default:"1" help:"Connections at once."`
	Dials int            `type:"natural" default:"1000" help:"Connections to begin and end, one after another, 16 at a time."`
	utpBehaviour
}

// utpFigures are the outcome in JSON.
type utpFigures struct {
	Bytes     int64   `json:"bytes"`
	Seconds   float64 `json:"seconds"`
	PerSecond float64 `json:"bytes_per_second"`
	Resent    uint64  `json:"datagrams_resent"`
	Sent      uint64  `json:"datagrams_sent"`
	Dials     int     `json:"dials"`
	DialTime  float64 `json:"dial_seconds"`
}

// Run measures both, and prints a table.
func (c *utpBenchCommand) Run(ctx context.Context, out *output) error {
	stack, err := utp.Start(utp.Config{})
	if err != nil {
		return err
	}
	defer stopUTP(stack)
	cfg := utp.SocketConfig{Local: netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 0), Conn: c.conn()}
	a, err := stack.Open(cfg)
	if err != nil {
		return err
	}
	b, err := stack.Open(cfg)
	if err != nil {
		return err
	}
	l, err := b.Listen()
	if err != nil {
		return err
	}
	go drain(l)
	to := b.LocalAddr().(*net.UDPAddr).AddrPort()
	var f utpFigures
	if err = c.move(ctx, a, to, &f); err == nil {
		err = c.dial(ctx, a, to, &f)
	}
	switch {
	case ctx.Err() != nil:
		return interruption(ctx, "before all was measured")
	case err != nil:
		return failure{err}
	}
	out.table("utp_bench", f, fmt.Sprintf(
		"%d × %s over loopback  %.2f s  %s/s  (%d datagrams, %d sent again)\n%d dials  %.3f s  %.0f a second",
		c.Conns, formatBytes(uint64(c.Size)), f.Seconds, formatBytes(uint64(f.PerSecond)), f.Sent, f.Resent,
		f.Dials, f.DialTime, float64(f.Dials)/max(f.DialTime, 1e-9)))
	return nil
}

// drain reads what comes, and closes when the peer does.
func drain(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			_, _ = io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{c}, make([]byte, 256<<10))
			_ = c.Close() // the other end tells
		}()
	}
}

// move moves bytes until the other end has them all.
func (c *utpBenchCommand) move(ctx context.Context, a *utp.Socket, to netip.AddrPort, f *utpFigures) error {
	errs := make([]error, c.Conns)
	conns := make([]*utp.Conn, c.Conns)
	start := time.Now()
	var all sync.WaitGroup
	for i := range c.Conns {
		all.Go(func() {
			conn, err := a.Dial(ctx, to)
			if err != nil {
				errs[i] = err
				return
			}
			conns[i] = conn
			stop := context.AfterFunc(ctx, func() { _ = reset(conn) })
			defer stop()
			p := make([]byte, 256<<10)
			for left := int64(c.Size); left > 0 && errs[i] == nil; left -= int64(len(p)) {
				_, errs[i] = conn.Write(p[:min(left, int64(len(p)))])
			}
			conn.SetLinger(time.Minute)
			errs[i] = errors.Join(errs[i], conn.Close())
		})
	}
	all.Wait()
	elapsed := time.Since(start)
	f.Bytes, f.Seconds = int64(c.Size)*int64(c.Conns), elapsed.Seconds()
	f.PerSecond = float64(f.Bytes) / elapsed.Seconds()
	for _, conn := range conns {
		if conn != nil {
			s := conn.Stats()
			f.Sent += s.Sent
			f.Resent += s.Resent
		}
	}
	return errors.Join(errs...)
}

// dial begins and ends connections.
func (c *utpBenchCommand) dial(ctx context.Context, a *utp.Socket, to netip.AddrPort, f *utpFigures) error {
	const workers = 16
	errs := make([]error, workers)
	start := time.Now()
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			for i := w; i < c.Dials && errs[w] == nil; i += workers {
				var conn *utp.Conn
				if conn, errs[w] = a.Dial(ctx, to); errs[w] == nil {
					errs[w] = conn.Close()
				}
			}
		})
	}
	all.Wait()
	f.Dials, f.DialTime = c.Dials, time.Since(start).Seconds()
	return errors.Join(errs...)
}
