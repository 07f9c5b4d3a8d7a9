package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/flute-node/flute-node/internal/simulator"
)

type simulateCommand struct {
	Seeds   string `default:"0-499" placeholder:"A-B" help:"Seeds: A-B, or one."`
	Shrink  bool   `help:"Make the plan of the first seed that fails smaller."`
	Trace   bool   `help:"Show what happened in it."`
	Workers int    `type:"natural" default:"0" placeholder:"N" help:"Simulations at a time; default as many as there are processors."`
}

// simulateEvery is how often the command tells how far it is.
const simulateEvery = 10 * time.Second

// simulateRecord is what came of all seeds, in JSON.
type simulateRecord struct {
	Event    string            `json:"event"`
	First    uint64            `json:"first_seed"`
	Last     uint64            `json:"last_seed"`
	Ran      uint64            `json:"ran"`
	Elapsed  time.Duration     `json:"elapsed_ns"`
	Figures  simulator.Figures `json:"figures"`
	Promises map[string]uint64 `json:"checks"` // of each promise
	Broken   *simulator.Result `json:"broken,omitempty"`
	Shrunk   *simulator.Result `json:"shrunk,omitempty"`
}

// Run searches for a seed that breaks a promise, and prints figures.
func (c *simulateCommand) Run(ctx context.Context, out *output) error {
	first, last, err := parseSeeds(c.Seeds)
	if err != nil {
		return err
	}
	workers := c.Workers
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	begin := time.Now()
	var told atomic.Int64
	bubbles := simulator.NewBubbles()
	all, ran, broken := bubbles.Search(ctx, first, last, workers, func(ran uint64) {
		since := time.Since(begin)
		if at := told.Load(); since-time.Duration(at) > simulateEvery && told.CompareAndSwap(at, int64(since)) {
			out.record(map[string]any{"event": "simulate_progress", "ran": ran},
				fmt.Sprintf("%d seeds in %v", ran, since.Round(time.Second)))
		}
	})
	r := simulateRecord{
		Event: "simulated", First: first, Last: last, Ran: ran, Elapsed: time.Since(begin), Figures: all,
		Promises: map[string]uint64{}, Broken: broken,
	}
	for p := simulator.Packets; p <= simulator.Shutdown; p++ {
		r.Promises[p.String()] = all.Checks[p]
	}
	text := r.text()
	if broken != nil {
		text += c.broken(ctx, bubbles, &r)
	}
	out.record(r, text)
	switch {
	case broken != nil:
		return errFailed
	case ctx.Err() != nil:
		return interruption(ctx, fmt.Sprintf("after %d seeds, none of which broke a promise", ran))
	}
	return nil
}

// broken describes the seed that broke a promise.
func (c *simulateCommand) broken(ctx context.Context, bubbles simulator.Bubbles, r *simulateRecord) string {
	show := r.Broken
	var b strings.Builder
	fmt.Fprintf(&b, "\n\nseed %d breaks a promise:\n", r.Broken.Plan.Seed)
	for _, v := range r.Broken.Violations {
		fmt.Fprintf(&b, "  %v\n", v)
	}
	if c.Shrink {
		small, n := bubbles.Shrink(ctx, r.Broken)
		r.Shrunk, show = small, small
		fmt.Fprintf(&b, "made smaller in %d simulations:\n", n)
		for _, v := range small.Violations {
			fmt.Fprintf(&b, "  %v\n", v)
		}
	}
	fmt.Fprintf(&b, "%s", show.Plan.Text())
	if c.Trace {
		fmt.Fprintf(&b, "\n%s", strings.Join(show.Trace, "\n"))
	} else {
		r.Broken.Trace = nil
		if r.Shrunk != nil {
			r.Shrunk.Trace = nil
		}
	}
	return strings.TrimRight(b.String(), "\n")
}

// text describes what was shown.
func (r *simulateRecord) text() string {
	f := &r.Figures
	var b strings.Builder
	fmt.Fprintf(&b, "%d seeds in %v, %v of virtual time\n", r.Ran, r.Elapsed.Round(100*time.Millisecond),
		f.Virtual.Round(time.Minute))
	for _, row := range []struct {
		name string
		n    uint64
	}{
		{"datagrams sent", f.Sent},
		{"forged", f.Forged},
		{"damaged", f.Damaged},
		{"withheld, since they were stored", f.Withheld},
		{"read", f.Read},
		{"objects completed", f.Completed},
		{"tries failed", f.Failed},
		{"objects resumed", f.Resumed},
		{"files published", f.Published},
		{"receivers killed", f.Kills},
		{"losses of power", f.Cuts},
		{"actors crashed", f.Crashes},
		{"senders started again", f.Restarts},
		{"files changed", f.Updates},
		{"calls of disks failed", f.DiskFaults},
	} {
		fmt.Fprintf(&b, "%12d  %s\n", row.n, row.name)
	}
	b.WriteString("checks of promises:")
	for p := simulator.Packets; p <= simulator.Shutdown; p++ {
		fmt.Fprintf(&b, " %v %d", p, f.Checks[p])
	}
	if r.Broken == nil {
		b.WriteString("\nno promise was broken")
	}
	return b.String()
}

// parseSeeds reads A-B, or one seed.
func parseSeeds(text string) (first, last uint64, err error) {
	a, b, isRange := strings.Cut(text, "-")
	if !isRange {
		b = a
	}
	first, err = strconv.ParseUint(a, 10, 63)
	if err == nil {
		last, err = strconv.ParseUint(b, 10, 63)
	}
	if err != nil || last < first {
		return 0, 0, errors.New("--seeds: " + strconv.Quote(text) + " is not A-B, with A not above B, nor a number")
	}
	return first, last, nil
}
