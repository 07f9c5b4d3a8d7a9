package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/internal/streamfiles"
	"github.com/flute-node/flute-node/utp"
	"github.com/flute-node/flute-node/utp/connection"
)

// utpDemo is one run of the demonstration of uTP.
type utpDemo struct {
	*demo
	socket *utp.Socket // of the senders
	to     netip.AddrPort
	lost   atomic.Uint64 // datagrams
	sent   atomic.Uint64 // of those of connections that have ended
	resent atomic.Uint64
}

// utpDemoResult is the outcome in JSON.
type utpDemoResult struct {
	Verified int      `json:"verified"`
	Files    int      `json:"files"`
	Bytes    uint64   `json:"bytes"`
	Elapsed  float64  `json:"elapsed_seconds"`
	Sent     uint64   `json:"datagrams_sent"`
	Resent   uint64   `json:"datagrams_resent"`
	Lost     uint64   `json:"datagrams_lost"`
	Failures []string `json:"failures"`
}

// runUTP moves the files by uTP, over a link that loses datagrams in both directions, and checks each.
func (c *demoCommand) runUTP(ctx context.Context, out *output) error {
	dir, err := os.MkdirTemp("", "flute-node-demo-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	stack, err := utp.Start(utp.Config{})
	if err != nil {
		return err
	}
	defer stopUTP(stack)
	d := &utpDemo{demo: &demo{demoCommand: c, dir: dir}}
	cfg := utp.SocketConfig{
		Local: netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 0), Impair: d.loses(1),
		Conn: connection.Config{LossTolerant: true, SendBuffer: 4 << 20, ReceiveBuffer: 4 << 20},
	}
	if d.socket, err = stack.Open(cfg); err != nil {
		return err
	}
	cfg.Impair = d.loses(2)
	receiver, err := stack.Open(cfg)
	if err != nil {
		return err
	}
	l, err := receiver.Listen()
	if err != nil {
		return err
	}
	d.to = receiver.LocalAddr().(*net.UDPAddr).AddrPort()
	limited, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	start := time.Now()
	failures := d.move(limited, l)
	r := utpDemoResult{
		Files: c.Sessions * c.Objects, Bytes: uint64(c.Sessions*c.Objects) * uint64(c.Size),
		Elapsed: time.Since(start).Seconds(), Failures: failures,
	}
	for i := range c.Sessions {
		for j := range c.Objects {
			if err := d.compare(flute.TSI(i+1), j); err != nil {
				r.Failures = append(r.Failures, fmt.Sprintf("%s: %v", demoName(flute.TSI(i+1), j), err))
			} else {
				r.Verified++
			}
		}
	}
	r.Sent, r.Resent, r.Lost = d.sent.Load(), d.resent.Load(), d.lost.Load()
	if ctx.Err() != nil {
		return interruption(ctx, "before all files were there")
	}
	var text strings.Builder
	text.WriteString(fmt.Sprintf("%d of %d files verified by SHA-256, %s in %.2f s, %s/s\n"+
		"%d datagrams, %d of both directions lost, %d sent again", r.Verified, r.Files, formatBytes(r.Bytes), r.Elapsed,
		formatBytes(uint64(float64(r.Bytes)/r.Elapsed)), r.Sent, r.Lost, r.Resent))
	for _, f := range r.Failures {
		text.WriteString("\n" + f)
	}
	out.table("demo", r, text.String())
	if r.Verified < r.Files {
		return errFailed
	}
	return nil
}

// loses returns what decides on the datagrams of one direction.
func (d *utpDemo) loses(direction uint64) func([]byte) bool {
	random := rand.New(rand.NewPCG(d.Seed, direction))
	return func([]byte) bool {
		lost := random.Float64() < float64(d.Loss)
		if lost {
			d.lost.Add(1)
		}
		return lost
	}
}

// move sends and receives the files of all sessions, and returns what went wrong.
func (d *utpDemo) move(ctx context.Context, l *utp.Listener) (failures []string) {
	var mu sync.Mutex
	fail := func(what string, err error) {
		if err == nil {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		failures = append(failures, what+": "+oneLine(err.Error()))
	}
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	var all sync.WaitGroup
	all.Go(func() {
		for range d.Sessions {
			c, err := l.AcceptUTP()
			if err != nil {
				return // whoever dials tells
			}
			all.Go(func() { fail("receive", d.receive(ctx, c)) })
		}
	})
	for i := range d.Sessions {
		all.Go(func() { fail(fmt.Sprintf("session %d", i+1), d.send(ctx, flute.TSI(i+1))) })
	}
	all.Wait()
	return failures
}

func (d *utpDemo) receive(ctx context.Context, c *utp.Conn) error {
	stop := context.AfterFunc(ctx, func() { _ = reset(c) })
	defer stop()
	root, err := os.OpenRoot(d.dir)
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // nothing was written to it
	_, err = streamfiles.Receive(c, root, streamfiles.Progress{})
	return errors.Join(err, c.Close())
}

// send sends the files of one session.
func (d *utpDemo) send(ctx context.Context, tsi flute.TSI) error {
	c, err := d.socket.Dial(ctx, d.to)
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = reset(c) })
	defer stop()
	var files []streamfiles.File
	for j := range d.Objects {
		content := io.NewSectionReader(d.content(tsi, j), 0, int64(d.Size))
		files = append(files, streamfiles.File{
			Name: demoName(tsi, j), Size: int64(d.Size), Mode: 0o600,
			Open: func() (io.ReadSeekCloser, error) { return seekCloser{content}, nil },
		})
	}
	err = errors.Join(streamfiles.Send(c, files, streamfiles.Progress{}), c.Close())
	s := c.Stats()
	d.sent.Add(s.Sent + s.Received)
	d.resent.Add(s.Resent)
	return err
}

// compare compares the SHA-256 of a file with that of what was sent.
func (d *utpDemo) compare(tsi flute.TSI, j int) error {
	f, err := os.Open(filepath.Join(d.dir, filepath.FromSlash(demoName(tsi, j))))
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // nothing was written
	got, want := sha256.New(), sha256.New()
	if _, err := io.Copy(got, f); err != nil {
		return err
	}
	if _, err := io.Copy(want, io.NewSectionReader(d.content(tsi, j), 0, int64(d.Size))); err != nil {
		return err
	}
	if string(got.Sum(nil)) != string(want.Sum(nil)) {
		return errors.New("SHA-256 differs from that of the file that was sent")
	}
	return nil
}

// seekCloser is a file without a descriptor.
type seekCloser struct{ io.ReadSeeker }

// Close does nothing.
func (seekCloser) Close() error { return nil }
