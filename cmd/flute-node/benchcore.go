package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/internal/corebench"
	"github.com/flute-node/flute-node/internal/fecbench"
	"github.com/flute-node/flute-node/internal/settings"
)

type benchCoreCommand struct {
	profileFlags
	Scheme []string       `placeholder:"NAME" help:"FEC schemes: no-code, rs, rs16, raptorq, raptor; default all."`
	Size   settings.Bytes `default:"128MiB" help:"Bytes of the files of a session together: more than fit into the caches."`
	Time   time.Duration  `type:"positive" default:"2s" help:"Time for each figure."`
	Seed   uint64         `default:"1" help:"Seed of the data and of the losses."`
}

// The operations, as they are called in JSON.
const (
	opSend    = "send"
	opReceive = "receive"
)

// coreRecord is one figure in JSON.
type coreRecord struct {
	Peer      string  `json:"peer"`
	Layer     string  `json:"layer"`
	Scheme    string  `json:"scheme"`
	K         uint32  `json:"k"`
	Repair    uint32  `json:"repair"` // symbols of a block that were sent
	Operation string  `json:"operation"`
	Loss      float64 `json:"loss"`
	MB        float64 `json:"mb_per_s"` // the median
	BestMB    float64 `json:"best_mb_per_s"`
	Runs      int     `json:"runs"`
}

// Run sends and receives the files of each case in memory, on one goroutine.
func (c *benchCoreCommand) Run(ctx context.Context, out *output) error {
	cases := corebench.Cases()
	for _, name := range c.Scheme {
		if !slices.ContainsFunc(cases, func(k corebench.Case) bool { return k.Name == name }) {
			return fmt.Errorf("--scheme %s: take no-code, rs, rs16, raptorq, raptor", name)
		}
	}
	out.record(thisMachine(), fmt.Sprintf(
		"%v\nMB/s (10^6 bytes) of files through the cores, in memory, without digests, on one goroutine; median\n\n"+
			"%-10s%6s%8s%10s%8s%10s", thisMachine(), "scheme", "K", "repair", "send", "loss", "receive"))
	return c.profiled(func() error {
		for _, k := range cases {
			if c.Scheme != nil && !slices.Contains(c.Scheme, k.Name) {
				continue
			}
			if err := c.measure(ctx, out, k); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c *benchCoreCommand) measure(ctx context.Context, out *output, k corebench.Case) error {
	b := corebench.New(fecbench.Config{
		Registry: schemes.Default, Now: time.Now, Budget: c.Time, Bytes: uint64(c.Size), Seed: c.Seed,
	}, k)
	figure := func(operation string, loss float64, measure func() (fecbench.Result, error)) (string, error) {
		if ctx.Err() != nil {
			return "", interruption(ctx, "before all was measured")
		}
		result, err := measure()
		if err != nil {
			return "", failure{fmt.Errorf("%s, K = %d, %s: %w", k.Name, k.K, operation, err)}
		}
		median, best := result.MBPerSecond()
		if out.asked {
			out.record(coreRecord{
				Peer: "flute-node", Layer: "session", Scheme: k.Name, K: k.K, Repair: k.Repair, Operation: operation,
				Loss: loss, MB: math.Round(10*median) / 10, BestMB: math.Round(10*best) / 10, Runs: result.Runs,
			}, "")
		}
		return formatSpeed(median), nil
	}
	sent, err := figure(opSend, 0, b.Send)
	for i, loss := range k.Losses {
		if err != nil {
			return err
		}
		var received string
		received, err = figure(opReceive, loss, func() (fecbench.Result, error) { return b.Receive(loss) })
		if !out.asked && err == nil {
			head := fmt.Sprintf("%-10s%6d%8d%10s", k.Name, k.K, k.Repair, sent)
			if i > 0 {
				head = strings.Repeat(" ", len(head))
			}
			out.record(nil, fmt.Sprintf("%s%7.4g%%%10s", head, 100*loss, received))
		}
	}
	return err
}
