package main

import (
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// target is a package to change, and another one, whose tests are for it, too: they try what its own let pass.
type target struct{ pkg, user string }

// targets are wire formats, cores and stores.
var targets = []target{
	{"./flute/lct", "./flute/alc"},
	{"./flute/alc", "./flute/receiver"},
	{"./flute/fdt", "./flute/receiver"},
	{"./fec", "./flute/receiver"},
	{"./flute/internal/assembly", "./flute/receiver"},
	{"./flute/internal/content", "./flute/receiver"},
	{"./flute/internal/route", "./flute/receiver"},
	{"./flute/sender", "./flute/receiver"},
	{"./flute/receiver", ""},
	{"./store", "./store/file"},
	{"./store/file", ""},
	{"./store/mem", "./flute/receiver"},
	{"./store/names", "./store/file"},
}

// allowed is the share of mutants that may survive.
const allowed = 0.05

//go:embed survivors.tsv
var survivorsText string

func main() {
	n := flag.Int("n", 20, "mutants of each package")
	seed := flag.Uint64("seed", 1, "seed of the sample")
	own := flag.Bool("own", false, "run the tests of the package alone, not those of one that uses it")
	limit := flag.Duration("limit", 2*time.Minute, "time for the tests of one mutant")
	flag.Parse()
	chosen := slices.Clone(targets)
	if flag.NArg() > 0 {
		chosen = nil
		for _, name := range flag.Args() {
			t := target{pkg: name}
			if i := slices.IndexFunc(targets, func(t target) bool { return t.pkg == name }); i >= 0 {
				t = targets[i]
			}
			chosen = append(chosen, t)
		}
	}
	if *own {
		for i := range chosen {
			chosen[i].user = ""
		}
	}
	if err := run(os.Stdout, chosen, *n, *seed, *limit); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

// run samples, tries and reports the mutants of packages.
func run(w io.Writer, chosen []target, n int, seed uint64, limit time.Duration) error {
	excused, err := parseSurvivors(survivorsText)
	if err != nil {
		return err
	}
	var all, survived, known int
	for _, t := range chosen {
		p, err := load(t.pkg)
		if err != nil {
			return err
		}
		sites := p.sample(n, seed)
		left, err := p.survivors(t, sites, limit)
		if err != nil {
			return fmt.Errorf("%s: %w", t.pkg, err)
		}
		var here int
		for _, s := range left {
			if reason := excused[s.key()]; reason != "" {
				known++
				fmt.Fprintf(w, "  excused  %s: %s\n", s, reason)
				continue
			}
			here++
			fmt.Fprintf(w, "  survived %s\n", s)
		}
		all += len(sites)
		survived += here
		fmt.Fprintf(w, "%s: %d of %d places, %d survived\n", p.ImportPath, len(sites), len(p.sites), here)
	}
	fmt.Fprintf(w, "%d mutants, %d survived (%.1f %%), %d more are excused in survivors.tsv\n",
		all, survived, 100*float64(survived)/float64(max(all, 1)), known)
	if float64(survived) > allowed*float64(all) {
		return errors.New("too many mutants survived")
	}
	return nil
}

// survivors returns those of sites that neither the tests of p notice, nor those of its user.
func (p *pkg) survivors(t target, sites []*site, limit time.Duration) ([]*site, error) {
	left, err := try(p, p.suite(), sites, limit)
	if err != nil || t.user == "" || len(left) == 0 {
		return left, err
	}
	user, err := load(t.user)
	if err != nil {
		return nil, err
	}
	return try(p, user.suite(), left, limit)
}

// parseSurvivors reads lines of: file, function, kind, source text, reason; separated by tabs.
func parseSurvivors(text string) (map[string]string, error) {
	excused := map[string]string{}
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		fields := strings.Split(line, "\t")
		if len(fields) != 5 || fields[4] == "" {
			return nil, fmt.Errorf("survivors.tsv, line %d: want file, function, kind, text and reason", i+1)
		}
		excused[strings.Join(fields[:4], "\t")] = fields[4]
	}
	return excused, nil
}
