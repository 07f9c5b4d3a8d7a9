package main

import (
	"errors"
	"fmt"
	"strings"
)

const (
	total        = "total"
	packageLimit = 29  // names of a package
	totalLimit   = 299 // names of all packages
)

// ceilings are the counts that may not be exceeded, of those packages that are above the limit.
type ceilings map[string]int

// parseCeilings parses lines of a name and a number. Empty lines, and those that begin with #, say nothing.
func parseCeilings(text string) (ceilings, error) {
	c := ceilings{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		var name string
		var n int
		if _, err := fmt.Sscan(line, &name, &n); err != nil {
			return nil, fmt.Errorf("%q: %w", line, err)
		}
		c[name] = n
	}
	return c, nil
}

// limit returns the limit of a package, or of the total, without a ceiling.
func limit(name string) int {
	if name == total {
		return totalLimit
	}
	return packageLimit
}

// check returns an error that names each count above its ceiling.
func (c ceilings) check(counts map[string]int) error {
	var all []error
	for _, name := range sorted(counts) {
		if most := max(limit(name), c[name]); counts[name] > most {
			all = append(all, fmt.Errorf("%s: %d exported names, at most %d are allowed", name, counts[name], most))
		}
	}
	return errors.Join(all...)
}

// lowered returns the ceilings that the counts allow. None is higher than before, and none is new.
func (c ceilings) lowered(counts map[string]int) ceilings {
	l := ceilings{}
	for name, n := range c {
		if n = min(n, counts[name]); n > limit(name) {
			l[name] = n
		}
	}
	return l
}

// String returns the text that parseCeilings reads.
func (c ceilings) String() string {
	var b strings.Builder
	b.WriteString("# The most exported names that a package may have, if it has 30 or more today, and all of them, " +
		"if they have 300 or\n# more. Lowered by `go run ./internal/surface -lower`; never raised.\n")
	for _, name := range sorted(c) {
		fmt.Fprintln(&b, name, c[name])
	}
	return b.String()
}
