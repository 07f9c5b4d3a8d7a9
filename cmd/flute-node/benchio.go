package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/flute-node/flute-node/internal/iobench"
	"github.com/flute-node/flute-node/internal/settings"
)

type benchIOCommand struct {
	Size     settings.Bytes `default:"1GiB" help:"Bytes that each part works on."`
	Datagram int            `type:"positive" default:"1440" help:"Bytes of a datagram, up to 2048."`
	Dir      string         `placeholder:"DIR" help:"Where a file of --size is written; default a temporary folder."`
}

// ioRecord is one part in JSON.
type ioRecord struct {
	Peer      string  `json:"peer"`
	Operation string  `json:"operation"`
	Part      string  `json:"part"`
	Seconds   float64 `json:"seconds_per_gb"`       // of a processor
	Clock     float64 `json:"clock_seconds_per_gb"` // that pass
}

// limitRecord is what they make together in JSON.
type limitRecord struct {
	Peer       string  `json:"peer"`
	Operation  string  `json:"operation"`
	Digest     string  `json:"digest"` // at either end; empty: none
	Processors int     `json:"processors"`
	Seconds    float64 `json:"seconds_per_gb"`      // the larger of these two
	Shared     float64 `json:"processors_per_gb"`   // what the processors take
	Disk       float64 `json:"disk_seconds_per_gb"` // what the disk takes for the file alone
	PerSecond  float64 `json:"bytes_per_second"`
}

// ioParts tells the parts to people, in the order of the table.
var ioParts = []struct {
	part iobench.Part
	text string
}{
	{iobench.Read, "read a file that is in memory"},
	{iobench.SHA256, "SHA-256"},
	{iobench.MD5, "MD5"},
	{iobench.Copy, "copy in memory"},
	{iobench.Send, "send datagrams"},
	{iobench.Receive, "receive datagrams"},
	{iobench.Write, "write a file, up to fsync"},
}

// Run measures the parts of a transfer, and prints what they make together.
func (c *benchIOCommand) Run(ctx context.Context, out *output) error {
	if c.Datagram > iobench.MaxPayload {
		return fmt.Errorf("--datagram %d: take at most %d", c.Datagram, iobench.MaxPayload)
	}
	dir := c.Dir
	if dir == "" {
		dir = os.TempDir()
	}
	costs, err := iobench.Measure(ctx, iobench.Config{Dir: dir, Bytes: int64(c.Size), Payload: c.Datagram})
	if ctx.Err() != nil {
		return interruption(ctx, "before all was measured")
	}
	if err != nil {
		return failure{err}
	}
	parts := map[iobench.Part]iobench.Cost{}
	for _, cost := range costs {
		parts[cost.Part] = cost
	}
	var head strings.Builder
	_, _ = fmt.Fprintf(&head, "What the parts of a transfer cost here: seconds of a processor for 1 GB\n%v\n",
		thisMachine())
	out.record(thisMachine(), head.String())
	for _, p := range ioParts {
		cost := parts[p.part]
		text := fmt.Sprintf("%-32s%8.3f s", p.text, cost.Seconds)
		if p.part == iobench.Write {
			text += fmt.Sprintf("   %.3f s by the clock", cost.Clock)
		}
		out.record(ioRecord{"flute-node", "io", string(p.part), cost.Seconds, cost.Clock}, text)
	}
	heading := "\nFrom a file to a verified file, both ends on these processors, nothing but that: at least, as its " +
		"processors\nor its disk have it\n\n"
	for _, digest := range []iobench.Part{iobench.SHA256, iobench.MD5, ""} {
		r := limitRecord{
			Peer: "flute-node", Operation: "io limit", Digest: string(digest), Processors: runtime.GOMAXPROCS(0),
		}
		r.Shared, r.Disk = iobench.Limit(costs, digest, r.Processors)
		r.Seconds = max(r.Shared, r.Disk)
		r.PerSecond = 1e9 / max(r.Seconds, 1e-9)
		name := string(digest)
		if name == "" {
			name = "without digest"
		}
		out.record(r, fmt.Sprintf("%s%-32s%8.3f s   %s/s", heading, name, r.Seconds, formatBytes(uint64(r.PerSecond))))
		heading = ""
	}
	return nil
}
