package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/flute-node/flute-node/internal/defaults"
	"github.com/flute-node/flute-node/internal/fecbench"
	"github.com/flute-node/flute-node/internal/settings"
)

type benchFECCommand struct {
	benchFlags
	Loss  []settings.Percent `default:"0%,1%,5%,20%,100%" help:"Shares of source symbols that a decoder has not got; 100% is nothing but repair symbols."`
	Time  time.Duration      `type:"positive" default:"300ms" help:"Time for each figure."`
	Limit time.Duration      `type:"positive" default:"10s" help:"Leave out a figure for which one run would last longer, as far as that can be told from a shorter block."`
}

// The operations, as they are called in JSON.
const (
	opEncode     = "encode"
	opEncodeCold = "encode_cold"
	opDecode     = "decode"
)

// fecRecord is one figure in JSON.
type fecRecord struct {
	Peer      string  `json:"peer"`
	Scheme    string  `json:"scheme"`
	K         uint32  `json:"k"`
	Symbol    uint16  `json:"symbol"`
	Operation string  `json:"operation"`
	Loss      float64 `json:"loss"`
	Repair    uint32  `json:"repair"` // symbols that were made, or that were received
	Skipped   string  `json:"skipped,omitempty"`
	MB        float64 `json:"mb_per_s,omitempty"` // the median
	BestMB    float64 `json:"best_mb_per_s,omitempty"`
	Runs      int     `json:"runs,omitempty"`
	Encoder   uint64  `json:"encoder_bytes"`
	Decoder   uint64  `json:"decoder_bytes"`
}

// fecTable is one run of `bench fec`.
type fecTable struct {
	*benchFECCommand
	out   *output
	past  map[string]pace // by scheme and operation
	notes notes
}

// pace is how long a run took for a block of k source symbols.
type pace struct {
	k    uint32
	time time.Duration
}

// Run prints a row of figures for each block.
func (c *benchFECCommand) Run(ctx context.Context, out *output) error {
	if _, err := c.chosen(); err != nil {
		return err
	}
	for _, p := range c.Loss {
		if p > 1 {
			return fmt.Errorf("--loss %v%%: take 0%% to 100%%", 100*float64(p))
		}
	}
	t := &fecTable{benchFECCommand: c, out: out, past: map[string]pace{}}
	m := thisMachine()
	out.record(m, fmt.Sprintf("%v\nMB/s (10^6 bytes) of source data on one core, median; "+
		"symbols of %d bytes unless said otherwise\n\n%s", m, t.symbol(), t.head()))
	err := c.each(ctx, survey{
		config: c.config(c.Time), symbol: t.symbol(),
		measure: func(b benchCase) error { return t.row(ctx, b) }, skip: t.skipped,
	})
	t.notes.show(out)
	return err
}

func (t *fecTable) symbol() uint16 { return cmp.Or(t.Symbol, defaults.SymbolLength) }

// head is the first line of the table.
func (t *fecTable) head() string {
	var text strings.Builder
	_, _ = fmt.Fprintf(&text, "%-14s%7s%8s%9s%9s", "scheme", "K", "repair", "encode", "cold")
	for i, p := range t.Loss {
		title := fmt.Sprintf("%.4g%%", 100*float64(p))
		if i == 0 {
			title = "decode " + title
		}
		_, _ = fmt.Fprintf(&text, "%*s", lossWidth(i), title)
	}
	_, _ = fmt.Fprintf(&text, "%14s%14s", "encoder MiB", "decoder MiB")
	return text.String()
}

func lossWidth(i int) int {
	if i == 0 {
		return 12
	}
	return 8
}

