package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/node"
)

type sendCommand struct {
	To        endpoint `required:"" placeholder:"GROUP:PORT" help:"Multicast group or unicast address, and UDP port."`
	Interface string   `placeholder:"NAME" help:"Interface to send on: name, index or address."`
	TTL       int      `name:"ttl" type:"positive" default:"1" help:"Time to live of multicast datagrams."`
	TSI       uint64   `name:"tsi" default:"1" help:"Transport Session Identifier."`
	fecFlags  `embed:""`
	Rate      bitRate       `default:"100Mbit" help:"Bits of UDP payload per second; 0 is as fast as the socket takes them."`
	CENC      string        `name:"cenc" default:"null" enum:"null,zlib,deflate,gzip" help:"Content encoding of the files."`
	Repeat    repeatCount   `default:"1" placeholder:"N|forever" help:"Transfers of each file."`
	Delay     time.Duration `type:"natural" placeholder:"10s" help:"Time between two transfers of a file."`
	Parallel  int           `type:"positive" default:"3" help:"Files sent at once."`
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
	if err := try(ctx, cfg, cenc, largest); err != nil {
		return err
	}
	to, err := c.To.resolve(ctx, "--to")
	if err != nil {
		return err
	}
	n, err := node.Start(node.Config{})
	if err != nil {
		return err
	}
	total := newSummary(true)
	counted := subscribe(n, isLasting, total.add)
	shown := showEvents(n, out, nil)
	s, err := n.Send(node.SendConfig{
		To: to, TSI: flute.TSI(c.TSI), Interface: c.Interface, TTL: c.TTL, Rate: uint64(c.Rate), Session: cfg,
	})
	if err == nil {
		c.ready(out, to, files)
		err = c.send(ctx, s, cenc, files)
	}
	// The events of what happens while the node stops belong to the output too.
	total.stopping.Store(true)
	err = errors.Join(err, stopNode(n))
	<-shown
	<-counted
	out.close()
	if s != nil {
		total.show(out)
	}
	return err
}

// readyToSend says what is going to be sent.
type readyToSend struct {
	To        netip.AddrPort `json:"to"`
	Interface string         `json:"interface"` // empty: the system's choice
	TSI       flute.TSI      `json:"tsi"`
	Files     int            `json:"files"`
	Bytes     uint64         `json:"bytes"`
	Rate      uint64         `json:"rate"`   // bits per second; 0: as fast as the socket takes them
	Repeat    int            `json:"repeat"` // transfers; -1: for ever
}

func (c *sendCommand) ready(out *output, to netip.AddrPort, files []sender.File) {
	r := readyToSend{To: to, Interface: c.Interface, TSI: flute.TSI(c.TSI), Files: len(files), Rate: uint64(c.Rate), Repeat: int(c.Repeat)}
	for _, f := range files {
		r.Bytes += f.Size
	}
	text := fmt.Sprintf("sending %s, %s, to %v", count(r.Files, "file"), formatBytes(r.Bytes), to)
	if c.Interface != "" {
		text += " on " + c.Interface
	}
	text += fmt.Sprintf(", TSI %d", c.TSI)
	if c.Rate > 0 {
		text += fmt.Sprintf(", %v", c.Rate)
	}
	switch {
	case c.Repeat < 0:
		text += ", until it is interrupted"
	case c.Repeat > 1:
		text += fmt.Sprintf(", %d times", c.Repeat)
	}
	out.note("ready", r, plain(text))
}

// send puts the files into the session and waits for its end.
func (c *sendCommand) send(ctx context.Context, s *node.Sending, cenc flute.ContentEncoding, files []sender.File) error {
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
	err := s.Wait(ctx)
	switch {
	case ctx.Err() != nil && c.Repeat < 0:
		return nil // the only way to end it
	case ctx.Err() != nil:
		return interruption(ctx, "before all files were sent")
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

// stopNode stops n in its own time: a second interrupt kills the process.
func stopNode(n *node.Node) error {
	if err := n.Stop(context.Background()); err != nil {
		return failure{err}
	}
	return nil
}
