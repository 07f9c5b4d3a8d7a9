package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/outgoing"
	"github.com/flute-node/flute-node/internal/settings"
	"github.com/flute-node/flute-node/node"
	"github.com/flute-node/flute-node/source"
)

type sendCommand struct {
	To        settings.Endpoint `required:"" placeholder:"GROUP:PORT" help:"Multicast group or unicast address, and UDP port."`
	Interface string            `placeholder:"NAME" help:"Interface to send on: name, index or address."`
	TTL       int               `type:"positive" default:"1" help:"Time to live of multicast datagrams."`
	TSI       *uint64           `placeholder:"N" help:"Transport Session Identifier; default: 1, or the next one that no other process of this machine sends with to the address."`
	fecFlags
	paceFlags
	Offload string `default:"auto" help:"Messages of up to 64 KiB to the system, which it cuts into datagrams: auto, off (for drivers that get it wrong)."`
	Profile string `default:"rfc6726" help:"Dialect of FLUTE: rfc6726, rfc3926, mbms-extended, mbms-download (and mbs, 5G MBS, which conforms to it), dvb-mabr (and dvb-nip, assumed to be the same)."`
	fileFlags
	watchFlags
	objectFlags
	carouselFlags
	announceFlags
	controlFlags
	profileFlags
	PrintSDP bool `name:"print-sdp" help:"Print a session description of what would be sent (SDP), and send nothing."`
	Plan     bool `help:"Print what would be sent, packets, rate, overhead, memory and the time it takes, and send nothing."`

	now time.Time // when the command began
}

// words returns what the flags say of the session.
func (c *sendCommand) words() settings.Send {
	w := settings.Send{
		Interface: c.Interface, TTL: c.TTL, Rate: c.Rate, Object: c.objectFlags.words(), Repeat: c.Repeat,
		Delay:    c.Delay,
		Carousel: c.Carousel, Until: c.Until.At(c.now), Queues: c.Queue, Interleave: c.Interleave,
		Order: c.Order, Cache: c.Cache, TransferEvents: c.TransferEvents,
		Parallel: c.Parallel, Profile: c.Profile, Offload: c.Offload, FEC: c.fecFlags.words(),
		Pace: c.paceFlags.words(c.now), Announce: c.announceFlags.words(),
	}
	if c.TSI != nil {
		w.TSI = *c.TSI
	}
	return w
}

// Run sends the files and waits until they are out.
func (c *sendCommand) Run(ctx context.Context, out *output) error {
	collectEarlier()
	return c.profiled(func() error { return c.run(ctx, out) })
}