// row measures one block.
func (t *fecTable) row(ctx context.Context, c benchCase) error {
	var text strings.Builder
	_, _ = fmt.Fprintf(&text, "%-14s%7d%8d", c.scheme.Name, c.k, c.block.Repair)
	cell := func(width int, operation string, loss float64, measure func() (fecbench.Result, error)) error {
		if ctx.Err() != nil {
			return interruption(ctx, "before all was measured")
		}
		figure, err := t.figure(c, operation, loss, measure)
		_, _ = fmt.Fprintf(&text, "%*s", width, figure)
		return err
	}
	err := cell(9, opEncode, 0, c.bench.Encode)
	if err == nil {
		err = cell(9, opEncodeCold, 0, c.bench.EncodeCold)
	}
	for i, p := range t.Loss {
		if err == nil {
			decode := func() (fecbench.Result, error) { return c.bench.Decode(float64(p)) }
			err = cell(lossWidth(i), opDecode, float64(p), decode)
		}
	}
	if err != nil {
		return err
	}
	m := c.bench.Memory()
	_, _ = fmt.Fprintf(&text, "%14.2f%14.2f", float64(m.Encoder)/(1<<20), float64(m.Decoder)/(1<<20))
	if !t.out.asked {
		t.out.record(nil, text.String())
	}
	return nil
}

// figure measures one operation, writes it as JSON if that is wanted, and returns what the table shows.
func (t *fecTable) figure(
	c benchCase, operation string, loss float64, measure func() (fecbench.Result, error),
) (string, error) {
	m := c.bench.Memory()
	r := fecRecord{
		Peer: "flute-node", Scheme: c.scheme.Name, K: c.k, Symbol: c.block.OTI.SymbolLength,
		Operation: operation, Loss: loss, Repair: c.block.Repair, Encoder: m.Encoder, Decoder: m.Decoder,
	}
	key := fmt.Sprint(c.scheme.Name, operation, loss)
	result, err := fecbench.Result{}, t.tooLong(key, c.k)
	if err == nil {
		result, err = measure()
	}
	text := "-"
	switch {
	case errors.Is(err, fecbench.ErrSkipped):
		r.Skipped = reason(err)
		t.notes.add(c.scheme, c.k, describeOperation(operation, loss), err)
	case err != nil:
		return "", err
	default:
		t.past[key] = pace{c.k, result.Median}
		r.MB, r.BestMB = result.MBPerSecond()
		r.MB, r.BestMB, r.Runs = math.Round(10*r.MB)/10, math.Round(10*r.BestMB)/10, result.Runs
		if operation == opDecode {
			r.Repair = uint32(result.Lost + result.Extra)
		}
		text = formatSpeed(r.MB)
	}
	if t.out.asked {
		t.out.record(r, "")
	}
	return text, nil
}

// tooLong returns an error that wraps fecbench.ErrSkipped when a run for k source symbols would last too long. The work
// of a code grows at most with the square of the length of its block.
func (t *fecTable) tooLong(key string, k uint32) error {
	p, ok := t.past[key]
	if !ok {
		return nil
	}
	growth := float64(k) / float64(p.k)
	if expected := time.Duration(float64(p.time) * growth * growth); expected > t.Limit {
		return fmt.Errorf("%w: one run may last %.2g s, --limit is %v",
			fecbench.ErrSkipped, expected.Seconds(), t.Limit)
	}
	return nil
}

func (t *fecTable) skipped(s benchScheme, k uint32, why error) {
	t.notes.add(s, k, "", why)
	if t.out.asked {
		t.out.record(fecRecord{Peer: "flute-node", Scheme: s.Name, K: k, Symbol: t.symbol(), Skipped: reason(why)}, "")
	}
}

func describeOperation(operation string, loss float64) string {
	if operation == opDecode {
		return fmt.Sprintf("decode at %.4g%%", 100*loss)
	}
	return strings.ReplaceAll(operation, "_", " ")
}

// formatSpeed has a decimal where that is a digit that counts.
func formatSpeed(mb float64) string {
	if mb < 100 {
		return fmt.Sprintf("%.1f", mb)
	}
	return fmt.Sprintf("%.0f", mb)
}
