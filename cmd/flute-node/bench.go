package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/internal/fecbench"
	"github.com/flute-node/flute-node/internal/settings"
)

type benchCommand struct {
	FEC      benchFECCommand      `cmd:"" help:"Speed and memory of FEC schemes, on one core: a table, or JSON lines."`
	Overhead benchOverheadCommand `cmd:"" help:"How many symbols beyond K receivers need to decode, by trial."`
	Pace     benchPaceCommand     `cmd:"" help:"How steadily a session sends on the loopback interface, by kernel time stamps."`
	Core     benchCoreCommand     `cmd:"" help:"Files through the cores of sender and receiver, in memory, with each FEC scheme."`
	IO       benchIOCommand       `cmd:"" help:"What the parts of a transfer cost here, and so the least time of one."`
	Sessions benchSessionsCommand `cmd:"" help:"Many sessions at one rate in all: datagrams that are dropped, and what one costs."`
	File     benchFileCommand     `cmd:"" help:"A file from the call of Send to its verified copy, beside the least time of that."`
	Files    benchFilesCommand    `cmd:"" help:"Many small files from the first Add to their verified copies, beside one fsync for each file."`
}

// benchFlags are what the benchmarks of FEC schemes have in common.
type benchFlags struct {
	Scheme    []string          `placeholder:"NAME" help:"FEC schemes, as --fec of send; default all that have a codec."`
	K         []uint32          `placeholder:"N" help:"Source symbols of a block; by default some that fit the scheme."`
	Symbol    uint16            `type:"positive" placeholder:"BYTES" help:"Symbol length in bytes; default 1400, of overhead 16."`
	Repair    *settings.Percent `placeholder:"20%" help:"Repair symbols, in percent of the source symbols; default 25% for Reed-Solomon, 50% for LDPC and of overhead, 20% otherwise."`
	FieldBits uint8             `type:"positive" placeholder:"8" help:"rs2: m, 2 to 16."`
	N1        uint8             `type:"positive" name:"ldpc-n1" placeholder:"7" help:"ldpc: equations of each source symbol, 3 to 10."`
	Memory    settings.Bytes    `default:"2GiB" help:"Leave out what needs more memory."`
	Seed      uint64            `default:"1" help:"Seed of the data and of the losses."`

	now      func() time.Time     // a test has its own clock
	registry func() *fec.Registry // and its own schemes
}

// benchCase is one source block to measure.
type benchCase struct {
	scheme benchScheme
	k      uint32
	bench  *fecbench.Bench
	block  fecbench.Block
}