func (c *sendCommand) run(ctx context.Context, out *output) error {
	files, skipped, err := c.find(ctx, c.staysOpen())
	if err != nil {
		return err
	}
	watcher, err := c.newWatcher(out)
	if err != nil {
		return err
	}
	if len(files) == 0 && !c.staysOpen() {
		tellSkipped(out, skipped)
		return fmt.Errorf("no files to send in %v", c.Paths)
	}
	largest := outgoing.Largest(files)
	if c.staysOpen() {
		largest = outgoing.WatchedSize
	}
	c.now = time.Now()
	words := c.words()
	if by := words.Pace.By; !by.IsZero() && !by.After(c.now) {
		return fmt.Errorf("--by %v is over", by.Format(time.RFC3339))
	}
	cfg, err := words.Config(largest)
	if err != nil {
		return flagged(err)
	}
	c.Repeat = max(-1, settings.Transfers(cmp.Or(cfg.Session.TransferCount, 1)))
	if err := c.prepare(files, &words, &cfg.Session); err != nil {
		return err
	}
	cfg.Session.FDTXML = c.FDTXML
	if cfg.To, err = resolve(ctx, "--to", c.To); err != nil {
		return err
	}
	to := cfg.To
	if c.TSI == nil {
		cfg.TSI = 1 // as in most cases
	}
	if c.PrintSDP {
		return c.printSDP(out, &cfg, "FLUTE")
	}
	if c.Plan {
		tellSkipped(out, skipped)
		return c.plan(ctx, out, cfg, toSend(files))
	}
	if cfg.Within != 0 || !cfg.By.IsZero() {
		if err := node.CheckSend(cfg, nil, toSend(files)); errors.Is(err, sender.ErrTarget) {
			return err
		}
	}
	control, err := c.listen()
	if err != nil {
		return err
	}
	defer control.close()
	n, err := node.Start(node.Config{})
	if err != nil {
		return err
	}
	tellSkipped(out, skipped)
	tsi, release := takeTSI(out, to, c.TSI)
	defer release()
	cfg.TSI = tsi
	total := newSummary(true)
	if watcher != nil {
		total.vanished = c.vanished
	}
	counted := subscribe(n, isLasting, total.add)
	ready := make(chan struct{}) // closed when the first line is out
	shown := showEvents(n, out, nil, ready)
	s, err := n.Send(ctx, cfg)
	lost := (&source.List{Skipped: skipped}).Failed()
	if err == nil {
		c.ready(out, s, to, tsi, files)
	}
	close(ready)
	if err == nil {
		orders := &controlling{
			command: c, words: &words, core: &cfg.Session, node: n, session: s, out: out, finished: make(chan struct{}),
		}
		endControl := c.takeOrders(ctx, control, orders)
		endTurns := c.tellTurns(out, s)
		var unread int
		unread, err = c.send(ctx, out, s, files, func() error {
			if !c.staysOpen() {
				return nil
			}
			ctx, cancel := orders.untilFinished(ctx)
			defer cancel()
			if watcher == nil {
				<-ctx.Done()
				return nil
			}
			w := outgoing.Watching{
				Key:     flute.SessionKey{Group: to, TSI: tsi},
				Session: s, Watcher: watcher, How: c.how(&words, &cfg.Session),
				Warn: func(text string) { out.show(notice.Warning{Text: plain(text)}) },
			}
			return w.Run(ctx, n)
		})
		endControl()
		endTurns()
		c.countTurns(total, s)
		lost += unread
	}
	// The events of what happens while the node stops belong to the output too.
	total.stopping.Store(true)
	err = errors.Join(err, stopNode(n))
	<-shown
	<-counted
	out.close()
	switch {
	case s == nil && ctx.Err() != nil && errors.Is(err, ctx.Err()):
		return interruption(ctx, "before anything was sent")
	case s == nil:
		return err
	}
	total.Failed += lost
	total.show(out)
	if err == nil && total.Failed > 0 {
		err = failure{fmt.Errorf("%s could not be sent", count(total.Failed, "file"))}
	}
	return err
}

// staysOpen reports whether files may come after the first ones.
func (c *sendCommand) staysOpen() bool { return c.Watch != "" || c.Control != "" }

// prepare puts what was said of all files, and then of each, into the files.
func (c *sendCommand) prepare(files []*outgoing.Item, words *settings.Send, cfg *sender.Config) error {
	for _, f := range files {
		if err := c.prepareOne(f, words, cfg); err != nil {
			return err
		}
	}
	return nil
}

func (c *sendCommand) prepareOne(f *outgoing.Item, words *settings.Send, cfg *sender.Config) error {
	err := c.how(words, cfg).Prepare(f)
	if e, ok := errors.AsType[*outgoing.LineError](err); ok {
		return c.atLine(e)
	}
	return flagged(err)
}

// how returns what the flags say of all files.
func (c *sendCommand) how(words *settings.Send, cfg *sender.Config) *outgoing.How {
	return &outgoing.How{Words: words, Core: cfg, StartAt: c.StartAt.At(c.now), Priority: c.Priority, Now: c.now}
}

// send puts the files into the session, forgets them, and waits for its end. It returns how many could not be read.
func (c *sendCommand) send(
	ctx context.Context, out *output, s *node.Sending, files []*outgoing.Item, watch func() error,
) (unread int, err error) {
	// Why it ends early, Wait says.
	_ = s.AddAll(ctx, func(yield func(sender.File) bool) {
		for i := 0; i < len(files) && yield(files[i].File); i++ {
		}
	}, func(i int, _ flute.TOI, err error) {
		if err != nil {
			unread++
			notSent(out, &files[i].File, err)
		}
		files[i] = nil // the session has what is needed of it
	})
	if err := watch(); err != nil {
		return unread, failure{err}
	}
	if err = s.Finish(ctx); err == nil {
		err = c.without(s.Wait(ctx))
	}
	switch {
	case ctx.Err() != nil && c.staysOpen():
		return unread, nil
	case ctx.Err() != nil && c.Repeat < 0:
		return unread, nil // the only way to end it
	case ctx.Err() != nil:
		return unread, interruption(ctx, "before all files were sent")
	case err != nil:
		return unread, failure{err}
	}
	return unread, nil
}

// stopNode stops n in its own time: a second interrupt kills the process.
func stopNode(n *node.Node) error {
	if err := n.Stop(context.Background()); err != nil {
		return failure{err}
	}
	return nil
}
