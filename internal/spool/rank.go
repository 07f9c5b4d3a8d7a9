package spool

import "io"

// Rank says how much a line matters.
type Rank int

// The ranks.
const (
	Debug Rank = iota
	Info
	Warn
	Error
)

// eighths is how much of the memory lines of a Rank and those below may fill: the rest is for those above.
var eighths = [...]int{Debug: 4, Info: 6, Warn: 7, Error: 8}

// Of returns the io.Writer for lines of a Rank. Each Write is one line.
func (w *Writer) Of(r Rank) io.Writer { return ranked{w, w.most / 8 * eighths[r]} }

// ranked is a Writer as lines of one Rank see it.
type ranked struct {
	w    *Writer
	most int
}

// Write implements io.Writer.
func (r ranked) Write(line []byte) (int, error) {
	r.w.put(line, r.most)
	return len(line), nil
}
