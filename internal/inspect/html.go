package inspect

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"strings"
	"time"
)

//go:embed page.html
var pageText string

// HTML returns the report as one page with plots, which needs nothing from elsewhere and runs no script. Names from the
// network are text in it.
func (r *Report) HTML() ([]byte, error) {
	page, err := template.New("page").Funcs(template.FuncMap{
		"size": size, "rate": rate, "numbers": numbers, "level": level, "plots": plots,
		"time":     func(t time.Time) string { return t.Format("2006-01-02 15:04:05.000 MST") },
		"gap":      func(d time.Duration) time.Duration { return d.Round(10 * time.Microsecond) },
		"progress": func(o Object) string { return o.progress() },
	}).Parse(pageText)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = page.Execute(&b, r)
	return b.Bytes(), err
}

// Words says what the verdict means.
func (r *Report) Words() string { return r.words() }

// plot is a curve over the time of a session.
type plot struct {
	Title, Top, Class, Path string
}

// plots returns the curves of a session: those that show anything.
func plots(x Session) (list []plot) {
	step := x.Series.Step
	if step == 0 {
		return nil
	}
	seconds := step.Seconds()
	add := func(title, class string, show func(float64) string, value func(*Point) float64) {
		if p, top := curve(x.Series.Points, value); top > 0 {
			list = append(list, plot{fmt.Sprintf("%s, in steps of %v", title, step), show(top), class, p})
		}
	}
	count := func(v float64) string { return fmt.Sprintf("%.0f", v) }
	took := func(v float64) string { return time.Duration(v).Round(time.Microsecond).String() }
	add("Rate", "", rate, func(p *Point) float64 { return float64(p.Bytes) * 8 / seconds })
	add("Symbols lost", "bad", count, func(p *Point) float64 { return float64(p.Lost) })
	add("Out of order", "bad", count, func(p *Point) float64 { return float64(p.Late) })
	add("Doubled", "bad", count, func(p *Point) float64 { return float64(p.Duplicates) })
	add("Jitter", "", took, func(p *Point) float64 { return float64(p.Jitter) })
	add("Longest pause", "", took, func(p *Point) float64 { return float64(p.Gap) })
	return list
}

// curve returns the path of an SVG of 1000 by 100, and the highest value.
func curve(points []Point, value func(*Point) float64) (path string, top float64) {
	for i := range points {
		top = max(top, value(&points[i]))
	}
	if top == 0 {
		return "", 0
	}
	var b strings.Builder
	width := 1000 / float64(len(points))
	for i := range points {
		command := byte('L')
		if i == 0 {
			command = 'M'
		}
		y := 98 - 96*value(&points[i])/top
		_, _ = fmt.Fprintf(&b, "%c%.1f %.1f", command, float64(i)*width, y)
		_, _ = fmt.Fprintf(&b, "H%.1f", float64(i+1)*width)
	}
	return b.String(), top
}
