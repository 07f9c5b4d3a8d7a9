package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/flute-node/flute-node/internal/bounds"
	"github.com/flute-node/flute-node/internal/config"
	"github.com/flute-node/flute-node/internal/daemon"
	"github.com/flute-node/flute-node/internal/defaults"
	"github.com/flute-node/flute-node/internal/settings"
	"github.com/flute-node/flute-node/node"
)

// limitsCommand takes the flags of receive.
type limitsCommand struct {
	Config string `type:"path" placeholder:"FILE" help:"What a run with this file of configuration may hold, in place of a receive."`
	receiveCommand
}

// limits is what the command prints in JSON.
type limits struct {
	Receptions int            `json:"receptions"`
	WorstCase  uint64         `json:"worst_case"` // bytes
	Bounds     []bounds.Bound `json:"bounds"`
}

// Run prints what a receive with the same flags may hold at most, or a run.
func (c *limitsCommand) Run(_ context.Context, out *output) error {
	if c.Config != "" {
		return c.ofDaemon(out)
	}
	if err := c.memoryFlags.check(); err != nil {
		return err
	}
	words := c.settings()
	cfg, err := words.Config()
	if err != nil {
		return flagged(err)
	}
	l := limits{Receptions: c.receptions()}
	l.Bounds, l.WorstCase, err = node.Config{Budget: uint64(c.Memory)}.Bounds(cfg, l.Receptions)
	if err != nil {
		return err
	}
	l.Bounds = append(l.Bounds, bounds.Bound{
		Part: "lines of output that nobody reads", Of: bounds.Node, Bytes: maxEvents + maxBehind,
	})
	l.WorstCase += maxEvents + maxBehind
	out.table("limits", l, l.String())
	return nil
}

// ofDaemon prints what a run may hold at most.
func (c *limitsCommand) ofDaemon(out *output) error {
	cfg, err := config.Load(c.Config, os.LookupEnv)
	if err != nil {
		return err
	}
	var l limits
	if l.Bounds, l.Receptions, l.WorstCase, err = daemon.Limits(cfg); err != nil {
		return err
	}
	out.table("limits", l, l.String())
	return nil
}

// receptions returns how many receptions the flags ask for. A group that is given twice is received once.
func (c *limitsCommand) receptions() int {
	groups := map[settings.Endpoint]struct{}{}
	for _, g := range c.Group {
		groups[g] = struct{}{}
	}
	return max(1, len(groups))
}

func (l limits) String() string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "for each\tpart\tat most\tbytes\twithin\tset by")
	for _, b := range l.Bounds {
		count := ""
		if b.Count > 0 {
			count = fmt.Sprint(b.Count)
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", b.Of, b.Part, count, mebibytes(b.Bytes), b.Within, b.Set)
	}
	_ = w.Flush()
	_, _ = fmt.Fprintf(&text, "worst case of the node: %s, for %s", mebibytes(l.WorstCase),
		count(l.Receptions, "reception"))
	return text.String()
}

// mebibytes writes a size with one digit after the point; what is small in KiB.
func mebibytes(n uint64) string {
	if n > 0 && n < 1<<16 {
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
}

// memoryFlags bound the memory of the node.
type memoryFlags struct {
	Memory settings.Bytes `default:"1GiB" placeholder:"SIZE" help:"Memory for what is being received and for datagrams that wait; limits prints what is in it, and what comes on top."`
}

func (f *memoryFlags) check() error {
	if f.Memory < defaults.LeastBudget {
		return fmt.Errorf("--memory %v: take %v or more", f.Memory, settings.Bytes(defaults.LeastBudget))
	}
	return nil
}
