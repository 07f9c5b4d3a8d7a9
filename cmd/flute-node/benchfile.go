package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/iobench"
	"github.com/flute-node/flute-node/internal/settings"
	"github.com/flute-node/flute-node/node"
	"github.com/flute-node/flute-node/source"
)

type benchFileCommand struct {
	fecFlags     `embed:""`
	profileFlags `embed:""`
	Size         settings.Bytes    `default:"1GiB" help:"Size of the file."`
	Digests      []string          `name:"digest" placeholder:"NAME[,…]" default:"sha-256,md5,none" help:"The digest of each measurement: sha-256, md5, none."`
	Rate         *settings.BitRate `placeholder:"RATE" help:"Bits per second. Default: the highest of some rates at which all runs lose nothing."`
	First        bool              `name:"digest-first" help:"Compute the digest before the first packet, not while the file is sent."`
	Runs         int               `type:"positive" default:"5" help:"Runs of each measurement; their median counts."`
	Dir          string            `placeholder:"DIR" help:"Where the file and its copy are written; default a temporary folder."`
}

// fileRecord is one measurement in JSON.
type fileRecord struct {
	Peer      string    `json:"peer"`
	Operation string    `json:"operation"`
	Digest    string    `json:"digest"` // empty: none
	Size      int64     `json:"size"`
	Rate      uint64    `json:"rate"`            // bits per second
	Seconds   []float64 `json:"seconds"`         // of each run, from the call of Send to the published file
	First     float64   `json:"first_packet_ms"` // median, from the call of Add to the first packet of the file
	Median    float64   `json:"median"`
	PerSecond float64   `json:"bytes_per_second"`
	Limit     float64   `json:"limit_seconds"` // what the parts of it cost here, shared by the processors
	Share     float64   `json:"share_of_limit"`
}

// fileRates are tried from the first on, in bits per second.
var fileRates = []settings.BitRate{12e9, 10e9, 8e9, 7e9, 6e9, 5e9, 4e9, 3.5e9, 3e9, 2.5e9, 2e9, 1.5e9, 1e9, 5e8, 2e8}

// errIncomplete says that datagrams were lost, and so the file.
var errIncomplete = errors.New("the file did not arrive whole")

// Run sends a file to itself, with each digest, and compares that with what its parts cost.
func (c *benchFileCommand) Run(ctx context.Context, out *output) error {
	for _, d := range c.Digests {
		if _, ok := benchDigests[d]; !ok {
			return fmt.Errorf("--digest %s: take sha-256, md5, none", d)
		}
	}
	dir, err := os.MkdirTemp(c.Dir, "flute-node-bench-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	err = c.measure(ctx, out, dir)
	if ctx.Err() != nil {
		return interruption(ctx, "before all was measured")
	}
	if err != nil {
		return failure{err}
	}
	return nil
}

// benchDigests are what sender and limit know of a digest.
var benchDigests = map[string]struct {
	sent sender.Digests
	part iobench.Part
}{
	"sha-256": {sender.DigestSHA256 | sender.DigestLater, iobench.SHA256},
	"md5":     {sender.DigestMD5 | sender.DigestLater, iobench.MD5},
	"none":    {sender.NoDigest, ""},
}

func (c *benchFileCommand) measure(ctx context.Context, out *output, dir string) error {
	if c.Scheme == settings.AutoFEC {
		c.Scheme = "no-code" // nothing is lost, and the least of time is asked for
	}
	file := filepath.Join(dir, "file")
	if err := writeRandom(ctx, file, int64(c.Size)); err != nil {
		return err
	}
	costs, err := iobench.Measure(ctx, iobench.Config{Dir: dir, Bytes: int64(c.Size), Payload: 1440})
	if err != nil {
		return err
	}
	out.record(thisMachine(), fmt.Sprintf(
		"A file of %s from the call of Send to its verified copy, both ends in this process, over the loopback "+
			"interface\n"+
			"%v; medians of %d\n\n%-10s%14s%12s%14s%12s%10s%12s",
		formatBytes(uint64(c.Size)), thisMachine(), c.Runs, "digest", "rate", "seconds", "a second",
		"limit", "of it", "first"))
	return c.profiled(func() error { return c.each(ctx, out, file, costs) })
}

// each measures with each digest.
func (c *benchFileCommand) each(ctx context.Context, out *output, file string, costs []iobench.Cost) error {
	for _, name := range c.Digests {
		digest := benchDigests[name].sent
		if c.First {
			digest &^= sender.DigestLater
		}
		rate, runs, err := c.fastest(ctx, file, digest)
		if err != nil {
			return fmt.Errorf("digest %s: %w", name, err)
		}
		r := fileRecord{
			Peer: "flute-node", Operation: "file", Digest: string(benchDigests[name].part), Size: int64(c.Size),
			Rate: uint64(rate), First: 1000 * runs.first.median(), Seconds: runs.took, Median: runs.took.median(),
		}
		r.PerSecond = float64(c.Size) / r.Median
		r.Limit = iobench.Limit(costs, benchDigests[name].part, runtime.GOMAXPROCS(0)) * float64(c.Size) / 1e9
		r.Share = r.Limit / r.Median
		out.record(r, fmt.Sprintf("%-10s%14v%10.2f s%12s/s%10.2f s%9.0f%%%9.1f ms", name, rate, r.Median,
			formatBytes(uint64(r.PerSecond)), r.Limit, 100*r.Share, r.First))
	}
	return nil
}

// times are measurements in seconds.
type times []float64

func (t times) median() float64 {
	sorted := slices.Sorted(slices.Values(t))
	if n := len(sorted); n%2 == 0 {
		return (sorted[n/2-1] + sorted[n/2]) / 2
	}
	return sorted[len(sorted)/2]
}

// fileRuns is what some runs took.
type fileRuns struct {
	took  times // from the call of Send to the published copy
	first times // from the call of Add to the first packet of the file
}

// writeRandom makes a file of bytes that no file system compresses.
func writeRandom(ctx context.Context, name string, size int64) (err error) {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	random := rand.NewChaCha8([32]byte{1})
	buf := make([]byte, 1<<20)
	for left := size; left > 0 && err == nil && ctx.Err() == nil; left -= int64(len(buf)) {
		buf = buf[:min(left, int64(len(buf)))]
		_, _ = io.ReadFull(random, buf)
		_, err = f.Write(buf)
	}
	return errors.Join(err, ctx.Err())
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
		case event.ObjectCompleted:
			return !e.Sending
		case event.ObjectFailed, event.SessionClosed:
			return true
		}
		return false
	}})
	defer ended.Close()
	if _, err := n.Receive(ctx, node.ReceiveConfig{Group: group, Interface: lo, Dir: to}); err != nil {
		return err
	}
	cfg := node.SendConfig{To: group, TSI: 1, Interface: lo, Rate: rate}
	words := c.words()
	if err := words.Apply(&cfg.Session, uint64(c.Size)); err != nil {
		return flagged(err)
	}
	start := time.Now()
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
		1e6))))*time.Second)
	for {
		select {
		case e := <-ended.Events():
			switch e := e.(type) {
			case event.ObjectStarted:
				runs.first = append(runs.first, time.Since(added).Seconds())
			case event.ObjectCompleted:
				runs.took = append(runs.took, time.Since(start).Seconds())
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
