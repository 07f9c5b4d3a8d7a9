package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"

	"github.com/flute-node/flute-node/internal/settings"
	"github.com/flute-node/flute-node/node"
)

// settings returns the words of the flags.
func (c *receiveCommand) settings() settings.Receive {
	return settings.Receive{
		Interface: c.Interface, TSIs: c.TSI, RSMatrix: c.RSMatrix, MaxDatagram: c.MaxDatagram,
		SessionTimeout: c.SessionTimeout, ObjectTimeout: c.ObjectTimeout, Expiry: c.Expiry,
		Layout: c.Layout, Digest: c.Digest, Offload: c.Offload,
		Resume: c.Resume, Once: c.Once, Dir: c.Dir,
		Selection:   c.Selection.words(),
		Publication: c.words(),
	}
}

// config returns what to receive from the groups, of which each is there once.
func (c *receiveCommand) config(ctx context.Context) (base node.ReceiveConfig, groups []netip.AddrPort, err error) {
	words := c.settings()
	if base, err = words.Config(); err != nil {
		return base, nil, flagged(err)
	}
	if c.SDP != "" {
		err = c.describe(&base)
		return base, []netip.AddrPort{base.Group}, err
	}
	if len(c.Group) == 0 {
		return base, nil, errors.New("missing flags: --group=GROUP:PORT[,…], or --sdp=FILE")
	}
	if c.Source != "" {
		if base.Source, err = settings.ResolveHost(ctx, c.Source, lookup); err != nil {
			return base, nil, fmt.Errorf("--source: %w", err)
		}
	}
	for _, e := range c.Group {
		g, err := resolve(ctx, "--group", e)
		if err != nil {
			return base, nil, err
		}
		groups = append(groups, g)
	}
	for _, f := range c.Feed {
		feed, err := f.Resolve(ctx, lookup)
		if err != nil {
			return base, nil, fmt.Errorf("--feed %w", err)
		}
		if feed.Interface == "" {
			feed.Interface = c.Interface
		}
		base.Feeds = append(base.Feeds, feed)
	}
	if len(base.Feeds) > 0 && len(groups) > 1 {
		return base, nil, errors.New("--feed and several groups: start a receive for each group that has feeds")
	}
	return base, groups, nil
}

// maxSDP bounds a session description in bytes.
const maxSDP = 64 << 10

// describe has cfg receive what the session description says.
func (c *receiveCommand) describe(cfg *node.ReceiveConfig) error {
	if len(c.Group)+len(c.Feed)+len(c.TSI) > 0 || c.Source != "" {
		return errors.New("--sdp and one of --group, --feed, --source, --tsi: take one")
	}
	f, err := os.Open(c.SDP)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, maxSDP+1))
	if err != nil {
		return err
	}
	if len(text) > maxSDP {
		return fmt.Errorf("%s: a session description of more than %d bytes", c.SDP, maxSDP)
	}
	d, err := settings.ParseSDP(text)
	if err != nil {
		return fmt.Errorf("%s: %w", c.SDP, err)
	}
	d.Apply(cfg)
	return nil
}
