package main

import (
	"errors"
	"fmt"

	"gonum.org/v1/plot/plotter"
)

const (
	mostExtra     = 20 // symbols beyond K in the figure
	leastFailures = 5  // fewer are chance
)

// drawOverhead draws the share of receivers that cannot decode against the number of symbols beyond K that they have.
// What hardly ever happened is left out.
func drawOverhead(m *measured, path string) error {
	p := newFigure("Share of blocks that cannot be decoded", "encoding symbols beyond K")
	logarithmic(&p.Y, power)
	p.X.Tick.Marker = every(5)
	styles := map[string]int{}
	all := m.curves(
		func(r record) bool {
			return r.Operation == "overhead" && (r.K == 100 || r.K == 1000) && r.Failures[0] > 0
		},
		func(r record) line { return line{peer: r.Peer, scheme: r.Scheme, n1: r.N1, k: r.K} })
	for _, c := range all {
		r := c.records[0]
		var points plotter.XYs
		for e, n := range r.Failures {
			if n >= leastFailures && e <= mostExtra {
				points = append(points, plotter.XY{X: float64(e), Y: float64(n) / float64(r.Trials)})
			}
		}
		name := fmt.Sprintf("%s, K = %d", c.scheme, c.k)
		if c.n1 != 0 {
			name = fmt.Sprintf("%s N1=%d, K = %d", c.scheme, c.n1, c.k)
		}
		if err := p.add(name, c.scheme, styles[c.scheme], true, points); err != nil {
			return err
		}
		styles[c.scheme]++
	}
	if len(all) == 0 {
		return errors.New("nothing was measured of K = 100 and 1000")
	}
	return p.save(path)
}
