package main

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// screen is what a terminal shows.
type screen struct {
	rows, columns int
	lines         [][]rune
	row, column   int
	noWrap        bool
	rest          string // of a control sequence or a character that is not complete
}

func newScreen(rows, columns int) *screen {
	return &screen{rows: rows, columns: columns, lines: make([][]rune, rows)}
}

// write shows text.
func (s *screen) write(text string) {
	text = s.rest + text
	s.rest = ""
	for len(text) > 0 {
		if text[0] == '\x1b' {
			n := s.control(text)
			if n == 0 {
				s.rest = text
				return
			}
			text = text[n:]
			continue
		}
		end := strings.IndexByte(text, '\x1b')
		if end < 0 {
			end = complete(text)
		}
		if end == 0 {
			s.rest = text
			return
		}
		for _, r := range text[:end] {
			s.put(r)
		}
		text = text[end:]
	}
}

// complete returns the length of text without a character at its end of which bytes are missing.
func complete(text string) int {
	for i := len(text) - 1; i >= max(0, len(text)-utf8.UTFMax); i-- {
		if utf8.RuneStart(text[i]) {
			if !utf8.FullRuneInString(text[i:]) {
				return i
			}
			break
		}
	}
	return len(text)
}

// put shows one character.
func (s *screen) put(r rune) {
	switch r {
	case '\r':
		s.column = 0
		return
	case '\n':
		s.down()
		return
	}
	if s.column == s.columns {
		if s.noWrap {
			s.column--
		} else {
			s.column = 0
			s.down()
		}
	}
	line := s.lines[s.row]
	for len(line) <= s.column {
		line = append(line, ' ')
	}
	line[s.column] = r
	s.lines[s.row] = line
	s.column++
}

func (s *screen) down() {
	if s.row < s.rows-1 {
		s.row++
		return
	}
	copy(s.lines, s.lines[1:])
	s.lines[s.rows-1] = nil
}

// control obeys the control sequence that text starts with, and returns its length; 0 if it is not complete.
func (s *screen) control(text string) int {
	if len(text) < 2 {
		return 0
	}
	if text[1] != '[' {
		return 2
	}
	end := strings.IndexFunc(text[2:], func(r rune) bool { return r >= '@' && r <= '~' })
	if end < 0 {
		return 0
	}
	argument, final := text[2:2+end], text[2+end]
	n, _ := strconv.Atoi(argument)
	switch final {
	case 'A':
		s.row = max(s.row-max(n, 1), 0)
	case 'J':
		s.erase()
		clear(s.lines[s.row+1:])
	case 'K':
		s.erase()
	case 'l', 'h':
		if argument == "?7" {
			s.noWrap = final == 'l'
		}
	}
	return 3 + end
}

// erase erases the line from the cursor on.
func (s *screen) erase() {
	if line := s.lines[s.row]; len(line) > s.column {
		s.lines[s.row] = line[:s.column]
	}
}

// text returns the lines, without what is empty at their ends.
func (s *screen) text() []string {
	text := make([]string, s.rows)
	for i, line := range s.lines {
		text[i] = strings.TrimRight(string(line), " ")
	}
	return text
}
