package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/iobench"
	"github.com/flute-node/flute-node/internal/settings"
	"github.com/flute-node/flute-node/node"
	"github.com/flute-node/flute-node/source"
)

// fileRates are tried from the first on, in bits per second. Without a rate the sender waits for the receiver, where
// the system tells how fast that is.
var fileRates = []settings.BitRate{0, 12e9, 10e9, 8e9, 7e9, 6e9, 5e9, 4e9, 3.5e9, 3e9, 2.5e9, 2e9, 1.5e9, 1e9, 5e8, 2e8}

// errIncomplete says that datagrams were lost, and so the file.
var errIncomplete = errors.New("the file did not arrive whole")

// times are measurements in seconds.
type times []float64

// median is 0 if there is none.
func (t times) median() float64 {
	if len(t) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(t))
	if n := len(sorted); n%2 == 0 {
		return (sorted[n/2-1] + sorted[n/2]) / 2
	}
	return sorted[len(sorted)/2]
}

// fileRuns is what some runs took.
type fileRuns struct {
	took  times         // from the call of Send to the published copy
	first times         // from the call of Add to the first packet of the file
	sent  times         // from the call of Send to the last packet of the file
	spent times         // of processors, by both ends
	lost  atomic.Uint64 // datagrams
}

// fastest returns the highest rate at which all runs lose nothing, and what they took.
func (c *benchFileCommand) fastest(
	ctx context.Context, file string, digest sender.Digests,
) (settings.BitRate, *fileRuns, error) {
	rates := fileRates
	if c.Rate != nil {
		rates = []settings.BitRate{*c.Rate}
	}
	for _, rate := range rates {
		runs := &fileRuns{}
		for range c.Runs {
			err := c.once(ctx, file, uint64(rate), digest, runs)
			if errors.Is(err, errIncomplete) {
				break
			}
			if err != nil {
				return 0, nil, err
			}
		}
		if len(runs.took) == c.Runs {
			return rate, runs, nil
		}
	}
	return 0, nil, errIncomplete
}

// once sends the file once, and removes its copy.
func (c *benchFileCommand) once(
	ctx context.Context, file string, rate uint64, digest sender.Digests, runs *fileRuns,
) (err error) {
	n, err := node.Start(node.Config{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stopNode(n)) }()
	to := filepath.Join(filepath.Dir(file), "received")
	defer os.RemoveAll(to) //nolint:errcheck // below a temporary folder
	group, err := demoGroup()
	if err != nil {
		return err
	}
	lo, err := loopbackName()
	if err != nil {
		return err
	}
	ended := n.Subscribe(node.SubscribeOptions{Filter: func(e notice.Event) bool {
		switch e := e.(type) {
		case event.ObjectStarted:
			return e.Sending
		case event.ObjectCompleted, event.ObjectFailed, event.SessionClosed:
			return true
		}
		return false
	}})
	defer ended.Close()
	if _, err := n.Receive(ctx, node.ReceiveConfig{Group: group, Interface: lo, Dir: to}); err != nil {
		return err
	}
	cfg := node.SendConfig{To: group, TSI: 1, Interface: lo, Rate: rate, Session: c.session}
	if c.Loss > 0 {
		random := rand.New(rand.NewPCG(1, uint64(len(runs.took))))
		cfg.Impair = func([]byte) bool {
			lost := random.Float64() < float64(c.Loss)
			if lost {
				runs.lost.Add(1)
			}
			return lost
		}
	}
	start := time.Now()
	began, _ := iobench.Used()
	s, err := n.Send(ctx, cfg)
	if err != nil {
		return err
	}
	added := time.Now()
	_, err = s.Add(ctx, sender.File{
		ContentLocation: "file:///file", Source: source.File(file), Size: uint64(c.Size), Digests: digest,
	}, nil)
	if err != nil {
		return err
	}
	if err := s.Finish(ctx); err != nil {
		return err
	}
	patience := time.After(time.Minute + time.Duration(math.Ceil(float64(c.Size)*8/float64(max(rate,
		1e8))))*time.Second)
	for {
		select {
		case e := <-ended.Events():
			switch e := e.(type) {
			case event.ObjectStarted:
				runs.first = append(runs.first, time.Since(added).Seconds())
			case event.ObjectCompleted:
				if e.Sending {
					runs.sent = append(runs.sent, time.Since(start).Seconds())
					continue
				}
				runs.took = append(runs.took, time.Since(start).Seconds())
				ended, _ := iobench.Used()
				runs.spent = append(runs.spent, (ended - began).Seconds())
				return c.check(e, digest)
			case event.SessionClosed:
				if !e.Sending {
					return errIncomplete
				}
			default:
				return errIncomplete
			}
		case <-patience:
			return errIncomplete
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// check says whether the copy was verified as it should.
func (c *benchFileCommand) check(e event.ObjectCompleted, digest sender.Digests) error {
	if e.Size != uint64(c.Size) {
		return fmt.Errorf("the copy has %d bytes", e.Size)
	}
	if digest != sender.NoDigest && len(e.Verified) == 0 {
		return errors.New("the copy was not verified")
	}
	return nil
}
