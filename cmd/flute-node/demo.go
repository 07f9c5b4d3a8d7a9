package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/flute-node/flute-node/internal/defaults"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/settings"
	"github.com/flute-node/flute-node/node"
)

type demoCommand struct {
	Sessions int            `type:"positive" default:"8" help:"Transport sessions at once."`
	Objects  int            `type:"positive" default:"4" help:"Files of each session."`
	Size     settings.Bytes `default:"8MiB" help:"Size of each file."`
	fecFlags
	Loss    settings.Percent `default:"0%" help:"Share of datagrams that are lost on the way."`
	Seed    uint64           `default:"1" help:"Seed of the files and of the losses."`
	Rate    settings.BitRate `default:"1Gbit" help:"Bits per second of all sessions together."`
	Timeout time.Duration    `type:"positive" default:"5m" help:"Give up after this time."`
	UTP     bool             `help:"Move the files by uTP instead, over one connection for each session; --loss is of both directions."`
	natsFlags
}

// demoHeaders is above all that precedes the symbols of a packet in a demo, in bytes.
const demoHeaders = 100

// demo is one run of the demonstration.
type demo struct {
	*demoCommand
	fec      settings.FEC
	node     *node.Node
	group    netip.AddrPort
	dir      string
	nats     *demoNATS // nil: nobody is told of the files
	sessions []*demoSession
}

// demoSession is one sending session and what came of its files on the receiving side.
type demoSession struct {
	sending  *node.Sending
	tsi      flute.TSI
	sent     atomic.Uint64 // datagrams
	lost     atomic.Uint64 // of those
	random   *rand.Rand    // decides on losses, on the sender's goroutine
	verified int
	repaired uint64
	slowest  time.Duration
}

// Run sends and receives, checks every file, and prints a table.
func (c *demoCommand) Run(ctx context.Context, out *output) error {
	if c.Loss >= 1 {
		return fmt.Errorf("--loss %v%%: take less than 100%%", 100*float64(c.Loss))
	}
	if c.UTP && (c.NATS || c.NATSURL != "") {
		return errors.New("--utp and --nats: take one")
	}
	if c.UTP {
		return c.runUTP(ctx, out)
	}
	var cfg sender.Config
	c.fecFlags.Loss = c.Loss
	if c.Scheme == settings.AutoFEC {
		c.Scheme = "no-code" // the default shows what the node can do, not what a code costs
	}
	words := c.words()
	if err := words.Apply(&cfg, uint64(c.Size)); err != nil {
		return flagged(err)
	}
	dir, err := os.MkdirTemp("", "flute-node-demo-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	d := &demo{demoCommand: c, fec: words, dir: filepath.Join(dir, "files")}
	if d.nats, err = c.open(ctx, dir, d.dir); err != nil {
		return err
	}
	if d.nats != nil {
		defer d.nats.close()
	}
	if d.group, err = demoGroup(); err != nil {
		return err
	}
	if d.node, err = node.Start(node.Config{}); err != nil {
		return err
	}
	shown := make(<-chan struct{})
	if !out.json {
		now := make(chan struct{})
		close(now)
		shown = showEvents(d.node, out, func(e notice.Event) bool { return !event.IsSending(e) }, now)
	}
	limited, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	start := time.Now()
	failures, err := d.run(limited, cfg)
	elapsed := time.Since(start)
	if d.nats != nil && err == nil && len(failures) == 0 {
		err = d.nats.finish(limited)
	}
	err = errors.Join(err, stopNode(d.node))
	if !out.json {
		<-shown
	}
	out.close()
	switch {
	case ctx.Err() != nil && err != nil:
		return interruption(ctx, "before all files were there")
	case limited.Err() != nil && err != nil:
		return failure{fmt.Errorf("not all files were sent within --timeout %v", c.Timeout)}
	case err != nil:
		return err
	}
	err = d.report(out, &cfg, failures, elapsed)
	if err != nil && ctx.Err() != nil {
		return interruption(ctx, "before all files were there")
	}
	return err
}

// demoGroup returns a group that another demonstration at the same time will hardly use, and a port that is free.
func demoGroup() (netip.AddrPort, error) {
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return netip.AddrPort{}, err
	}
	port := c.LocalAddr().(*net.UDPAddr).AddrPort().Port()
	pid := os.Getpid()
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{239, 255, byte(pid >> 8), byte(pid)}), port), c.Close()
}

