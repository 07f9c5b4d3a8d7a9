package main

import (
	"bytes"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// The size of a figure.
const (
	width  = 18 * vg.Centimeter
	height = 10.5 * vg.Centimeter
)

// newFigure returns an empty plot with a grid. The label of y would take room above a logarithmic axis (gonum places it by
// values, not by logarithms): there it belongs into the title.
func newFigure(title, x, y string) *plot.Plot {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, x, y
	p.Title.Padding, p.X.Padding, p.Y.Padding = vg.Points(6), vg.Points(4), vg.Points(4)
	p.X.Label.Padding, p.Y.Label.Padding = vg.Points(3), vg.Points(3)
	p.Title.TextStyle.Font.Size = vg.Points(13)
	p.Legend.ThumbnailWidth = vg.Points(24)
	p.Legend.Padding = vg.Points(1)
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = color.Gray{225}, color.Gray{225}
	p.Add(grid)
	return p
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
	all := [][]vg.Length{nil, {vg.Points(6), vg.Points(3)}, {vg.Points(2), vg.Points(2)}, {vg.Points(8), vg.Points(2), vg.Points(2), vg.Points(2)}}
	return all[i%len(all)]
}

// add draws a line; marks shows its points.
func add(p *plot.Plot, name, scheme string, style int, marks bool, points plotter.XYs) error {
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
	p.Add(l)
	if marks {
		p.Add(s)
	}
	p.Legend.Add(name, l)
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

// save writes p as SVG, or as what else the path says, with its legend to the right.
func save(p *plot.Plot, path string) error {
	legend := p.Legend
	p.Legend = plot.NewLegend()
	c, err := draw.NewFormattedCanvas(width, height, strings.TrimPrefix(filepath.Ext(path), "."))
	if err != nil {
		return err
	}
	all := draw.New(c)
	all.SetColor(color.White)
	all.Fill(all.Rectangle.Path())
	strip := legend.Rectangle(all).Size().X + vg.Points(12)
	p.Draw(draw.Crop(all, 0, -strip, 0, 0))
	legend.Top, legend.Left = true, true // so that a wider font does no harm
	legend.Draw(draw.Crop(all, width-strip+vg.Points(4), 0, 0, -vg.Points(30)))
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return err
	}
	// Where that font is not, those of the same widths do.
	out := bytes.ReplaceAll(b.Bytes(), []byte("font-family:Liberation Serif"),
		[]byte("font-family:'Liberation Serif','Times New Roman',Times,serif"))
	return os.WriteFile(path, out, 0o644)
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
