package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/iobench"
	"github.com/flute-node/flute-node/internal/settings"
)

type benchFilesCommand struct {
	profileFlags
	Count int            `type:"positive" default:"20000" help:"Files of each run."`
	Size  settings.Bytes `default:"1kB" help:"Size of each file."`
	Runs  int            `type:"positive" default:"3" help:"Runs; their medians count."`
	Dir   string         `placeholder:"DIR" help:"Where the files and their copies are written; default a temporary folder."`
	Keep  bool           `help:"Leave what was written: ext4 without a journal takes long to make files where many were removed lately."`
}

// maxSmall bounds the files of bench files: they are read from memory for what is measured beside the transfer.
const maxSmall = 16 << 20

// smallSample is how many files are published one by one, which may take long.
const smallSample = 2000

// filesRecord is what the runs have measured in JSON: medians, in files a second.
type filesRecord struct {
	Peer      string  `json:"peer"`
	Operation string  `json:"operation"`
	Files     int     `json:"files"`
	Size      int64   `json:"size"`
	Single    times   `json:"one_by_one"` // of each run: written, synced, renamed, the folder synced, one after the other
	Unsynced  times   `json:"unsynced"`   // the same without syncs
	Lean      times   `json:"lean"`       // all files, in rounds of one sync, by all processors; zeros: not measured
	Ours      times   `json:"rate"`       // from the first file added to the last one received
	Ratio     float64 `json:"ratio"`      // of the medians of Ours and Single
	Share     float64 `json:"of_lean"`    // of the medians of Ours and Lean; zero: not measured
	Dropped   uint64  `json:"dropped"`    // datagrams, by the receiver or the kernel
	Processor float64 `json:"processor_seconds"`
	Memory    uint64  `json:"memory"` // the most bytes of the process so far, both ends
}

// Run sends many files to itself, and compares their rate with that of one sync for each file.
func (c *benchFilesCommand) Run(ctx context.Context, out *output) error {
	if c.Size > maxSmall {
		return fmt.Errorf("--size %d: take at most %d", c.Size, maxSmall)
	}
	dir, err := os.MkdirTemp(c.Dir, "flute-node-bench-*")
	if err != nil {
		return err
	}
	if !c.Keep {
		defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	}
	err = c.profiled(func() error { return c.measure(ctx, out, dir) })
	if ctx.Err() != nil {
		return interruption(ctx, "before all was measured")
	}
	if err != nil {
		return failure{err}
	}
	return nil
}

func (c *benchFilesCommand) measure(ctx context.Context, out *output, dir string) error {
	content := make([]byte, c.Size)
	files, err := c.make(ctx, dir, content)
	if err != nil {
		return err
	}
	out.record(thisMachine(), fmt.Sprintf(
		"%s of %s from the first Add to the last verified, durable copy, both ends in this process, over the "+
			"loopback interface,\n"+
			"beside files that are published one by one, with a sync of each and without; lean: in rounds of one\n"+
			"sync, by all processors, without a transfer. Files a second.\n%v\n\n"+
			"%4s%14s%12s%12s%12s%8s%9s%10s%14s%12s",
		count(c.Count, "file"), formatBytes(uint64(c.Size)), thisMachine(),
		"run", "one by one", "unsynced", "lean", "flute-node", "ratio", "of lean", "dropped", "processor", "memory"))
	all := filesRecord{Peer: "flute-node", Operation: "files", Files: c.Count, Size: int64(c.Size)}
	line := func(run string, r filesRecord) string {
		lean, share := "-", "-"
		if r.Share > 0 {
			lean, share = fmt.Sprintf("%.0f", r.Lean.median()), fmt.Sprintf("%.0f %%", 100*r.Share)
		}
		return fmt.Sprintf("%4s%14.0f%12.0f%12s%12.0f%8.1f%9s%10d%12.2f s%12s", run, r.Single.median(),
			r.Unsynced.median(), lean, r.Ours.median(), r.Ratio, share, r.Dropped, r.Processor, formatBytes(r.Memory))
	}
	for run := range c.Runs {
		here := filepath.Join(dir, fmt.Sprint("run", run))
		r, err := c.once(ctx, here, files, content)
		if err != nil {
			return err
		}
		all.Single, all.Unsynced = append(all.Single, r.Single...), append(all.Unsynced, r.Unsynced...)
		all.Lean = append(all.Lean, r.Lean...)
		all.Ours, all.Dropped, all.Memory = append(all.Ours, r.Ours...), all.Dropped+r.Dropped, r.Memory
		all.Processor += r.Processor / float64(c.Runs)
		if !out.asked {
			r.compare()
			out.record(nil, line(fmt.Sprint(run+1), r))
		}
	}
	all.compare()
	out.record(all, line("all", all))
	return nil
}

// compare sets the ratios.
func (r *filesRecord) compare() {
	r.Ratio = r.Ours.median() / r.Single.median()
	if lean := r.Lean.median(); lean > 0 {
		r.Share = r.Ours.median() / lean
	}
}

// once measures each of the four.
func (c *benchFilesCommand) once(
	ctx context.Context, dir string, files []sender.File, content []byte,
) (r filesRecord, err error) {
	n := min(c.Count, smallSample)
	single, err := iobench.SmallFiles(ctx, filepath.Join(dir, "single"), n, content, true)
	if err != nil {
		return r, err
	}
	unsynced, err := iobench.SmallFiles(ctx, filepath.Join(dir, "unsynced"), n, content, false)
	if err != nil {
		return r, err
	}
	lean, err := iobench.LeanFiles(ctx, filepath.Join(dir, "lean"), c.Count, content)
	if err != nil {
		return r, err
	}
	f := filesRun{dir: filepath.Join(dir, "received"), files: files, size: len(content)}
	iobench.Settle() // what was written before is not to be paid for by this run
	before, _ := iobench.Used()
	if err := f.run(ctx); err != nil {
		return r, err
	}
	after, memory := iobench.Used()
	r.Single = times{float64(n) / single.Seconds()}
	r.Unsynced = times{float64(n) / unsynced.Seconds()}
	r.Lean = times{0}
	if lean > 0 {
		r.Lean[0] = float64(c.Count) / lean.Seconds()
	}
	r.Ours = times{float64(len(files)) / f.took.Seconds()}
	r.Dropped, r.Processor, r.Memory = f.dropped, (after - before).Seconds(), memory
	if c.Keep {
		return r, nil
	}
	for _, name := range []string{"single", "unsynced", "lean"} {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, name)))
	}
	return r, err
}
