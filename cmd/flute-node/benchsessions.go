package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/iobench"
	"github.com/flute-node/flute-node/internal/settings"
	"github.com/flute-node/flute-node/node"
	"github.com/flute-node/flute-node/store"
)

type benchSessionsCommand struct {
	profileFlags
	Sessions []int            `placeholder:"N" default:"1,10,100,1000" help:"How many sessions, in each measurement."`
	Objects  []int            `placeholder:"N" default:"1" help:"How many files each session sends, all of them together as long as one."`
	Parallel int              `type:"positive" default:"1" help:"Files of a session that are sent at once, a symbol of each in turn."`
	Rate     settings.BitRate `default:"2Gbit" help:"Bits per second of all sessions together."`
	Seconds  int              `type:"positive" default:"5" help:"Length of each measurement."`
}

const (
	// maxBenchSessions bounds the sessions of one measurement: each has a socket to send.
	maxBenchSessions = 10_000
	// maxBenchObjects bounds the files of all sessions of one measurement: the end of each is an event that waits.
	maxBenchObjects = 100_000
)

// sessionsRecord is one measurement in JSON. Operation is "objects" where several --objects are compared.
type sessionsRecord struct {
	Peer      string  `json:"peer"`
	Operation string  `json:"operation"`
	Sessions  int     `json:"sessions"`
	Objects   int     `json:"objects"` // of each session
	Rate      uint64  `json:"rate"`    // bits per second, of all together
	Seconds   float64 `json:"seconds"`
	Datagrams uint64  `json:"datagrams"`    // that came to the socket
	Dropped   uint64  `json:"dropped"`      // of these, by the receiver; see Kernel
	Kernel    uint64  `json:"kernel_drops"` // datagrams for which the socket's buffer had no room
	Lost      int     `json:"lost_files"`   // of all sessions
	Processor float64 `json:"processor_seconds"`
	Each      float64 `json:"microseconds_per_datagram"` // of a processor, both ends
	Ratio     float64 `json:"ratio"`                     // of Each to that of the first measurement
	// Steady is Each of the time in which all sessions send: all have begun, and none has all of its files yet.
	Steady      float64 `json:"steady_microseconds_per_datagram"`
	SteadyRatio float64 `json:"steady_ratio"`
	Memory      uint64  `json:"memory"` // the most bytes of the process so far
}

// Run sends with each number of sessions, and prints what a datagram costs.
func (c *benchSessionsCommand) Run(ctx context.Context, out *output) error {
	if c.Rate == 0 {
		return errors.New("--rate 0: take a rate above zero")
	}
	for _, n := range c.Sessions {
		if n < 1 || n > maxBenchSessions {
			return fmt.Errorf("--sessions %d: take 1 to %d", n, maxBenchSessions)
		}
		for _, objects := range c.Objects {
			if objects < 1 || objects > maxBenchObjects/n {
				return fmt.Errorf("--objects %d: take 1 to %d for %s", objects, maxBenchObjects/n, count(n, "session"))
			}
		}
	}
	out.record(thisMachine(), fmt.Sprintf(
		"Sessions at %v in all, both ends in this process, over the loopback interface, into a store that "+
			"keeps nothing\n"+
			"%v\n\n%10s%10s%12s%10s%10s%12s%13s%8s%13s%8s%12s",
		c.Rate, thisMachine(), "sessions", "objects", "datagrams", "dropped", "kernel", "lost files", "each", "ratio",
		"steady", "ratio", "memory"))
	err := c.profiled(func() error { return c.each(ctx, out) })
	if ctx.Err() != nil {
		return interruption(ctx, "before all was measured")
	}
	if err != nil {
		return failure{err}
	}
	return nil
}

func (c *benchSessionsCommand) each(ctx context.Context, out *output) error {
	var first sessionsRecord
	for _, n := range c.Sessions {
		for _, objects := range c.Objects {
			r, err := c.measure(ctx, n, objects)
			if err != nil {
				return fmt.Errorf("%s: %w", count(n, "session"), err)
			}
			if first.Each == 0 {
				first = r
			}
			if first.Each > 0 {
				r.Ratio = r.Each / first.Each
			}
			if first.Steady > 0 {
				r.SteadyRatio = r.Steady / first.Steady
			}
			out.record(r, fmt.Sprintf("%10d%10d%12d%10d%10d%12d%10.2f µs%8.2f%10.2f µs%8.2f%12s", n, objects,
				r.Datagrams, r.Dropped, r.Kernel, r.Lost, r.Each, r.Ratio, r.Steady,
				r.SteadyRatio, formatBytes(r.Memory)))
		}
	}
	return nil
}

