package main

import (
	"strings"
	"unicode"

	"github.com/flute-node/flute-node/internal/outgoing"
)

// humanName writes a Content-Location as the name of a file: file:///a%20b is "a b".
func humanName(location string) string {
	return plain(outgoing.NameOf(location))
}

// plain replaces what a terminal would obey: names and reasons come from the network.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == unicode.ReplacementChar ||
			r == 0x2028 || r == 0x2029 {
			return '?'
		}
		return r
	}, s)
}

// columns returns how many columns of a terminal s takes.
func columns(s string) (n int) {
	for _, r := range s {
		n += runeColumns(r)
	}
	return n
}

// runeColumns returns 0 for what combines with the rune before, 2 for what East Asian Width (UAX 11) calls wide.
func runeColumns(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case r < 0x1100:
		return 1
	case r <= 0x115f, r >= 0x2e80 && r <= 0xa4cf && r != 0x303f, r >= 0xa960 && r <= 0xa97f, r >= 0xac00 && r <= 0xd7a3,
		r >= 0xf900 && r <= 0xfaff, r >= 0xfe10 && r <= 0xfe6f, r >= 0xff01 && r <= 0xff60, r >= 0xffe0 && r <= 0xffe6,
		r >= 0x1f300 && r <= 0x1f64f, r >= 0x1f680 && r <= 0x1f6ff, r >= 0x1f900 && r <= 0x1faff,
		r >= 0x20000 && r <= 0x3fffd:
		return 2
	}
	return 1
}

// shorten cuts s in the middle, where names differ least, to at most width columns.
func shorten(s string, width int) string {
	if columns(s) <= width {
		return s
	}
	if width < 1 {
		return ""
	}
	runes := []rune(s)
	head, tail := (width-1)/2, width-1-(width-1)/2 // columns on either side of the ellipsis
	var left, right int
	for w := 0; left < len(runes) && w+runeColumns(runes[left]) <= head; left++ {
		w += runeColumns(runes[left])
	}
	right = len(runes)
	for w := 0; right > left && w+runeColumns(runes[right-1]) <= tail; right-- {
		w += runeColumns(runes[right-1])
	}
	for right < len(runes) && runeColumns(runes[right]) == 0 { // a combining mark without its letter
		right++
	}
	return string(runes[:left]) + "…" + string(runes[right:])
}

// pad fills s with spaces to width columns.
func pad(s string, width int) string { return s + strings.Repeat(" ", max(0, width-columns(s))) }
