package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"

	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/iobench"
	"github.com/flute-node/flute-node/internal/settings"
)

type benchFileCommand struct {
	fecFlags
	profileFlags
	Size    settings.Bytes    `default:"1GiB" help:"Size of the file."`
	Digests []string          `name:"digest" placeholder:"NAME" default:"sha-256,md5,none" help:"The digest of each measurement: sha-256, md5, none."`
	Rate    *settings.BitRate `placeholder:"RATE" help:"Bits per second. 0: as fast as the receiver reads. Default: that, or the highest of some rates, at which all runs lose nothing."`
	First   bool              `name:"digest-first" help:"Compute the digest before the first packet, not while the file is sent."`
	Loss    settings.Percent  `default:"0%" help:"Share of datagrams that are lost on the way. The FEC scheme, by default raptorq then, makes up for it."`
	Runs    int               `type:"positive" default:"5" help:"Runs of each measurement; their median counts."`
	Dir     string            `placeholder:"DIR" help:"Where the file and its copy are written; default a temporary folder."`

	session sender.Config // what the flags say of it
}

// fileRecord is one measurement in JSON.
type fileRecord struct {
	Peer      string    `json:"peer"`
	Operation string    `json:"operation"`
	Digest    string    `json:"digest"` // empty: none
	FEC       string    `json:"fec"`
	Loss      float64   `json:"loss"` // 1: all datagrams
	Lost      uint64    `json:"lost"` // datagrams of all runs
	Size      int64     `json:"size"`
	Rate      uint64    `json:"rate"`            // bits per second; 0: as fast as the receiver reads
	Seconds   []float64 `json:"seconds"`         // of each run, from the call of Send to the published file
	First     float64   `json:"first_packet_ms"` // median, from the call of Add to the first packet of the file
	Median    float64   `json:"median"`
	Sent      float64   `json:"last_packet_seconds"` // median, from the call of Send
	Processor float64   `json:"processor_seconds"`   // median, of both ends
	PerSecond float64   `json:"bytes_per_second"`
	Limit     float64   `json:"limit_seconds"`           // the larger of these two
	Shared    float64   `json:"processor_limit_seconds"` // what its parts cost here, shared by the processors
	Disk      float64   `json:"disk_seconds"`            // what the disk takes for the copy alone, by the clock
	Share     float64   `json:"share_of_limit"`
}

// Run sends a file to itself, with each digest, and compares that with what its parts cost.
func (c *benchFileCommand) Run(ctx context.Context, out *output) error {
	for _, d := range c.Digests {
		if _, ok := benchDigests[d]; !ok {
			return fmt.Errorf("--digest %s: take sha-256, md5, none", d)
		}
	}
	if c.Loss >= 1 {
		return fmt.Errorf("--loss %v%%: take less than 100%%", 100*float64(c.Loss))
	}
	if c.Scheme == settings.AutoFEC {
		if c.Scheme = "no-code"; c.Loss > 0 { // the least of time is asked for, and without loss nothing else is needed
			c.Scheme = "raptorq"
		}
	}
	if c.Loss > 0 && c.Scheme == "no-code" {
		return errors.New("--loss: without FEC no file arrives; take --fec raptorq")
	}
	words := c.words()
	if err := words.Apply(&c.session, uint64(c.Size)); err != nil {
		return flagged(err)
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
	file := filepath.Join(dir, "file")
	if err := writeRandom(ctx, file, int64(c.Size)); err != nil {
		return err
	}
	parts := iobench.Config{Dir: dir, Bytes: int64(c.Size), Payload: 1440}
	before, err := iobench.Measure(ctx, parts)
	if err != nil {
		return err
	}
	out.record(thisMachine(), fmt.Sprintf(
		"A file of %s from the call of Send to its verified copy, both ends in this process, over the loopback "+
			"interface\n"+
			"%v; medians of %d. It takes at least what its parts cost alone, before or after, shared by the\n"+
			"processors, and what the disk takes for the copy\n\n%-10s%14s%12s%14s%12s%12s%8s%12s",
		formatBytes(uint64(c.Size)), thisMachine(), c.Runs, "digest", "rate", "seconds", "a second",
		"processors", "disk", "of it", "first"))
	var rows []fileRecord
	err = c.profiled(func() (err error) { rows, err = c.each(ctx, file); return err })
	after, measureErr := iobench.Measure(ctx, parts)
	for _, r := range rows {
		r.Shared, r.Disk = iobench.Limit(iobench.Least(before, after), iobench.Part(r.Digest), runtime.GOMAXPROCS(0))
		r.Shared, r.Disk = r.Shared*float64(c.Size)/1e9, r.Disk*float64(c.Size)/1e9
		r.Limit = max(r.Shared, r.Disk)
		r.Share = r.Limit / r.Median
		name := cmp.Or(r.Digest, "none")
		out.record(r, fmt.Sprintf("%-10s%14s%10.2f s%12s/s%10.2f s%10.2f s%7.0f%%%9.1f ms", name,
			fileRate(settings.BitRate(r.Rate)), r.Median, formatBytes(uint64(r.PerSecond)), r.Shared, r.Disk,
			100*r.Share, r.First))
	}
	return errors.Join(err, measureErr)
}

// each measures with each digest, until one cannot be measured.
func (c *benchFileCommand) each(ctx context.Context, file string) (rows []fileRecord, err error) {
	for _, name := range c.Digests {
		digest := benchDigests[name].sent
		if c.First {
			digest &^= sender.DigestLater
		}
		rate, runs, err := c.fastest(ctx, file, digest)
		if err != nil {
			return rows, fmt.Errorf("digest %s: %w", name, err)
		}
		rows = append(rows, fileRecord{
			Peer: "flute-node", Operation: "file", Digest: string(benchDigests[name].part), Size: int64(c.Size),
			FEC: c.Scheme, Loss: float64(c.Loss), Lost: runs.lost.Load(),
			Rate: uint64(rate), First: 1000 * runs.first.median(), Seconds: runs.took, Median: runs.took.median(),
			Processor: runs.spent.median(), Sent: runs.sent.median(), PerSecond: float64(c.Size) / runs.took.median(),
		})
	}
	return rows, nil
}

// fileRate tells a rate to people.
func fileRate(r settings.BitRate) string {
	if r == 0 {
		return "as read"
	}
	return r.String()
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
