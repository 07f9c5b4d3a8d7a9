package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"time"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/lct"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/internal/capture"
	"github.com/flute-node/flute-node/internal/drop"
	"github.com/flute-node/flute-node/node"
	"github.com/flute-node/flute-node/store"
)

const (
	// maxCaptured bounds the sessions that are received from a capture at the same time.
	maxCaptured = 4096
	// clockStep is how late a deadline may be noticed.
	clockStep = 10 * time.Millisecond
)

// capturing receives what a capture holds: with the receiving core alone, on the clock of the capture.
type capturing struct {
	core   *receiver.Receiver
	cfg    *node.ReceiveConfig
	groups []netip.AddrPort // empty: all
	now    time.Time
	looked time.Time // when deadlines were looked at last
	total  *summary
	ended  until
	out    *output
}

// fromCapture receives what the file of --pcap holds.
func (c *receiveCommand) fromCapture(ctx context.Context, out *output) (err error) {
	if c.Exec != "" || c.Dir == "" || c.Dir == standardInput || len(c.Feed) > 0 || c.SDP != "" || c.Interface != "" ||
		c.Until != "" || c.Objects > 0 || c.Timeout > 0 {
		return errors.New("--pcap needs DIR, and is not for --exec, --feed, --sdp, --interface, --until, --objects, " +
			"--timeout: all of the capture is received")
	}
	var p capturing
	base, groups, err := c.captureConfig(ctx)
	if err != nil {
		return err
	}
	in := os.Stdin
	if c.PCAP != standardInput {
		if in, err = os.Open(c.PCAP); err != nil {
			return err
		}
		defer func() { _ = in.Close() }()
	}
	r, err := capture.NewReader(in)
	if err != nil {
		return fmt.Errorf("%s: %w", c.PCAP, err)
	}
	p = capturing{
		cfg: &base, groups: groups, out: out,
		total: newSummary(false), ended: until{kind: untilClosed},
	}
	opts := base.Files
	opts.Warn = func(text string) { p.tell(notice.Warning{Text: text}) }
	files, err := opts.New(base.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, files.Close()) }()
	own := base.Session
	own.Registry, own.Store, own.Budget = schemes.Default(), files, store.NewBudget(uint64(c.Memory), nil)
	if p.core, err = receiver.New(own); err != nil {
		return err
	}
	out.begin()
	err = p.read(ctx, r)
	p.core.Close(p.now)
	p.drain()
	p.total.Failed = p.ended.lacking()
	p.total.show(out)
	if err == nil {
		if verdict := p.ended.verdict(); verdict != nil {
			err = failure{verdict}
		}
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return interruption(ctx, "before the end of the capture")
	}
	if f := (failure{}); err != nil && !errors.As(err, &f) { // what came before was received
		return failure{err}
	}
	return err
}

// captureConfig returns what to receive of a capture.
func (c *receiveCommand) captureConfig(ctx context.Context) (node.ReceiveConfig, []netip.AddrPort, error) {
	if len(c.Group) > 0 {
		return c.config(ctx)
	}
	words, err := c.allWords()
	if err != nil {
		return node.ReceiveConfig{}, nil, err
	}
	base, err := words.Config()
	if err == nil && c.Source != "" {
		base.Source, err = netip.ParseAddr(c.Source)
	}
	return base, nil, flagged(err)
}

// read hands the datagrams of a capture to the core.
func (p *capturing) read(ctx context.Context, r *capture.Reader) error {
	var d capture.Datagram
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		err := r.Next(&d)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		d.Pieces(p.take)
	}
}

// take hands one datagram to the core, if it is wanted.
func (p *capturing) take(d *capture.Datagram) {
	if len(p.groups) > 0 && !slices.Contains(p.groups, d.Dst) ||
		p.cfg.Source.IsValid() && d.Src.Addr() != p.cfg.Source {
		return
	}
	p.total.Datagrams++
	if d.Time.After(p.now) { // captures of several interfaces need not be in order
		p.now = d.Time
	}
	if p.now.Sub(p.looked) >= clockStep { // each look is at all sessions
		p.looked = p.now
		if at := p.core.Deadline(); !at.IsZero() && !p.now.Before(at) {
			p.core.Advance(p.now)
			p.drain()
		}
	}
	h, _, err := lct.Parse(d.Payload)
	switch {
	case d.Length > len(d.Payload):
		p.total.Dropped[drop.Truncated.String()]++
		return
	case err == nil && !h.HasTSI:
		err = lct.ErrNoTSI
	}
	if err != nil {
		p.total.Dropped[drop.Of(err).String()]++
		return
	}
	key := flute.SessionKey{Source: d.Src.Addr(), Group: d.Dst, TSI: h.TSI}
	known := true
	if p.core.Sessions() >= maxCaptured {
		_, known = p.core.Counters(key)
	}
	if !known || len(p.cfg.TSIs) > 0 && !slices.Contains(p.cfg.TSIs, h.TSI) {
		p.total.Dropped[drop.ForeignTSI.String()]++
		return
	}
	p.core.HandleFrom(p.now, key, receiver.Origin{Port: d.Src.Port()}, d.Payload)
	p.drain()
}

// drain tells what has happened.
func (p *capturing) drain() {
	for _, e := range p.core.Events() {
		p.tell(e)
	}
}

// tell shows an event, and counts it.
func (p *capturing) tell(e notice.Event) {
	if isLasting(e) {
		p.total.add(e)
	}
	if isDecisive(e) {
		p.ended.add(e)
	}
	p.out.show(e)
}
