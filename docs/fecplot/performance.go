package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// performance is what bench io, bench file and bench sessions have measured in one run.
type performance struct {
	machine  record
	parts    []performed // of bench io
	files    []performed // of bench file
	sessions []performed // of bench sessions
	objects  []performed // of bench sessions --objects 1,…
}

// performed is one JSON line of them; which fields it has depends on the operation.
type performed struct {
	record

	Part     string  `json:"part"`
	PerGB    float64 `json:"seconds_per_gb"`
	Clock    float64 `json:"clock_seconds_per_gb"`
	Digest   string  `json:"digest"`
	Size     float64 `json:"size"`
	Rate     float64 `json:"rate"`
	Median   float64 `json:"median"`
	Limit    float64 `json:"limit_seconds"`
	Shared   float64 `json:"processor_limit_seconds"`
	Disk     float64 `json:"disk_seconds"`
	First    float64 `json:"first_packet_ms"`
	Memory   float64 `json:"memory"`
	Sessions int     `json:"sessions"`
	Objects  int     `json:"objects"`
	Packets  int     `json:"datagrams"`
	Dropped  int     `json:"dropped"`
	Kernel   int     `json:"kernel_drops"`
	Lost     int     `json:"lost_files"`
	Each     float64 `json:"microseconds_per_datagram"`
	Ratio    float64 `json:"ratio"`

	Steady      float64 `json:"steady_microseconds_per_datagram"`
	SteadyRatio float64 `json:"steady_ratio"`
}

// read adds the lines of r.
func (p *performance) read(r io.Reader) error {
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		var v performed
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		switch {
		case v.Program != "":
			p.machine = v.record
		case v.Operation == "io":
			p.parts = append(p.parts, v)
		case v.Operation == "file":
			p.files = append(p.files, v)
		case v.Operation == "sessions":
			p.sessions = append(p.sessions, v)
		case v.Operation == "objects":
			p.objects = append(p.objects, v)
		}
	}
	return lines.Err()
}

// drawPerformance draws the figures of performance.md and writes its tables.
func drawPerformance(docs, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // nothing is written
	var p performance
	if err := p.read(f); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if len(p.parts) == 0 || len(p.files) == 0 || len(p.sessions) == 0 {
		return errors.New(name + ": one of bench io, file and sessions is missing")
	}
	return errors.Join(
		drawFiles(&p, filepath.Join(docs, "performance-file.svg")),
		drawSessions(&p, filepath.Join(docs, "performance-sessions.svg")),
		insertTable(filepath.Join(docs, "performance.md"), p.tables()))
}

// digestOf tells a digest to people.
func digestOf(d string) string {
	if d == "" {
		return "none"
	}
	return d
}

// drawFiles draws what a GB of a file takes beside what its parts take at least.
func drawFiles(p *performance, path string) error {
	f := newFigure("From a file to its verified copy\nseconds for 1 GB", "digest at either end")
	var names []string
	var took, limit plotter.Values
	for _, r := range p.files {
		names = append(names, digestOf(r.Digest))
		took, limit = append(took, r.Median*1e9/r.Size), append(limit, r.Limit*1e9/r.Size)
	}
	const thick = 40
	for i, bars := range []struct {
		name, colour string
		values       plotter.Values
	}{{"at least, from the parts measured alone", "ldpc-triangle", limit}, {"measured", "raptorq", took}} {
		b, err := plotter.NewBarChart(bars.values, vg.Points(thick))
		if err != nil {
			return err
		}
		b.Color, b.LineStyle.Width, b.Offset = colour(bars.colour), 0, vg.Points(thick*(float64(i)-0.5))
		f.Add(b)
		f.legend = append(f.legend, entry{bars.name, b})
	}
	f.NominalX(names...)
	f.Y.Min = 0
	return f.save(path)
}

// drawSessions draws what a datagram costs against the number of sessions.
func drawSessions(p *performance, path string) error {
	const title = "Both ends, at one rate of all sessions together\nmicroseconds of a processor for a datagram"
	f := newFigure(title, "sessions")
	logarithmic(&f.X, number)
	var points plotter.XYs
	for _, r := range p.sessions {
		points = append(points, plotter.XY{X: float64(r.Sessions), Y: r.Each})
	}
	if err := f.add(fmt.Sprintf("%g Gbit/s", p.sessions[0].Rate/1e9), "raptorq", 0, true, points); err != nil {
		return err
	}
	f.Y.Min = 0
	return f.save(path)
}

// tables are those of the page, in Markdown.
func (p *performance) tables() string {
	var text strings.Builder
	fmt.Fprintf(&text, "Measured on: %s, %s/%s, %s.\n\n", p.machine.CPU, p.machine.OS, p.machine.Arch, p.machine.Go)
	text.WriteString("| Part, alone | seconds of a processor for 1 GB | by the clock |\n|---|--:|--:|\n")
	for _, r := range p.parts {
		fmt.Fprintf(&text, "| %s | %.3f | %.3f |\n", r.Part, r.PerGB, r.Clock)
	}
	text.WriteString("\n| Digest | GB | Rate | Seconds | Processors | Disk | At least | Of it | First packet |\n" +
		"|---|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, r := range p.files {
		rate := "as read"
		if r.Rate > 0 {
			rate = fmt.Sprintf("%g Gbit/s", r.Rate/1e9)
		}
		fmt.Fprintf(&text, "| %s | %.2f | %s | %.2f | %.2f | %.2f | %.2f | %.0f %% | %.1f ms |\n",
			digestOf(r.Digest), r.Size/1e9, rate, r.Median, r.Shared, r.Disk, r.Limit, 100*r.Limit/r.Median, r.First)
	}
	datagrams(&text, "Sessions, at %g Gbit/s in all", p.sessions, func(r *performed) int { return r.Sessions })
	datagrams(&text, "Files of one session, at %g Gbit/s", p.objects, func(r *performed) int { return r.Objects })
	return text.String()
}

// datagrams writes the table of what a datagram costs, if that was measured; many is what its first column counts.
func datagrams(text *strings.Builder, title string, rows []performed, many func(*performed) int) {
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(text, "\n| "+title+" | Datagrams | Dropped | By the kernel | Lost files | "+
		"µs for a datagram | Ratio | While all send | Ratio | Memory |\n"+
		"|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n", rows[0].Rate/1e9)
	for i := range rows {
		r := &rows[i]
		fmt.Fprintf(text, "| %d | %d | %d | %d | %d | %.2f | %.2f | %.2f | %.2f | %.0f MiB |\n", many(r), r.Packets,
			r.Dropped, r.Kernel, r.Lost, r.Each, r.Ratio, r.Steady, r.SteadyRatio, r.Memory/(1<<20))
	}
}