// config returns the configuration of a measurement of so much time.
func (f *benchFlags) config(budget time.Duration) fecbench.Config {
	c := fecbench.Config{Registry: f.registry, Now: f.now, Budget: budget, Bytes: uint64(f.Memory), Seed: f.Seed}
	if c.Registry == nil {
		c.Registry = schemes.Default
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// survey says what to do with every block that was asked for.
type survey struct {
	config  fecbench.Config
	symbol  uint16           // length in bytes by default
	repair  settings.Percent // by default; 0: that of the scheme
	measure func(benchCase) error
	skip    func(s benchScheme, k uint32, why error) // a block that cannot be made
}

// chosen returns the schemes that were asked for. It refuses flags that mean nothing, before anything is printed.
func (f *benchFlags) chosen() ([]benchScheme, error) {
	if slices.Contains(f.K, 0) {
		return nil, errors.New("--k 0: a source block has at least 1 source symbol")
	}
	return findBenchSchemes(f.Scheme)
}

// each goes through the blocks that were asked for.
func (f *benchFlags) each(ctx context.Context, v survey) error {
	chosen, err := f.chosen()
	if err != nil {
		return err
	}
	if f.Repair != nil {
		v.repair = *f.Repair
	}
	v.symbol = cmp.Or(f.Symbol, v.symbol)
	registry := v.config.Registry()
	for _, s := range chosen {
		if _, err := registry.Scheme(&fec.OTI{EncodingID: s.ID}); err != nil {
			if f.Scheme != nil {
				return fmt.Errorf("--scheme %s: %w", s.Name, err)
			}
			continue // there is no codec
		}
		sizes := s.sizes
		if f.K != nil {
			sizes = slices.Sorted(slices.Values(f.K))
		}
		share := v.repair
		if share == 0 && f.Repair == nil {
			share = s.repair
		}
		for _, k := range sizes {
			if ctx.Err() != nil {
				return interruption(ctx, "before all was measured")
			}
			c, err := f.newCase(v.config, s, k, v.symbol, share)
			if err != nil && f.Repair == nil && s.repair != 0 {
				// What is right for most may be too much for some.
				c, err = f.newCase(v.config, s, k, v.symbol, s.repair)
			}
			if err != nil {
				v.skip(s, k, err)
				continue
			}
			switch err := v.measure(c); {
			case ctx.Err() != nil:
				return interruption(ctx, "before all was measured")
			case err != nil:
				return failure{fmt.Errorf("%s, K = %d: %w", s.Name, k, err)}
			}
		}
	}
	return nil
}

// notes say why figures are missing, each reason once.
type notes struct {
	order []note
	sizes map[note][]uint32
	what  map[note][]string
}

type note struct{ scheme, reason string }

// add tells that what was not measured for a block of k source symbols; what may be empty.
func (n *notes) add(s benchScheme, k uint32, what string, err error) {
	key := note{s.Name, reason(err)}
	if n.sizes == nil {
		n.sizes, n.what = map[note][]uint32{}, map[note][]string{}
	}
	if n.sizes[key] == nil {
		n.order = append(n.order, key)
	}
	if !slices.Contains(n.sizes[key], k) {
		n.sizes[key] = append(n.sizes[key], k)
	}
	if what != "" && !slices.Contains(n.what[key], what) {
		n.what[key] = append(n.what[key], what)
	}
}

// show prints a line for each reason, unless JSON was asked for.
func (n *notes) show(out *output) {
	if len(n.order) == 0 || out.asked {
		return
	}
	var text strings.Builder
	for _, key := range n.order {
		sizes := strings.Trim(strings.ReplaceAll(fmt.Sprint(n.sizes[key]), " ", ", "), "[]")
		_, _ = fmt.Fprintf(&text, "\n%s, K = %s", key.scheme, sizes)
		if what := n.what[key]; what != nil {
			_, _ = fmt.Fprintf(&text, ", %s", strings.Join(what, ", "))
		}
		_, _ = fmt.Fprintf(&text, ": %s", key.reason)
	}
	out.record(nil, text.String())
}

// reason is why something was skipped, without what all of those say.
func reason(err error) string {
	return strings.TrimPrefix(oneLine(err.Error()), fecbench.ErrSkipped.Error()+": ")
}

// newCase makes a source block of k source symbols.
func (f *benchFlags) newCase(
	cfg fecbench.Config, s benchScheme, k uint32, symbol uint16, repair settings.Percent,
) (benchCase, error) {
	words := settings.FEC{Scheme: s.Name, Symbol: f.Symbol}
	if s.IsCoded() {
		words.Repair = &repair
	}
	if s.Takes("field-bits") {
		words.FieldBits = f.FieldBits
	}
	if s.Takes("ldpc-n1") {
		words.N1 = f.N1
	}
	if s.Takes("alignment") {
		words.Alignment = alignment(symbol)
	}
	o, n, err := words.OneBlock(k, symbol)
	if err != nil {
		return benchCase{}, flagged(err)
	}
	b := fecbench.Block{OTI: o, K: k, Repair: n}
	if v, err := variant(cfg, &o); err == nil {
		b.Variant = v
	}
	bench, err := fecbench.New(cfg, b)
	return benchCase{scheme: s, k: k, bench: bench, block: b}, err
}

// variant returns the code that a scheme takes by default.
func variant(cfg fecbench.Config, o *fec.OTI) (fec.Variant, error) {
	s, err := cfg.Registry().Scheme(o)
	if err != nil || len(s.Variants()) == 0 {
		return "", err
	}
	return s.Variants()[0], nil
}

// alignment returns the largest usual alignment that divides the symbol length.
func alignment(symbol uint16) uint8 {
	for a := uint8(4); a > 1; a /= 2 {
		if symbol%uint16(a) == 0 {
			return a
		}
	}
	return 1
}
