// Command surface counts the exported names of the public packages: what an embedder has to read, and what a release
// has to keep. Methods and fields are not counted, nor are packages that nobody outside can import.
//
//	go run ./internal/surface          list the counts
//	go run ./internal/surface -check   fail if a count is not what is allowed
//	go run ./internal/surface -lower   lower the ceilings to the counts
//
// A package should have fewer than 30 names, all of them together fewer than 300. What has more today has a ceiling in
// ceilings.txt, which is lowered with each name that goes.
//
// A package whose doc.go says that it is plumbing is counted apart, under a ceiling of its own. No example may import
// it, and no exported declaration of another package may mention it. See docs/adr/0027-names-for-embedders.md.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
)

const ceilingsFile = "internal/surface/ceilings.txt"

func main() {
	check := flag.Bool("check", false, "fail if a count is above its ceiling, or below it")
	lower := flag.Bool("lower", false, "lower the ceilings to the counts")
	flag.Parse()
	if err := run(*check, *lower); err != nil {
		fmt.Fprintln(os.Stderr, "surface:", err)
		os.Exit(1)
	}
}

func run(check, lower bool) error {
	packages, err := readTree(".")
	if err != nil {
		return err
	}
	text, err := os.ReadFile(ceilingsFile)
	if err != nil {
		return err
	}
	limits, err := parseCeilings(string(text))
	if err != nil {
		return err
	}
	counts := count(packages)
	for _, name := range sorted(counts) {
		fmt.Printf("%5d  %s%s\n", counts[name], name, note(packages, name))
	}
	if lower {
		return os.WriteFile(ceilingsFile, []byte(limits.lowered(counts).String()), 0o666)
	}
	if check {
		return errors.Join(limits.check(counts), mentions(packages))
	}
	return nil
}

// note tells plumbing from the rest.
func note(packages []pack, name string) string {
	if slices.ContainsFunc(packages, func(p pack) bool { return p.dir == name && p.plumbing }) {
		return " (plumbing)"
	}
	return ""
}

// count returns the names of each package, by its folder, and the two sums.
func count(packages []pack) map[string]int {
	counts := map[string]int{total: 0, plumbing: 0}
	for _, p := range packages {
		if p.names == 0 {
			continue
		}
		counts[p.dir] = p.names
		if p.plumbing {
			counts[plumbing] += p.names
		} else {
			counts[total] += p.names
		}
	}
	return counts
}

// sorted returns the names of counts, the sums last.
func sorted(counts map[string]int) []string {
	names := make([]string, 0, len(counts))
	for name := range counts {
		if name != total && name != plumbing {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, strings.Compare)
	for _, name := range []string{plumbing, total} {
		if _, ok := counts[name]; ok {
			names = append(names, name)
		}
	}
	return names
}
