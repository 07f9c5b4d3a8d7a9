package main

import (
	"fmt"
	"slices"

	"gonum.org/v1/plot/plotter"
)

// drawSpeed draws the speed of an operation against K.
func drawSpeed(m *measured, operation string, loss float64, path string) error {
	title := "Encode"
	if operation == "decode" {
		title = fmt.Sprintf("Decode, %.0f %% of the source symbols lost", 100*loss)
	}
	p := newFigure(title+"\nMB/s of source data on one core", "K, source symbols of a block")
	logarithmic(&p.X, number)
	logarithmic(&p.Y, number)
	styles := map[string]int{}
	all := m.curves(
		func(r record) bool {
			return r.Operation == operation && r.Loss == loss && slices.Contains(schemes(), r.Scheme)
		},
		func(r record) line { return line{peer: r.Peer, scheme: r.Scheme} })
	for _, c := range all {
		var points plotter.XYs
		for _, r := range c.records {
			points = append(points, plotter.XY{X: float64(r.K), Y: r.MB})
		}
		name := c.scheme
		if c.peer != own {
			name = fmt.Sprintf("%s (%s)", c.scheme, c.peer)
		}
		if err := p.add(name, c.scheme, styles[c.scheme], true, points); err != nil {
			return err
		}
		styles[c.scheme]++
	}
	if len(all) == 0 {
		return fmt.Errorf("nothing was measured of %s at a loss of %v", operation, loss)
	}
	p.Y.Min, p.Y.Max = p.Y.Min/1.5, p.Y.Max*1.5
	return p.save(path)
}
