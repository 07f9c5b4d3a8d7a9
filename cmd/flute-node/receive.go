package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/internal/defaults"
	"github.com/flute-node/flute-node/internal/settings"
	"github.com/flute-node/flute-node/node"
)

type receiveCommand struct {
	Group          []settings.Endpoint `placeholder:"GROUP:PORT" help:"Multicast groups or local addresses, with their UDP ports."`
	Feed           []settings.Feed     `sep:"none" placeholder:"GROUP:PORT[,source=HOST][,interface=NAME][,channel=N]" help:"One more way on which the same sessions come, merged with --group: a copy of their packets, or with channel=N another channel of the session. May be given up to seven times."`
	SDP            string              `type:"path" placeholder:"FILE" help:"Session description instead of --group, --feed, --source and --tsi: one FLUTE session with all its channels; - is standard input."`
	PCAP           string              `name:"pcap" type:"path" placeholder:"FILE" help:"Receive from a capture (pcap, pcapng, gzip; - is standard input) in place of the network; of its datagrams those for --group, --source and --tsi, all by default."`
	Profile        string              `default:"auto" enum:"${receive_profiles}" help:"What is received: auto (FLUTE, in any dialect), a dialect of FLUTE (nothing else is believed then), or route (RFC 9223, ATSC A/331)."`
	STSID          string              `name:"s-tsid" type:"path" placeholder:"FILE" help:"With --profile route: an S-TSID, or a package with one, in place of that which comes with TSI 0."`
	Source         string              `placeholder:"HOST" help:"Sender: source-specific multicast."`
	Interface      string              `placeholder:"NAME" help:"Interface to receive on: name, index or address."`
	TSI            []uint64            `placeholder:"N" help:"Transport sessions wanted; all by default."`
	RSMatrix       string              `default:"auto" help:"Family of Reed-Solomon codes: auto, rizzo, rfc5510-8.2.1, backblaze."`
	MaxDatagram    int                 `type:"positive" default:"${max_datagram}" placeholder:"BYTES" help:"Longest datagram that is received, up to 65536 bytes."`
	Until          string              `enum:",complete,closed,count,timeout,forever" default:"" placeholder:"complete" help:"When to exit: complete (each session has said that no file will follow, and all are there), closed (each session has ended), count (--objects files are there), timeout, forever. Default: count with --objects, else complete."`
	Objects        int                 `type:"positive" placeholder:"N" help:"Exit after so many files."`
	Timeout        time.Duration       `type:"positive" placeholder:"30s" help:"Exit after this time, in any case, once the programs of --exec that run have ended."`
	SessionTimeout string              `default:"auto" help:"A session ends when nothing comes for this time: auto (an hour, or three times its longest pause), off, or a time."`
	ObjectTimeout  string              `default:"auto" help:"A file of which nothing comes for this time is told to fail; what came of it counts if it is sent again: auto (an hour, or three times the longest pause of a file), off, or a time."`
	Expiry         string              `default:"auto" help:"Whose clock says that the description of a file has expired: auto (the sender's, where it tells the time, else this machine's), enforce (this machine's), ignore (nobody's)."`
	Digest         string              `placeholder:"NAME[,…]" help:"Digests that are computed besides the strongest that the sender announced: md5, sha-256, sha-512."`
	Offload        string              `default:"auto" help:"Messages of several datagrams from the system, which joins those of a sender: auto, off."`
	Resume         string              `default:"auto" help:"What has come of unfinished files is noted in DIR/.flute-node, and a receive that is started again goes on with it: auto, off."`
	Once           string              `default:"auto" help:"Files that an earlier receive has put into DIR, and that are there unchanged, are not received again if location, lengths and a digest are the same: auto, off."`
	Selection      selectionFlags      `embed:""`
	Layout         string              `default:"flat" help:"Folders below DIR: flat (none), source (one for each sender, so that none replaces another's files), session (one for each session below that); or the names of the files, such as '{date}/{source}/{path}': with {tsi}, {toi}, {group}, {source}, {path}, {name}, {date}, {sha256}."`
	publishFlags
	memoryFlags
	execFlags
	profileFlags
	Dir string `arg:"" optional:"" name:"DIR" help:"Folder for the files; it is made if it does not exist. - is standard output: file after file, each once it is whole and verified. It may be missing with --exec."`
}

// until returns when to exit, as the flags say.
func (c *receiveCommand) until() (until, error) {
	u := until{kind: c.Until, count: c.Objects}
	if u.kind == "" {
		u.kind = untilComplete
		if c.Objects > 0 {
			u.kind = untilCount
		}
	}
	switch {
	case u.kind == untilCount && c.Objects == 0:
		return u, errors.New("--until count needs --objects N")
	case u.kind != untilCount && c.Objects > 0:
		return u, fmt.Errorf("--objects %d and --until %s: take one of them", c.Objects, u.kind)
	case u.kind == untilTimeout && c.Timeout == 0:
		return u, errors.New("--until timeout needs --timeout, such as --timeout 30s")
	case u.kind == untilForever && c.Timeout > 0:
		return u, errors.New("--until forever and --timeout: take one of them")
	}
	return u, nil
}

