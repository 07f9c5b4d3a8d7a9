package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute/sender"
)

// demoResult is the outcome in JSON.
type demoResult struct {
	FEC      string   `json:"fec"`
	Repair   float64  `json:"repair"` // symbols for each source symbol
	Verified int      `json:"verified"`
	Objects  int      `json:"objects"`
	Bytes    uint64   `json:"bytes"`
	Elapsed  float64  `json:"elapsed_seconds"`
	Sent     uint64   `json:"datagrams_sent"`
	Lost     uint64   `json:"datagrams_lost"`
	Repaired uint64   `json:"source_symbols_repaired"`
	Messages *uint64  `json:"messages,omitempty"` // that JetStream has kept, of each file one; nil: it was not told
	Failures []string `json:"failures"`
}

// report prints the table. It fails unless every file was verified.
func (d *demo) report(out *output, cfg *sender.Config, failures []string, elapsed time.Duration) error {
	r := demoResult{
		FEC: d.Scheme, Repair: d.redundancy(cfg), Objects: d.Sessions * d.Objects, Elapsed: elapsed.Seconds(),
		Failures: failures,
	}
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(w, "TSI\tfiles\tverified\tdatagrams\tlost\trepaired\tslowest\t")
	for _, s := range d.sessions {
		sent, lost := s.sent.Load(), s.lost.Load()
		_, _ = fmt.Fprintf(w, "%d\t%d\t%d\t%d\t%d\t%d\t%v\t\n", s.tsi, d.Objects, s.verified, sent, lost, s.repaired,
			s.slowest.Round(time.Millisecond))
		r.Verified += s.verified
		r.Sent += sent
		r.Lost += lost
		r.Repaired += s.repaired
	}
	r.Bytes = uint64(r.Verified) * uint64(d.Size)
	_ = w.Flush()
	for _, f := range failures {
		_, _ = fmt.Fprintln(&text, "FAILED", f)
	}
	_, _ = fmt.Fprintf(&text, "%d of %d files verified, %s in %v: %.2f Gbit/s", r.Verified, r.Objects,
		formatBytes(r.Bytes), elapsed.Round(time.Millisecond), float64(r.Bytes)*8/1e9/elapsed.Seconds())
	_, _ = fmt.Fprintf(&text, "\n%s", d.describe(cfg))
	told := true
	if d.nats != nil {
		told = d.nats.kept == uint64(r.Verified)
		r.Messages = &d.nats.kept
		_, _ = fmt.Fprintf(&text, "\nNATS JetStream at %s was told of each file twice, and has kept %d messages of %d "+
			"files", d.nats.url, d.nats.kept, r.Verified)
	}
	out.table("demo", r, text.String())
	if r.Verified != r.Objects || !told {
		return errFailed
	}
	return nil
}

// fileOTI returns the OTI of the files.
func (d *demo) fileOTI(cfg *sender.Config) *fec.OTI {
	if o := d.fec.ForSize(cfg, uint64(d.Size)); o != nil {
		return o
	}
	return &cfg.OTI
}

// redundancy returns the number of repair symbols for each source symbol.
func (d *demo) redundancy(cfg *sender.Config) float64 {
	if o := d.fileOTI(cfg); o.MaxEncodingSymbols > 0 {
		return float64(o.MaxEncodingSymbols)/float64(o.MaxSourceBlockLength) - 1
	}
	return max(0, cfg.Redundancy)
}

// describe says which FEC the files had, and why so many repair symbols.
func (d *demo) describe(cfg *sender.Config) string {
	o, repair := d.fileOTI(cfg), d.redundancy(cfg)
	if repair == 0 {
		return fmt.Sprintf("FEC %s, symbols of %d bytes, no repair: what was lost came again", d.Scheme, o.SymbolLength)
	}
	why := ""
	switch {
	case d.Repair == nil && d.Loss > 0:
		why = fmt.Sprintf(" (chosen for a loss of %v)", d.Loss)
	case d.Repair == nil:
		why = " (the default)"
	}
	return fmt.Sprintf("FEC %s, at most %d source symbols of %d bytes in a block, %.1f%% repair symbols%s",
		d.Scheme, o.MaxSourceBlockLength, o.SymbolLength, 100*repair, why)
}
