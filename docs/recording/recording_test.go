package main

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestScreen(t *testing.T) {
	for name, test := range map[string]struct {
		written []string
		want    []string
	}{
		"lines":              {[]string{"a\r\nb"}, []string{"a", "b", ""}},
		"return":             {[]string{"abc\rX"}, []string{"Xbc", "", ""}},
		"wrap":               {[]string{"abcdefgh"}, []string{"abcde", "fgh", ""}},
		"no wrap":            {[]string{"\x1b[?7labcdefgh\x1b[?7h"}, []string{"abcdh", "", ""}},
		"scroll":             {[]string{"a\r\nb\r\nc\r\nd"}, []string{"b", "c", "d"}},
		"up and erase below": {[]string{"a\r\nb\r\nc\r\x1b[2A\x1b[Jx"}, []string{"x", "", ""}},
		"erase the line":     {[]string{"abc\r\x1b[Kx"}, []string{"x", "", ""}},
		"in pieces":          {[]string{"a\r\nb\r\x1b", "[1", "A\xc3", "\xbc"}, []string{"ü", "b", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScreen(3, 5)
			for _, text := range test.written {
				s.write(text)
			}
			if diff := cmp.Diff(test.want, s.text()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDraw(t *testing.T) {
	svg := draw(
		[]frame{{0, []string{"$ x --loss 10% <a>", ""}}, {time.Second, []string{"$ x --loss 10% <a>", "b & c"}}}, 2, 20)
	for d := xml.NewDecoder(strings.NewReader(svg)); ; {
		if _, err := d.Token(); err == io.EOF { //nolint:errorlint // Token returns it bare
			break
		} else if err != nil {
			t.Fatalf("%v\n%s", err, svg)
		}
	}
	for _, part := range []string{
		`>b &amp; c</text>`, `textLength="35"`, "0.00%{transform:translateY(0px)}14.29%{transform:translateY(-88px)}",
		".s{transform:translateY(-88px)", // the last screen, where nothing moves
	} {
		if !strings.Contains(svg, part) {
			t.Errorf("no %q in\n%s", part, svg)
		}
	}
}
