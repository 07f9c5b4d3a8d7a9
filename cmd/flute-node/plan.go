package main

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/outgoing"
	"github.com/flute-node/flute-node/internal/settings"
	"github.com/flute-node/flute-node/node"
)

// planRecord is a plan in JSON.
type planRecord struct {
	Files        int     `json:"files"`
	Bytes        uint64  `json:"bytes"`
	Packets      uint64  `json:"packets"`
	FDTPackets   uint64  `json:"fdt_packets"`
	Padding      uint64  `json:"padding"` // of the packets
	FDTInstances uint64  `json:"fdt_instances"`
	Payload      uint64  `json:"payload_bytes"` // of UDP
	Counted      uint64  `json:"counted_bytes"` // as --counting says
	Overhead     float64 `json:"overhead"`      // UDP payload beyond the bytes of the files, in parts of these
	Seconds      float64 `json:"seconds"`       // from the first packet to the last one of a file; 0: no rate
	Rate         uint64  `json:"rate"`          // mean bits per second, as --counting says; 0: no rate
	LateSeconds  float64 `json:"late_seconds"`  // by how much --within or --by is missed
	Memory       uint64  `json:"memory_bytes"`  // for content and FEC, at most
}

// plan prints what would be sent.
func (c *sendCommand) plan(ctx context.Context, out *output, cfg node.SendConfig, files []sender.File) error {
	p, err := node.PlanSend(ctx, cfg, nil, files)
	if ctx.Err() != nil {
		return interruption(ctx, "before the plan was made")
	}
	if err != nil {
		return failure{err}
	}
	out.table("plan", planRecord{
		Files: p.Files, Bytes: p.FileBytes, Packets: p.Packets, FDTPackets: p.FDTPackets, FDTInstances: p.FDTInstances,
		Padding: p.Padding,
		Payload: p.Payload, Counted: p.Counted, Overhead: p.Overhead(), Seconds: p.Takes.Seconds(), Rate: p.Rate(),
		LateSeconds: p.Late.Seconds(), Memory: p.Memory,
	}, c.planText(&p, cfg.To.String()))
	if p.Late > 0 {
		return failure{fmt.Errorf("the target is missed by %s: take a higher --rate or more time",
			formatDuration(p.Late))}
	}
	return nil
}

// planText tells a plan to people.
func (c *sendCommand) planText(p *node.Plan, to string) string {
	var text strings.Builder
	row := func(name, format string, args ...any) {
		_, _ = fmt.Fprintf(&text, "\n%-10s", name)
		_, _ = fmt.Fprintf(&text, format, args...)
	}
	times := ""
	switch {
	case c.Repeat < 0:
		times = ", one turn of many"
	case c.Repeat > 1:
		times = fmt.Sprintf(", %d times", c.Repeat)
	}
	_, _ = fmt.Fprintf(&text, "would send %s, %s, to %v%s", count(p.Files, "file"), formatBytes(p.FileBytes), to, times)
	row("packets", "%d, of them %d of %s", p.Packets, p.FDTPackets, count(p.FDTInstances, "FDT Instance"))
	row("payload", "%s of UDP, %.1f%% more than the files", formatBytes(p.Payload), 100*p.Overhead())
	if c.Counting != "payload" {
		row("counted", "%s (%s)", formatBytes(p.Counted), c.Counting)
	}
	if p.Takes > 0 {
		row("takes", "%s, at %v", formatDuration(p.Takes), settings.BitRate(math.Round(float64(p.Rate())/1e4)*1e4))
	} else {
		row("takes", "as long as the socket does: there is no rate")
	}
	row("memory", "%s at most, for content and FEC", formatBytes(p.Memory))
	if c.Constant {
		row("padding", "%d of the packets", p.Padding)
	}
	return text.String()
}

// toSend returns the files of items.
func toSend(items []*outgoing.Item) (files []sender.File) {
	for _, i := range items {
		files = append(files, i.File)
	}
	return files
}