// measure sends files with each of n sessions, and waits until all have ended.
func (c *benchSessionsCommand) measure(ctx context.Context, n, objects int) (r sessionsRecord, err error) {
	r = sessionsRecord{Peer: "flute-node", Operation: "sessions", Sessions: n, Objects: objects, Rate: uint64(c.Rate)}
	if len(c.Objects) > 1 {
		r.Operation = "objects"
	}
	nd, err := node.Start(node.Config{})
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, stopNode(nd)) }()
	group, err := demoGroup()
	if err != nil {
		return r, err
	}
	lo, err := loopbackName()
	if err != nil {
		return r, err
	}
	events := nd.Subscribe(node.SubscribeOptions{Queue: n * (objects + 1), Filter: func(e notice.Event) bool {
		switch e := e.(type) {
		case event.ObjectCompleted:
			return !e.Sending
		case event.SessionOpened:
			return !e.Sending
		case notice.KernelDrops:
			return true
		}
		return false
	}})
	defer events.Close()
	// One source may begin sessions in an eighth of the places at once.
	reception, err := nd.Receive(ctx, node.ReceiveConfig{
		Group: group, Interface: lo, Store: sink{}, MaxSessions: 8 * n,
	})
	if err != nil {
		return r, err
	}
	w := sessionsWatch{
		reception: reception, sessions: n, objects: objects, missing: n * objects,
		completed: map[flute.SessionKey]int{},
	}
	begun, sent := make(chan struct{}), make(chan error, 1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	start := w.moment()
	go func() { sent <- c.send(ctx, nd, group, lo, n, objects, begun) }()
	if err := w.watch(ctx, events.Events(), begun, sent); err != nil {
		return r, err
	}
	end := w.moment()
	r.Seconds, r.Lost, r.Kernel = end.at.Sub(start.at).Seconds(), w.missing, w.kernel
	r.Datagrams, r.Each = end.datagrams, end.since(start)
	r.Processor = (end.processor - start.processor).Seconds()
	if !w.begun.at.IsZero() && w.ended.at.After(w.begun.at) {
		r.Steady = w.ended.since(w.begun)
	}
	_, r.Memory = iobench.Used()
	_, dropped := reception.Datagrams()
	for _, n := range dropped {
		r.Dropped += n
	}
	return r, nil
}

// send begins n sessions, each with files that take together as long as was asked for, and waits for their end. It
// closes begun in between.
func (c *benchSessionsCommand) send(
	ctx context.Context, nd *node.Node, to netip.AddrPort, lo string, n, objects int, begun chan<- struct{},
) error {
	rate := max(1, uint64(c.Rate)/uint64(n))
	all := make([]*node.Sending, 0, n)
	for i := range n {
		s, err := nd.Send(ctx, node.SendConfig{
			To: to, TSI: flute.TSI(i + 1), Interface: lo, Rate: rate,
			Session: sender.Config{Parallel: c.Parallel},
		})
		if err != nil {
			return err
		}
		if err := c.add(ctx, s, i, rate, objects); err != nil {
			return err
		}
		if err := s.Finish(ctx); err != nil {
			return err
		}
		all = append(all, s)
	}
	close(begun)
	for _, s := range all {
		if err := s.Wait(ctx); err != nil {
			return err
		}
	}
	return nil
}

// add adds the files of session i.
func (c *benchSessionsCommand) add(ctx context.Context, s *node.Sending, i int, rate uint64, objects int) error {
	var failed error
	err := s.AddAll(ctx, func(yield func(sender.File) bool) {
		for k := range objects {
			if !yield(sender.File{
				ContentLocation: fmt.Sprintf("file:///%d/%d", i, k), Content: zeros{},
				Size: max(1, rate/8*uint64(c.Seconds)/uint64(objects)), Digests: sender.NoDigest,
			}) {
				return
			}
		}
	}, func(_ int, _ flute.TOI, err error) { failed = cmp.Or(failed, err) })
	return cmp.Or(err, failed)
}

// sink is a store that keeps nothing: what is sent is [zeros], and reads so.
type sink struct{}

type sunk struct{ zeros }

func (sink) Create(uint64) (store.Object, error)                 { return sunk{}, nil }
func (sink) Publish(_ store.Object, name string) (string, error) { return name, nil }
func (sink) Close() error                                        { return nil }
func (sunk) WriteAt(p []byte, _ int64) (int, error)              { return len(p), nil }
func (sunk) Truncate(int64) error                                { return nil }
func (sunk) Sync() error                                         { return nil }
func (sunk) Discard() error                                      { return nil }
