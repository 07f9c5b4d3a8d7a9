package main

import (
	"encoding/xml"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// In pixels.
const (
	advance = 7  // width of a column
	pitch   = 17 // height of a line
	margin  = 14
	bar     = 26 // height of the title bar
)

// draw returns the SVG. Each line that is ever shown is defined once; a frame refers to its lines. Frames stand one
// below the other, and the strip of them jumps. The width of each line is given, so that it is the same in every font.
func draw(frames []frame, rows, columns int) string {
	width, height := columns*advance+2*margin, rows*pitch+2*margin+bar
	end := frames[len(frames)-1].at + hold
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%[1]d" height="%[2]d" role="img">
<title>%s</title>
<style>
text{font:11.7px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace;fill:#d0d7de;white-space:pre}
.p{fill:#7ee787}
.s{transform:translateY(%dpx);animation:s %.2fs step-end infinite}
@keyframes s{%s}
@media (prefers-reduced-motion:reduce){.s{animation:none}}
</style>
`, width, height, escape(strings.TrimPrefix(frames[0].lines[0], "$ ")), -(len(frames)-1)*height, end.Seconds(),
		keyframes(frames, height, end))
	ids := map[string]int{}
	b.WriteString("<defs>\n")
	for _, f := range frames {
		for _, line := range f.lines {
			if _, known := ids[line]; known || line == "" {
				continue
			}
			ids[line] = len(ids)
			class := ""
			if strings.HasPrefix(line, "$ ") {
				class = ` class="p"`
			}
			fmt.Fprintf(&b, "<text id=\"l%d\"%s x=\"%d\" textLength=\"%d\" lengthAdjust=\"spacingAndGlyphs\" "+
				"xml:space=\"preserve\">%s</text>\n",
				ids[line], class, margin, utf8.RuneCountInString(line)*advance, escape(line))
		}
	}
	fmt.Fprintf(&b, "<clipPath id=\"c\"><rect width=\"%d\" height=\"%d\"/></clipPath>\n</defs>\n", width, height)
	fmt.Fprintf(&b, "<rect width=\"%d\" height=\"%d\" rx=\"8\" fill=\"#0d1117\"/>\n", width, height)
	for i, colour := range []string{"#ff5f57", "#febc2e", "#28c840"} {
		fmt.Fprintf(&b, "<circle cx=\"%d\" cy=\"16\" r=\"5\" fill=\"%s\"/>\n", margin+6+i*18, colour)
	}
	b.WriteString("<g clip-path=\"url(#c)\"><g class=\"s\">\n")
	for i, f := range frames {
		for row, line := range f.lines {
			if line != "" {
				fmt.Fprintf(&b, "<use href=\"#l%d\" y=\"%d\"/>", ids[line], i*height+bar+margin+row*pitch+13)
			}
		}
		b.WriteByte('\n')
	}
	b.WriteString("</g></g>\n</svg>\n")
	return b.String()
}

// keyframes returns where the strip is at which part of the time.
func keyframes(frames []frame, height int, end time.Duration) string {
	var b strings.Builder
	for i, f := range frames {
		fmt.Fprintf(&b, "%.2f%%{transform:translateY(%dpx)}", 100*f.at.Seconds()/end.Seconds(), -i*height)
	}
	fmt.Fprintf(&b, "100%%{transform:translateY(%dpx)}", -(len(frames)-1)*height)
	return b.String()
}

func escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder takes all
	return b.String()
}
