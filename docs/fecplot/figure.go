package main

import (
	"bytes"
	"fmt"
	"html"
	"image/color"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// The size of a figure, in points. Its legend adds to the height.
const (
	width      = 18 * vg.Centimeter
	plotHeight = 9.5 * vg.Centimeter
	margin     = 6
	lineHeight = 14 // of the title and the legend
	thumbnail  = 24 // width of a line in the legend
	gap        = 6  // between a line and its name
	right      = 14 // room for the half of the last number below an axis that lies beside it
)

// widest is the width of a character, in units of the font size, that the layout has room for: fonts that stand in for
// one that is not there are wider than it, Verdana and DejaVu Sans by a third.
const widest = 0.75

// figure is a plot with its title above and its legend below it: a plot of gonum has them where a wider font cuts them.
type figure struct {
	*plot.Plot
	title  string // may have several lines
	legend []entry
}

// entry is a line in a legend.
type entry struct {
	name string
	line plot.Thumbnailer
}

// newFigure returns an empty plot with a grid, whose title says what the vertical axis is.
func newFigure(title, x string) *figure {
	p := plot.New()
	p.X.Label.Text = x
	p.X.Padding, p.Y.Padding, p.X.Label.Padding = vg.Points(4), vg.Points(4), vg.Points(3)
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = color.Gray{225}, color.Gray{225}
	p.Add(grid)
	p.Legend.TextStyle.Font.Size = vg.Points(10)
	return &figure{Plot: p, title: title}
}

// colour is that of a scheme in all figures: told apart by people who see few colours too (Okabe and Ito).
func colour(scheme string) color.Color {
	switch scheme {
	case "raptorq":
		return color.RGBA{0x00, 0x72, 0xB2, 0xFF}
	case "raptor":
		return color.RGBA{0xD5, 0x5E, 0x00, 0xFF}
	case "ldpc":
		return color.RGBA{0x00, 0x9E, 0x73, 0xFF}
	case "ldpc-triangle":
		return color.RGBA{0x56, 0xB4, 0xE9, 0xFF}
	case "rs":
		return color.RGBA{0x00, 0x00, 0x00, 0xFF}
	}
	return color.RGBA{0xCC, 0x79, 0xA7, 0xFF}
}

// dashes are the patterns of lines of one colour.
func dashes(i int) []vg.Length {
	all := [][]vg.Length{
		nil,
		{vg.Points(6), vg.Points(3)},
		{vg.Points(2), vg.Points(2)},
		{vg.Points(8), vg.Points(2), vg.Points(2), vg.Points(2)},
	}
	return all[i%len(all)]
}

// add draws a line; marks says whether its points are shown.
func (f *figure) add(name, scheme string, style int, marks bool, points plotter.XYs) error {
	if len(points) == 0 {
		return nil
	}
	l, s, err := plotter.NewLinePoints(points)
	if err != nil {
		return err
	}
	l.Color, s.Color = colour(scheme), colour(scheme)
	l.Width, l.Dashes = vg.Points(1.4), dashes(style)
	s.Shape, s.Radius = draw.CircleGlyph{}, vg.Points(2)
	f.Add(l)
	if marks {
		f.Add(s)
	}
	f.legend = append(f.legend, entry{name, l})
	return nil
}

// decades marks 1, 2 and 5 of each power of ten, or powers of ten alone where there are many.
type decades struct{ format func(float64) string }

// Ticks implements plot.Ticker.
func (d decades) Ticks(low, high float64) []plot.Tick {
	var ticks []plot.Tick
	first, last := math.Floor(math.Log10(low)), math.Ceil(math.Log10(high))
	for e := first; e <= last; e++ {
		for _, m := range []float64{1, 2, 5} {
			v := m * math.Pow(10, e)
			if v < low*0.999 || v > high*1.001 || m != 1 && last-first > 5 {
				continue
			}
			ticks = append(ticks, plot.Tick{Value: v, Label: d.format(v)})
		}
	}
	return ticks
}

// number writes thousands as k.
func number(v float64) string {
	if v >= 1000 {
		return strconv.FormatFloat(v/1000, 'f', -1, 64) + "k"
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// power writes powers of ten as such.
func power(v float64) string { return strconv.FormatFloat(v, 'e', 0, 64) }

// logarithmic makes both axes so, or only that of y.
func logarithmic(a *plot.Axis, format func(float64) string) {
	a.Scale, a.Tick.Marker = plot.LogScale{}, decades{format}
}

// columns returns into how many columns the legend goes, with room for its longest name.
func (f *figure) columns() int {
	longest := vg.Length(0)
	for _, e := range f.legend {
		name := widest * f.Legend.TextStyle.Font.Size * vg.Length(utf8.RuneCountInString(e.name))
		longest = max(longest, thumbnail+2*gap+name)
	}
	return max(1, int((width-2*margin)/longest))
}

// save writes the figure as SVG.
func (f *figure) save(path string) error {
	title := strings.Split(f.title, "\n")
	columns := f.columns()
	rows := (len(f.legend) + columns - 1) / columns
	above, below := vg.Length(margin+lineHeight*len(title)+margin), vg.Length(margin+lineHeight*rows+margin)
	height := above + plotHeight + below
	c := vgsvg.New(width, height)
	all := draw.New(c)
	all.SetColor(color.White)
	all.Fill(all.Rectangle.Path())
	style := f.Title.TextStyle
	style.Font.Size, style.XAlign, style.YAlign = vg.Points(12), draw.XLeft, draw.YTop
	for i, line := range title {
		all.FillText(style, vg.Point{X: margin, Y: height - margin - vg.Length(lineHeight*i)}, line)
	}
	f.Draw(draw.Crop(all, margin, -right, below, -above))
	style = f.Legend.TextStyle
	style.XAlign, style.YAlign = draw.XLeft, draw.YCenter
	for i, e := range f.legend {
		x := margin + vg.Length(i/rows)*(width-2*margin)/vg.Length(columns)
		y := below - margin - lineHeight*vg.Length(i%rows)
		line := draw.Canvas{Canvas: all, Rectangle: vg.Rectangle{
			Min: vg.Point{X: x, Y: y - lineHeight}, Max: vg.Point{X: x + thumbnail, Y: y},
		}}
		e.line.Thumbnail(&line)
		all.FillText(style, vg.Point{X: x + thumbnail + gap, Y: y - lineHeight/2}, e.name)
	}
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return err
	}
	return os.WriteFile(path, f.fixed(b.Bytes()), 0o644)
}

// texts are the text elements of an SVG: what comes before the style, the font size, what comes after, the text.
var texts = regexp.MustCompile(`(<text [^>]*)(style="[^"]*font-size:([0-9.]+)px")>([^<]*)</text>`)

// fixed gives each text the width that it was laid out with, whatever font it is shown in, and fonts to choose from.
func (f *figure) fixed(svg []byte) []byte {
	svg = texts.ReplaceAllFunc(svg, func(element []byte) []byte {
		m := texts.FindSubmatch(element)
		size, err := strconv.ParseFloat(string(m[3]), 64)
		if err != nil {
			return element
		}
		style := f.Legend.TextStyle
		style.Font.Size = vg.Points(size)
		w := style.Width(html.UnescapeString(string(m[4])))
		return fmt.Appendf(nil, `%stextLength="%.5g" lengthAdjust="spacingAndGlyphs" %s>%s</text>`,
			m[1], w.Points(), m[2], m[4])
	})
	// Where that font is not, those of the same widths do.
	return bytes.ReplaceAll(svg, []byte("font-family:Liberation Serif"),
		[]byte("font-family:'Liberation Serif','Times New Roman',Times,serif"))
}

// every marks multiples of a step.
type every float64

// Ticks implements plot.Ticker.
func (e every) Ticks(low, high float64) []plot.Tick {
	var ticks []plot.Tick
	for i := math.Ceil(low / float64(e)); i*float64(e) <= high; i++ {
		ticks = append(ticks, plot.Tick{Value: i * float64(e), Label: number(i * float64(e))})
	}
	return ticks
}
