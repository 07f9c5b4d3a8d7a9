package main

import (
	"fmt"
	"strings"
)

// kind is what a mutant changes.
type kind string

const (
	boundary   kind = "boundary"   // < is <=, > is >=, and the other way round
	negation   kind = "negation"   // == is !=; a condition of if is its opposite
	logical    kind = "logical"    // && is ||, and the other way round
	arithmetic kind = "arithmetic" // + is -, << is >>, and so on
	number     kind = "number"     // n is n + 1
	truth      kind = "truth"      // true is false
	removal    kind = "removal"    // a call or an assignment is left out
)

// edit replaces bytes [from, to) of a file. Of edits at one place that with the least order comes first: what ends
// there before what begins there, of what ends the inner one first, of what begins the outer one.
type edit struct {
	from, to int
	text     string
	order    int
}

// site is a place in the source that may be changed.
type site struct {
	kind     kind
	file     string // relative to the module
	function string
	line     int
	text     string // the source, on one line
	nth      int    // of those of its kind and text in the function, from 1
	edits    func(id int) []edit
}

// key is what survivors.tsv calls a site.
func (s *site) key() string {
	return strings.Join([]string{s.file, s.function, string(s.kind), s.label()}, "\t")
}

// label returns the text, with nth behind it if it is not the first.
func (s *site) label() string {
	if s.nth > 1 {
		return fmt.Sprintf("%s #%d", s.text, s.nth)
	}
	return s.text
}

func (s *site) String() string {
	return fmt.Sprintf("%s:%d %s, %s: %s", s.file, s.line, s.function, s.kind, s.label())
}
