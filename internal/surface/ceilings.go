package main

import (
	"errors"
	"fmt"
	"strings"
)

const (
	total        = "total"    // names of all packages but plumbing
	plumbing     = "plumbing" // names of all packages that are plumbing
	packageLimit = 29
	totalLimit   = 299
)

// ceilings are the counts that are allowed, of what is above the limit.
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

// limit returns the limit of a package, or of a sum, without a ceiling.
func limit(name string) int {
	switch name {
	case total:
		return totalLimit
	case plumbing:
		return 0
	}
	return packageLimit
}

// check returns an error that names each count above its ceiling, and each ceiling above its count: names that went
// may not come back unseen.
func (c ceilings) check(counts map[string]int) error {
	var all []error
	for _, name := range sorted(counts) {
		if most := max(limit(name), c[name]); counts[name] > most {
			all = append(all, fmt.Errorf("%s: %d exported names, at most %d are allowed", name, counts[name], most))
		}
	}
	for _, name := range sorted(c) {
		if c[name] > counts[name] || c[name] <= limit(name) {
			all = append(all, fmt.Errorf("%s: a ceiling of %d for %d exported names: lower it with "+
				"`go run ./internal/surface -lower`", name, c[name], counts[name]))
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
	b.WriteString("# The exported names of a package, if it has 30 or more; of all packages that are plumbing; of " +
		"all " +
		"others, if they\n# have 300 or more. Lowered by `go run ./internal/surface -lower`; a commit that raises " +
		"one says why.\n")
	for _, name := range sorted(c) {
		fmt.Fprintln(&b, name, c[name])
	}
	return b.String()
}
