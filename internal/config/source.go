package config

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml/token"
)

// source is a file as the parser takes it: in UTF-8, each line ended by LF.
type source struct {
	path  string
	text  string
	lines []string

	// The line where the latest token stands: the whole text may be one, as programs write JSON.
	number int // from 1; 0: there was none
	line   []rune
	tabs   int // of line
}

// read takes a text. What is wrong with it, if anything is, stands at a place that each editor shows: up to there LF
// and CR LF alone have ended lines, as they do in every editor. U+0085, U+2028 and U+2029 end none (YAML 1.2.2,
// section 5.4).
//
// The parser would count a CR LF behind a comment, and in quotes, as two lines.
func (s *source) read(text []byte) (wrong string, at place) {
	at = place{s.path, 1, 1}
	if name := otherEncoding(text); name != "" {
		return fmt.Sprintf("the file is in %s: save it in UTF-8", name), at
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // as Notepad begins a file
	s.text = strings.ReplaceAll(string(text), "\r\n", "\n")
	for i, c := range s.text {
		switch {
		case c == '\n':
			at.line, at.column = at.line+1, 0
		case c == '\r':
			return "a carriage return stands alone: end lines by LF, or by CR LF", at
		case c == utf8.RuneError && !strings.HasPrefix(s.text[i:], string(c)):
			return fmt.Sprintf("the byte 0x%02x is no UTF-8: save the file in UTF-8", s.text[i]), at
		case unicode.IsControl(c) && c != '\t' && c != '\u0085': // YAML 1.2.2, section 5.1
			return fmt.Sprintf(`the control character %U may not stand here: in double quotes \x%02x means it`, c, c), at
		}
		at.column++
	}
	s.lines = strings.Split(s.text, "\n")
	return "", at
}

// otherEncoding returns the encoding of a text that is not in UTF-8 (YAML 1.2.2, section 5.2).
func otherEncoding(text []byte) string {
	for _, e := range []struct{ begins, name string }{
		{"\xff\xfe\x00\x00", "UTF-32"}, {"\x00\x00\xfe\xff", "UTF-32"}, {"\xff\xfe", "UTF-16"}, {"\xfe\xff", "UTF-16"},
	} {
		if bytes.HasPrefix(text, []byte(e.begins)) {
			return e.name
		}
	}
	return ""
}

// of returns where a token stands: a place of the text, whatever the parser says. It counts some tabs as no columns,
// and has some values of several lines begin at their end.
func (s *source) of(t *token.Token) place {
	if t == nil || t.Position == nil {
		return place{file: s.path}
	}
	number := min(max(t.Position.Line, 1), len(s.lines))
	s.turnTo(number)
	column := min(max(t.Position.Column, 1), len(s.line)+1)
	if t.Type == token.InvalidType { // it stands where it becomes one
		return place{s.path, number, column}
	}
	begins, more, _ := strings.Cut(strings.TrimLeft(t.Origin, " \t\n"), "\n")
	begins = strings.TrimRight(begins, " \t")
	first := []rune(begins)
	for at := column; at <= min(len(s.line), column+s.tabs); at++ {
		if rest := s.line[at-1:]; len(first) <= len(rest) && slices.Equal(rest[:len(first)], first) {
			return place{s.path, number, at}
		}
	}
	for n := number - 1; n >= max(1, number-1-strings.Count(more, "\n")); n-- {
		if before, _, found := strings.Cut(s.lines[n-1], begins); found {
			return place{s.path, n, utf8.RuneCountInString(before) + 1}
		}
	}
	return place{s.path, number, column}
}

// turnTo makes a line the latest one.
func (s *source) turnTo(number int) {
	if s.number != number {
		text := s.lines[number-1]
		s.number, s.line, s.tabs = number, []rune(text), strings.Count(text, "\t")
	}
}
