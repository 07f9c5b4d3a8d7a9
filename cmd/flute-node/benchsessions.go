package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

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
	Sessions []int            `placeholder:"N[,…]" default:"1,10,100,1000" help:"How many sessions, in each measurement."`
	Rate     settings.BitRate `default:"2Gbit" help:"Bits per second of all sessions together."`
	Seconds  int              `type:"positive" default:"5" help:"Length of each measurement."`
}

// maxBenchSessions bounds the sessions of one measurement: each has a socket to send.
const maxBenchSessions = 10_000

// sessionsPatience is for how long files are awaited after the last packet.
const sessionsPatience = 5 * time.Second

// sessionsRecord is one measurement in JSON.
type sessionsRecord struct {
	Peer      string  `json:"peer"`
	Operation string  `json:"operation"`
	Sessions  int     `json:"sessions"`
	Rate      uint64  `json:"rate"` // bits per second, of all together
	Seconds   float64 `json:"seconds"`
	Datagrams uint64  `json:"datagrams"`    // that came to the socket
	Dropped   uint64  `json:"dropped"`      // of these, by the receiver; see Kernel
	Kernel    uint64  `json:"kernel_drops"` // datagrams for which the socket's buffer had no room
	Lost      int     `json:"lost_files"`   // of one for each session
	Processor float64 `json:"processor_seconds"`
	Each      float64 `json:"microseconds_per_datagram"` // of a processor, both ends
	Ratio     float64 `json:"ratio"`                     // of Each to that of the first measurement
	Memory    uint64  `json:"memory"`                    // the most bytes of the process so far
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
	}
	out.record(thisMachine(), fmt.Sprintf(
		"Sessions at %v in all, both ends in this process, over the loopback interface, into a store that "+
			"keeps nothing\n"+
			"%v\n\n%10s%12s%10s%10s%12s%16s%8s%12s",
		c.Rate, thisMachine(), "sessions", "datagrams", "dropped", "kernel", "lost files", "each", "ratio", "memory"))
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
	first := 0.0
	for _, n := range c.Sessions {
		r, err := c.measure(ctx, n)
		if err != nil {
			return fmt.Errorf("%s: %w", count(n, "session"), err)
		}
		if first == 0 {
			first = r.Each
		}
		if first > 0 {
			r.Ratio = r.Each / first
		}
		out.record(r, fmt.Sprintf("%10d%12d%10d%10d%12d%13.2f µs%8.2f%12s", n, r.Datagrams, r.Dropped, r.Kernel, r.Lost,
			r.Each, r.Ratio, formatBytes(r.Memory)))
	}
	return nil
}

// measure sends one file with each of n sessions, and waits until all have ended.
func (c *benchSessionsCommand) measure(ctx context.Context, n int) (r sessionsRecord, err error) {
	r = sessionsRecord{Peer: "flute-node", Operation: "sessions", Sessions: n, Rate: uint64(c.Rate)}
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
	events := nd.Subscribe(node.SubscribeOptions{Queue: 4 * (maxBenchSessions + 1), Filter: func(e notice.Event) bool {
		switch e := e.(type) {
		case event.ObjectCompleted:
			return !e.Sending
		case notice.KernelDrops:
			return true
		}
		return false
	}})
	defer events.Close()
	// One source may begin sessions in an eighth of the places at once.
	_, err = nd.Receive(ctx, node.ReceiveConfig{Group: group, Interface: lo, Store: sink{}, MaxSessions: 8 * n})
	if err != nil {
		return r, err
	}
	used, _ := iobench.Used()
	start := time.Now()
	if err := c.send(ctx, nd, group, lo, n); err != nil {
		return r, err
	}
	r.Lost = n
	patience := time.After(sessionsPatience)
	for over := false; r.Lost > 0 && !over; {
		select {
		case e := <-events.Events():
			switch e := e.(type) {
			case event.ObjectCompleted:
				r.Lost--
			case notice.KernelDrops:
				r.Kernel += e.New
			}
		case <-patience:
			over = true
		case <-ctx.Done():
			return r, ctx.Err()
		}
	}
	r.Seconds = time.Since(start).Seconds()
	now, memory := iobench.Used()
	snapshot, err := nd.Snapshot(ctx)
	if err != nil {
		return r, err
	}
	for _, reception := range snapshot.Receptions {
		r.Datagrams += reception.Counters.Received
		for _, dropped := range reception.Counters.Dropped {
			r.Dropped += dropped
		}
	}
	r.Processor, r.Memory = (now - used).Seconds(), memory
	r.Each = r.Processor * 1e6 / float64(max(r.Datagrams, 1))
	return r, nil
}

// send begins n sessions, each with one file that takes as long as was asked for, and waits for their end.
func (c *benchSessionsCommand) send(ctx context.Context, nd *node.Node, to netip.AddrPort, lo string, n int) error {
	rate := max(1, uint64(c.Rate)/uint64(n))
	all := make([]*node.Sending, 0, n)
	for i := range n {
		s, err := nd.Send(ctx, node.SendConfig{To: to, TSI: flute.TSI(i + 1), Interface: lo, Rate: rate})
		if err != nil {
			return err
		}
		_, err = s.Add(ctx, sender.File{
			ContentLocation: fmt.Sprintf("file:///%d", i), Content: zeros{}, Size: max(1, rate/8*uint64(c.Seconds)),
			Digests: sender.NoDigest,
		}, nil)
		if err != nil {
			return err
		}
		if err := s.Finish(ctx); err != nil {
			return err
		}
		all = append(all, s)
	}
	for _, s := range all {
		if err := s.Wait(ctx); err != nil {
			return err
		}
	}
	return nil
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
