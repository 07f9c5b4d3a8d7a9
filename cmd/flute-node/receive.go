package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/node"
	"github.com/flute-node/flute-node/store/file"
)

type receiveCommand struct {
	Group       []netip.AddrPort `required:"" placeholder:"GROUP:PORT[,…]" help:"Multicast groups or local addresses, with their UDP ports."`
	Source      string           `placeholder:"IP" help:"Sender: source-specific multicast."`
	Interface   string           `placeholder:"NAME" help:"Interface to receive on: name, index or address."`
	TSI         []uint64         `name:"tsi" placeholder:"N[,…]" help:"Transport sessions wanted; all by default."`
	RSMatrix    string           `name:"rs-matrix" default:"auto" enum:"auto,rizzo,rfc5510-8.2.1,backblaze" help:"Family of Reed-Solomon codes: auto, rizzo, rfc5510-8.2.1, backblaze."`
	MaxDatagram int              `name:"max-datagram" default:"2048" placeholder:"BYTES" help:"Longest datagram that is received, up to 65536 bytes."`
	Objects     int              `placeholder:"N" help:"Exit after so many files."`
	Timeout     time.Duration    `placeholder:"30s" help:"Exit after this time."`
	Dir         string           `arg:"" name:"DIR" help:"Folder for the files; it is made if it does not exist."`
}

// Run receives until enough files are there, the time is over, or it is interrupted.
func (c *receiveCommand) Run(ctx context.Context, out *output) error {
	base := node.ReceiveConfig{Interface: c.Interface, MaxDatagram: c.MaxDatagram}
	if c.RSMatrix != "auto" {
		base.Variant = fec.Variant(c.RSMatrix)
	}
	var err error
	if c.Source != "" {
		if base.Source, err = netip.ParseAddr(c.Source); err != nil {
			return fmt.Errorf("--source: %w", err)
		}
	}
	for _, tsi := range c.TSI {
		if tsi > uint64(flute.MaxTSI) {
			return fmt.Errorf("--tsi %d does not fit into 48 bits", tsi)
		}
		base.TSIs = append(base.TSIs, flute.TSI(tsi))
	}
	st, err := file.New(c.Dir)
	if err != nil {
		return err
	}
	base.Store = st
	n, err := node.Start(node.Config{})
	if err != nil {
		return errors.Join(err, st.Close())
	}
	shown := showEvents(n, out)
	ended := n.Subscribe(node.SubscribeOptions{Queue: eventQueue, Filter: isReceived})
	var receptions []*node.Reception
	for _, g := range c.Group {
		base.Group = g
		r, e := n.Receive(base)
		if e != nil {
			err = e
			break
		}
		receptions = append(receptions, r)
	}
	if err == nil {
		err = c.wait(ctx, n, ended)
	}
	err = errors.Join(err, stopNode(n), st.Close())
	<-shown
	out.close()
	for i, r := range receptions {
		showDatagrams(out, c.Group[i], r)
	}
	return err
}

// wait returns when there is no more to wait for: nil if what was asked for has come.
func (c *receiveCommand) wait(ctx context.Context, n *node.Node, ended *node.Subscription) error {
	var timeout <-chan time.Time
	if c.Timeout > 0 {
		t := time.NewTimer(c.Timeout)
		defer t.Stop()
		timeout = t.C
	}
	for received := 0; c.Objects == 0 || received < c.Objects; {
		select {
		case e := <-ended.Events():
			if _, ok := e.(event.ObjectCompleted); ok {
				received++
			}
		case <-timeout:
			if c.Objects > 0 {
				return failure{fmt.Errorf("%d of %d files after %v", received, c.Objects, c.Timeout)}
			}
			return nil
		case <-ctx.Done():
			return nil
		case err := <-n.Failed():
			return failure{fmt.Errorf("the node gave up: %w", err)}
		}
	}
	return nil
}

// datagrams is the last word about a socket.
type datagrams struct {
	Group   netip.AddrPort    `json:"group"`
	Read    uint64            `json:"read"`
	Dropped map[string]uint64 `json:"dropped"` // those that belonged to no session
}

func showDatagrams(out *output, group netip.AddrPort, r *node.Reception) {
	d := datagrams{Group: group, Dropped: map[string]uint64{}}
	var counts [flute.NumDropReasons]uint64
	d.Read, counts = r.Datagrams()
	var text strings.Builder
	text.WriteString(fmt.Sprintf("%v: %d datagrams", group, d.Read))
	for reason, n := range counts {
		if n > 0 {
			d.Dropped[flute.DropReason(reason).String()] = n
			text.WriteString(fmt.Sprintf(", %d dropped (%v)", n, flute.DropReason(reason)))
		}
	}
	out.summary("datagrams", d, text.String())
}
