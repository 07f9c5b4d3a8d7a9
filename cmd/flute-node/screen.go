package main

import (
	"io"
	"strconv"
	"strings"
)

// screen shows lines that change below lines that stay, on a terminal. Each frame is one write, and between frames the
// cursor stands at the start of an empty line: what others print there, as a terminal prints ^C, tears no line.
type screen struct {
	w     io.Writer
	size  func() (columns, rows int)
	drawn []int // columns of the lines that change, as drawn last
}

// Control sequences of terminals (ECMA-48, and DEC's for the wrapping of long lines).
const (
	cursorUp   = "\x1b[%dA"
	eraseBelow = "\x1b[J"
	noWrap     = "\x1b[?7l"
	wrap       = "\x1b[?7h"
)

// draw writes the lines that stay, and then those that change in place of the ones before.
func (s *screen) draw(stay, change []string) {
	if len(stay) == 0 && len(change) == 0 && len(s.drawn) == 0 {
		return
	}
	var frame strings.Builder
	if rows := s.rows(); rows > 0 {
		frame.WriteString("\r" + strings.Replace(cursorUp, "%d", strconv.Itoa(rows), 1))
	}
	frame.WriteString("\r" + eraseBelow)
	for _, l := range stay {
		frame.WriteString(l + "\n")
	}
	s.drawn = s.drawn[:0]
	if len(change) > 0 {
		frame.WriteString(noWrap)
		for _, l := range change {
			frame.WriteString(l + "\n")
			s.drawn = append(s.drawn, columns(l))
		}
		frame.WriteString(wrap)
	}
	_, _ = io.WriteString(s.w, frame.String())
}

// rows returns how many rows the lines that change take now: a terminal that has become narrower has wrapped them.
func (s *screen) rows() (n int) {
	width, _ := s.size()
	for _, c := range s.drawn {
		n += max(1, (c+width-1)/width)
	}
	return n
}
