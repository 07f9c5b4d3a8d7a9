package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strings"
	"time"

	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/pacebench"
	"github.com/flute-node/flute-node/internal/pacing"
	"github.com/flute-node/flute-node/internal/settings"
	"github.com/flute-node/flute-node/node"
)

type benchPaceCommand struct {
	Rate    []settings.BitRate `placeholder:"RATE" default:"10Mbit,100Mbit,1Gbit" help:"Rates to measure."`
	Seconds int                `type:"positive" default:"5" help:"Length of each measurement."`
}

// paceGroup is in the organization-local scope (RFC 2365); the datagrams stay on the loopback interface.
var paceGroup = netip.MustParseAddr("239.255.99.77")

// paceRecord is one measurement in JSON.
type paceRecord struct {
	Peer       string    `json:"peer"`
	Operation  string    `json:"operation"`
	Rate       uint64    `json:"rate"`         // bits of UDP payload per second
	Seconds    []float64 `json:"seconds"`      // bits in each second, as kernel time stamps tell
	Worst      float64   `json:"worst_second"` // its difference from the rate, in parts of it
	Burst      int       `json:"burst"`        // the most bytes at once
	BurstBound int       `json:"burst_bound"`
	First      float64   `json:"first_packet_ms"` // after the file was added
	Datagrams  int       `json:"datagrams"`
	Met        bool      `json:"met"`
}

// The bars of a pace.
const (
	worstSecond = 0.01
	worstFirst  = 10.0 // ms
)

// Run sends to itself at each rate, and prints how steady that was.
func (c *benchPaceCommand) Run(ctx context.Context, out *output) error {
	var head strings.Builder
	_, _ = fmt.Fprintf(&head,
		"Pace of a sending session on the loopback interface, by kernel time stamps at the receiver\n\n"+
			"%14s%16s%16s%14s%16s%10s", "rate", "mean of 1 s", "worst second", "burst", "at most", "first")
	out.record(thisMachine(), head.String())
	missed := 0
	for _, rate := range c.Rate {
		if rate == 0 {
			return errors.New("--rate 0: take a rate above zero")
		}
		r, err := c.measure(ctx, uint64(rate))
		if ctx.Err() != nil {
			return interruption(ctx, "before all was measured")
		}
		if err != nil {
			return failure{err}
		}
		if !r.Met {
			missed++
		}
		mean := 0.0
		for _, s := range r.Seconds {
			mean += s / float64(len(r.Seconds))
		}
		out.record(r, fmt.Sprintf("%14v%16v%15.2f%%%12d B%14d B%7.1f ms", rate,
			settings.BitRate(math.Round(mean/1e4)*1e4),
			100*r.Worst, r.Burst, r.BurstBound, r.First))
	}
	if missed > 0 {
		return failure{fmt.Errorf("%s missed: each second within 1%%, no larger burst, first packet within %v ms",
			count(missed, "rate"), worstFirst)}
	}
	return nil
}

// measure sends at a rate for some seconds.
func (c *benchPaceCommand) measure(ctx context.Context, rate uint64) (paceRecord, error) {
	r, err := pacebench.Listen(paceGroup)
	if err != nil {
		return paceRecord{}, err
	}
	added, err := c.send(ctx, rate, r)
	arrivals, closed := r.Close()
	if err = errors.Join(err, closed); err != nil {
		return paceRecord{}, err
	}
	got := pacebench.Measure(arrivals, c.Seconds, float64(rate)*pacing.MaxSpeed)
	record := paceRecord{
		Peer: "flute-node", Operation: "pace", Rate: rate, Seconds: got.Seconds, Worst: got.Worst(float64(rate)),
		Burst: got.Burst, BurstBound: max(pacing.MaxMessage, int(rate/8/1000)),
		First: (got.First - added.Sub(r.Began())).Seconds() * 1000, Datagrams: got.Datagrams,
	}
	record.Met = math.Abs(record.Worst) <= worstSecond && record.Burst <= record.BurstBound &&
		record.First <= worstFirst
	return record, nil
}

// send sends a file without an end, and returns when it was added.
func (c *benchPaceCommand) send(ctx context.Context, rate uint64, r *pacebench.Receiver) (added time.Time, err error) {
	n, err := node.Start(node.Config{})
	if err != nil {
		return added, err
	}
	defer func() { err = errors.Join(err, stopNode(n)) }()
	s, err := n.Send(ctx, node.SendConfig{To: r.Group(), TSI: 1, Interface: "lo", Rate: rate})
	if err != nil {
		return added, err
	}
	seconds := uint64(c.Seconds)
	f := sender.File{
		ContentLocation: "file:///pace", Content: zeros{}, Size: rate / 8 * (seconds + 2), Digests: sender.NoDigest,
	}
	added = time.Now()
	if _, err := s.Add(ctx, f, nil); err != nil {
		return added, err
	}
	select {
	case <-time.After(time.Duration(seconds)*time.Second + 500*time.Millisecond):
	case <-ctx.Done():
	}
	return added, s.Close(context.WithoutCancel(ctx))
}

// zeros is content without an end.
type zeros struct{}

// ReadAt implements io.ReaderAt.
func (zeros) ReadAt(p []byte, _ int64) (int, error) { clear(p); return len(p), nil }

// InMemory says that reading is a copy.
func (zeros) InMemory() bool { return true }
