package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flute-node/flute-node/internal/fecbench"
	"github.com/flute-node/flute-node/internal/settings"
)

type benchOverheadCommand struct {
	benchFlags
	Trials int           `type:"positive" default:"10000" help:"Receivers of each block."`
	Time   time.Duration `type:"positive" default:"2s" help:"Fewer receivers when this time is over."`
	Extra  int           `type:"natural" default:"10" help:"Count failures with up to so many symbols beyond K."`
}

const (
	opOverhead = "overhead"
	// overheadSymbol is enough where the symbols themselves do not matter; all schemes take it.
	overheadSymbol = 16
	// overheadRepair lets receivers lose a third of what was sent.
	overheadRepair settings.Percent = 0.5
)

// overheadRecord is what was found out about one block, in JSON.
type overheadRecord struct {
	Peer      string  `json:"peer"`
	Scheme    string  `json:"scheme"`
	K         uint32  `json:"k"`
	N1        uint8   `json:"n1,omitempty"`
	Operation string  `json:"operation"`
	Repair    uint32  `json:"repair"`
	Trials    int     `json:"trials"`
	Failures  []int   `json:"failures"` // with K, K+1, K+2… symbols
	Mean      float64 `json:"mean_extra"`
	Unsolved  int     `json:"unsolved"`
}

// Run prints a row for each block: the share of receivers that could not decode with K+e symbols.
func (c *benchOverheadCommand) Run(ctx context.Context, out *output) error {
	if _, err := c.chosen(); err != nil {
		return err
	}
	if c.Trials < 1 || c.Extra < 0 || c.Extra > 1000 {
		return errors.New("--trials must be at least 1, --extra 0 to 1000")
	}
	m := thisMachine()
	columns := c.columns()
	var head strings.Builder
	_, _ = fmt.Fprintf(&head, "Share of receivers that cannot decode with K+e of the K source and the repair symbols, "+
		"in random order\n\n%-14s%7s%8s%9s%8s", "scheme", "K", "repair", "trials", "mean e")
	for _, e := range columns {
		_, _ = fmt.Fprintf(&head, "%10s", fmt.Sprintf("e = %d", e))
	}
	out.record(m, head.String())
	var missing notes
	measure := func(b benchCase) error {
		o, err := b.bench.Overhead(c.Trials, c.Extra)
		if errors.Is(err, fecbench.ErrSkipped) {
			missing.add(b.scheme, b.k, "", err)
			return nil
		}
		if err != nil {
			return err
		}
		var text strings.Builder
		_, _ = fmt.Fprintf(&text, "%-14s%7d%8d%9d%8.3g", b.scheme.Name, b.k, b.block.Repair, o.Trials, o.Mean)
		for _, e := range columns {
			_, _ = fmt.Fprintf(&text, "%10.3g", float64(o.Failures[e])/float64(o.Trials))
		}
		out.record(overheadRecord{
			Peer: "flute-node", Scheme: b.scheme.Name, K: b.k, N1: b.block.OTI.N1, Operation: opOverhead,
			Repair: b.block.Repair, Trials: o.Trials, Failures: o.Failures, Mean: o.Mean, Unsolved: o.Unsolved,
		}, text.String())
		return nil
	}
	skip := func(s benchScheme, k uint32, why error) {
		missing.add(s, k, "", why)
	}
	err := c.each(ctx, survey{
		config: c.config(c.Time), symbol: overheadSymbol, repair: overheadRepair, measure: measure, skip: skip,
	})
	missing.show(out)
	return err
}

// columns are the numbers of extra symbols that the table shows.
func (c *benchOverheadCommand) columns() []int {
	all := []int{0, 1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000}
	return all[:max(1, slices.IndexFunc(append(all, 1<<30), func(e int) bool { return e > c.Extra }))]
}
