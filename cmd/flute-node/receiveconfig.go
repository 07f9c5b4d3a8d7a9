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

// maxSTSID bounds a file with an S-TSID in bytes.
const maxSTSID = 1 << 20

// allWords returns the words of the flags, and what the files hold that they name.
func (c *receiveCommand) allWords() (settings.Receive, error) {
	words := c.settings()
	if c.STSID == "" {
		return words, nil
	}
	var err error
	words.STSID, err = readFile(c.STSID, maxSTSID, "an S-TSID")
	return words, err
}

// readFile reads a file of at most so many bytes.
func readFile(name string, most int64, what string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(b)) > most {
		err = fmt.Errorf("%s: %s of more than %d bytes", name, what, most)
	}
	return b, err
}

// settings returns the words of the flags.
func (c *receiveCommand) settings() settings.Receive {
	return settings.Receive{
		Profile:   c.Profile,
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
	words, err := c.allWords()
	if err != nil {
		return base, nil, err
	}
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

// describe has cfg receive what the session description says.
func (c *receiveCommand) describe(cfg *node.ReceiveConfig) error {
	if len(c.Group)+len(c.Feed)+len(c.TSI) > 0 || c.Source != "" {
		return errors.New("--sdp and one of --group, --feed, --source, --tsi: take one")
	}
	d, _, err := readSDP(c.SDP)
	if err != nil {
		return err
	}
	d.Apply(cfg)
	if cfg.Source.IsValid() {
		c.Source = cfg.Source.String() // what is told
	}
	return nil
}
