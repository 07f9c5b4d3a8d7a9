package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/node"
)

type sendCommand struct {
	To        netip.AddrPort `required:"" placeholder:"GROUP:PORT" help:"Multicast group or unicast address, and UDP port."`
	Interface string         `placeholder:"NAME" help:"Interface to send on: name, index or address."`
	TTL       int            `name:"ttl" default:"1" help:"Time to live of multicast datagrams."`
	TSI       uint64         `name:"tsi" default:"1" help:"Transport Session Identifier."`
	fecFlags  `embed:""`
	Rate      bitRate       `default:"100Mbit" help:"Bits of UDP payload per second; 0 is as fast as the socket takes them."`
	CENC      string        `name:"cenc" default:"null" enum:"null,zlib,deflate,gzip" help:"Content encoding of the files."`
	Repeat    repeatCount   `default:"1" placeholder:"N|forever" help:"Transfers of each file."`
	Delay     time.Duration `help:"Time between two transfers of a file."`
	Parallel  int           `default:"3" help:"Files sent at once."`
	Profile   string        `default:"rfc6726" enum:"rfc6726,rfc3926,mbms-download,dvb-mabr" help:"Dialect of FLUTE."`
	Paths     []string      `arg:"" name:"PATH" help:"Files, and folders with all that is in them."`
}

// Run sends the files and waits until they are out.
func (c *sendCommand) Run(ctx context.Context, out *output) error {
	if c.TSI > uint64(flute.MaxTSI) {
		return fmt.Errorf("--tsi %d does not fit into 48 bits", c.TSI)
	}
	files, err := collect(c.Paths)
	if err != nil {
		return err
	}
	cfg := sender.Config{Parallel: c.Parallel, TransferCount: int(c.Repeat), Delay: c.Delay}
	if cfg.Profile, err = fdt.ParseProfile(c.Profile); err != nil {
		return err
	}
	largest := uint64(0)
	for _, f := range files {
		largest = max(largest, f.Size)
	}
	if err := c.apply(&cfg, largest); err != nil {
		return err
	}
	cenc, err := flute.ParseContentEncoding(c.CENC)
	if err != nil {
		return err
	}
	n, err := node.Start(node.Config{})
	if err != nil {
		return err
	}
	shown := showEvents(n, out)
	err = c.send(ctx, n, cfg, cenc, files)
	// The events of what happens while the node stops belong to the output too.
	err = errors.Join(err, stopNode(n))
	<-shown
	out.close()
	return err
}

func (c *sendCommand) send(
	ctx context.Context, n *node.Node, cfg sender.Config, cenc flute.ContentEncoding, files []sender.File,
) error {
	s, err := n.Send(node.SendConfig{
		To: c.To, TSI: flute.TSI(c.TSI), Interface: c.Interface, TTL: c.TTL, Rate: uint64(c.Rate), Session: cfg,
	})
	if err != nil {
		return err
	}
	for _, f := range files {
		f.CENC = cenc
		var scratch sender.Scratch
		if cenc != flute.Null {
			t, err := temporary()
			if err != nil {
				return err
			}
			defer t.Close() //nolint:errcheck // it has no name any more
			scratch = t
		}
		if _, err := s.Add(ctx, f, scratch); err != nil {
			if ctx.Err() != nil {
				break // interrupted
			}
			return fmt.Errorf("%s: %w", f.ContentLocation, err)
		}
	}
	s.Finish()
	err = s.Wait(ctx)
	switch {
	case ctx.Err() != nil && c.Repeat < 0:
		return nil // the only way to end it
	case ctx.Err() != nil:
		return failure{errors.New("interrupted before all files were sent")}
	case err != nil:
		return failure{err}
	}
	return nil
}

// temporary returns a file without a name, which ends with the process.
func temporary() (*os.File, error) {
	t, err := os.CreateTemp("", "flute-node-*")
	if err != nil {
		return nil, err
	}
	return t, os.Remove(t.Name())
}

// showEvents shows all events of n. The channel is closed after the last one, when n has stopped.
func showEvents(n *node.Node, out *output) <-chan struct{} {
	sub := n.Subscribe(node.SubscribeOptions{Queue: eventQueue})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for e := range sub.Events() {
			out.show(e)
		}
	}()
	return done
}

// eventQueue is large enough for the events of some thousand objects that end at once.
const eventQueue = 1 << 14

// stopNode stops n in its own time: a second interrupt kills the process.
func stopNode(n *node.Node) error {
	if err := n.Stop(context.Background()); err != nil {
		return failure{err}
	}
	return nil
}

// isReceived reports whether e ends an object of a receiving session.
func isReceived(e event.Event) bool {
	switch e := e.(type) {
	case event.ObjectCompleted:
		return !e.Sending
	case event.ObjectFailed:
		return !e.Sending
	}
	return false
}
