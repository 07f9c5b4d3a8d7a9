package config

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// maxErrors bounds how many errors of one file are told.
const maxErrors = 20

// Error is what is wrong at one place of a file.
type Error struct {
	File         string // empty: it concerns no file
	Line, Column int    // from 1; 0: it concerns the whole file
	Text         string
}

// Error implements error: file:line:column: text.
func (e *Error) Error() string {
	switch {
	case e.File == "":
		return e.Text
	case e.Line == 0:
		return fmt.Sprintf("%s: %s", e.File, e.Text)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Text)
}

// Errors are all that is wrong with a configuration, at most maxErrors of them, in the order of the file.
type Errors []*Error

// Error implements error, with one line for each.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// faults collects errors.
type faults struct {
	list Errors
	more int // that are not in the list
}

func (f *faults) add(at place, format string, args ...any) {
	if len(f.list) == maxErrors {
		f.more++
		return
	}
	f.list = append(f.list, &Error{at.file, at.line, at.column, oneLine(fmt.Sprintf(format, args...))})
}

// oneLine shows control characters: an error is a line, which a terminal prints.
func oneLine(s string) string {
	var b strings.Builder
	for _, c := range s {
		if unicode.IsControl(c) {
			b.WriteString(strings.Trim(strconv.QuoteRune(c), "'"))
		} else {
			b.WriteRune(c)
		}
	}
	return b.String()
}

// err returns what was collected; nil: nothing.
func (f *faults) err() error {
	if list := f.sorted(); len(list) > 0 {
		return list
	}
	return nil
}

// sorted returns what was collected in the order of the file.
func (f *faults) sorted() Errors {
	slices.SortStableFunc(f.list, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	if f.more > 0 {
		last := f.list[len(f.list)-1]
		last.Text += fmt.Sprintf("; and %d more", f.more)
	}
	return f.list
}