// loopbackName returns the name of the loopback interface.
func loopbackName() (string, error) {
	all, err := net.Interfaces()
	if err != nil {
		return "", err
	}
	for _, ifi := range all {
		if ifi.Flags&net.FlagLoopback != 0 && ifi.Flags&net.FlagUp != 0 {
			return ifi.Name, nil
		}
	}
	return "", errors.New("there is no loopback interface")
}

// run returns the failures that are worth telling, once every file has ended or the time is over.
func (d *demo) run(ctx context.Context, cfg sender.Config) ([]string, error) {
	lo, err := loopbackName()
	if err != nil {
		return nil, err
	}
	ended := d.node.Subscribe(node.SubscribeOptions{Queue: defaults.EventQueue, Filter: isReceived})
	defer ended.Close()
	longest := max(defaults.MaxDatagram, int(cfg.OTI.SymbolLength)*int(max(1, cfg.OTI.GroupSize))+demoHeaders)
	rc := node.ReceiveConfig{Group: d.group, Interface: lo, Dir: d.dir, MaxDatagram: longest}
	if d.nats != nil {
		rc.Session.Choose = d.nats.choose
	}
	if _, err := d.node.Receive(ctx, rc); err != nil {
		return nil, err
	}
	cfg.TransferCount = -1 // what one transfer loses comes again in the next
	cfg.Parallel = d.Objects
	for i := range d.Sessions {
		if err := d.send(ctx, cfg, lo, i); err != nil {
			return nil, err
		}
	}
	failures := d.collect(ctx, ended)
	var closing sync.WaitGroup
	for _, s := range d.sessions {
		// Sessions that send for ever have nothing left to fail with.
		closing.Go(func() { _ = s.sending.Close(ctx) })
	}
	closing.Wait()
	return failures, nil
}

// send starts one session with its files.
func (d *demo) send(ctx context.Context, cfg sender.Config, lo string, i int) error {
	s := &demoSession{tsi: flute.TSI(i + 1), random: rand.New(rand.NewPCG(d.Seed, uint64(i)))}
	var err error
	s.sending, err = d.node.Send(ctx, node.SendConfig{
		To: d.group, TSI: s.tsi, Interface: lo, Rate: max(1, uint64(d.Rate)/uint64(d.Sessions)), Session: cfg,
		Impair: func([]byte) bool {
			s.sent.Add(1)
			lost := s.random.Float64() < float64(d.Loss)
			if lost {
				s.lost.Add(1)
			}
			return lost
		},
	})
	if err != nil {
		return err
	}
	d.sessions = append(d.sessions, s)
	for j := range d.Objects {
		_, err := s.sending.Add(ctx, sender.File{
			ContentLocation: "file:///" + demoName(s.tsi, j), Content: d.content(s.tsi, j), Size: uint64(d.Size),
			OTI: d.fec.ForSize(&cfg, uint64(d.Size)), Variant: cfg.Variant,
		}, nil)
		if err != nil {
			return err
		}
	}
	return nil
}

func demoName(tsi flute.TSI, j int) string { return fmt.Sprintf("session-%d/object-%d.bin", tsi, j+1) }

// content returns bytes that depend on the seed, the session and the file, and need no memory.
func (d *demo) content(tsi flute.TSI, j int) io.ReaderAt {
	return noise(d.Seed<<32 ^ uint64(tsi)<<16 ^ uint64(j))
}