// Run receives until what was asked for is there, the time is over, or it is interrupted.
func (c *receiveCommand) Run(ctx context.Context, out *output, stops *interrupts) error {
	return c.profiled(func() error { return c.run(ctx, out, stops) })
}

func (c *receiveCommand) run(ctx context.Context, out *output, stops *interrupts) (err error) {
	collectEarlier()
	var u until
	if u, err = c.until(); err != nil {
		return err
	}
	if err = c.memoryFlags.check(); err != nil {
		return err
	}
	if c.PCAP != "" {
		return c.fromCapture(ctx, out)
	}
	base, groups, err := c.config(ctx)
	if err != nil {
		return err
	}
	for i := 0; i < len(groups); i++ {
		if slices.Contains(groups[:i], groups[i]) {
			out.warn(fmt.Sprintf("--group %v is given twice: it is received once", groups[i]))
			groups = slices.Delete(groups, i, i+1)
			i--
			continue
		}
		u.group = append(u.group, flute.SessionKey{Group: groups[i]})
	}
	u.tsis = base.TSIs
	reading, unread := context.WithCancelCause(ctx)
	defer unread(nil)
	t, err := c.takers(reading, out, &base)
	if err != nil {
		return err
	}
	stops.before(t.end)
	defer func() { err = errors.Join(err, t.remove()) }()
	n, err := node.Start(node.Config{Budget: uint64(c.Memory)})
	if err != nil {
		return err
	}
	total := newSummary(false)
	counted := subscribe(n, isLasting, total.add)
	ready := make(chan struct{}) // closed when the first line is out
	shown := showEvents(n, out, nil, ready)
	ended := n.Subscribe(node.SubscribeOptions{Queue: defaults.EventQueue, Filter: isDecisive})
	var receptions []*node.Reception
	for _, g := range groups {
		base.Group = g
		r, e := n.Receive(ctx, base)
		if e != nil {
			err = e
			break
		}
		receptions = append(receptions, r)
	}
	if err == nil {
		c.ready(out, groups, base.Feeds, &u, t, receptions[0].Means())
	}
	close(ready)
	if err == nil {
		err = c.wait(ctx, n, ended, &u, t)
	}
	if err != nil {
		unread(err) // whoever reads standard output is not waited for
	}
	t.pause(out, stops)
	total.Failed = u.lacking()
	t.stopping()
	stopped := stopNode(n)
	for e := range ended.Events() { // what was not whole when the node stopped has a name now
		u.add(e)
	}
	<-shown
	<-counted
	switch {
	case errors.Is(err, errLate):
		err = u.late(c.Timeout)
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		err = interruption(ctx, "before it had received what was asked for: "+u.state())
	}
	err = errors.Join(err, stopped)
	if len(receptions) == len(groups) {
		for _, r := range receptions {
			read, dropped := r.Datagrams()
			total.Datagrams += read
			total.drop(dropped)
		}
		total.Unfinished = u.lacking() - total.Failed
		total.show(out)
	}
	return err
}

// errLate is the end of a receive whose time is over.
var errLate = errors.New("timed out")

// wait returns when there is no more to wait for: nil if what was asked for has come, errLate, the context's error, or
// a failure.
func (c *receiveCommand) wait(
	ctx context.Context, n *node.Node, ended *node.Subscription, u *until, to *takers,
) error {
	var timeout <-chan time.Time
	if c.Timeout > 0 {
		t := time.NewTimer(c.Timeout)
		defer t.Stop()
		timeout = t.C
	}
	for !u.done() {
		select {
		case e := <-ended.Events():
			u.add(e)
		case <-timeout:
			if u.kind == untilTimeout {
				return finished(u)
			}
			return errLate
		case <-ctx.Done():
			if u.kind == untilForever {
				return nil
			}
			return ctx.Err()
		case err := <-to.broken:
			return failure{err}
		case err := <-n.Failed():
			return failure{fmt.Errorf("the node gave up: %w", err)}
		}
	}
	return finished(u)
}

// finished returns the failure of a receive that need not wait any more.
func finished(u *until) error {
	if err := u.verdict(); err != nil {
		return failure{err}
	}
	return nil
}

// isDecisive selects what until looks at.
func isDecisive(e notice.Event) bool {
	switch e := e.(type) {
	case event.SessionOpened, event.SessionClosed, event.ObjectCompleted, event.ObjectFailed:
		return !event.IsSending(e)
	case event.SessionComplete:
		return true
	}
	return false
}

// isLasting selects what a summary counts.
func isLasting(e notice.Event) bool {
	switch e.(type) {
	case event.SessionClosed, event.ObjectCompleted, event.ObjectFailed, event.ObjectRefused, notice.KernelDrops:
		return true
	}
	return false
}
