package main

import (
	"fmt"

	"gonum.org/v1/plot/plotter"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/internal/repair"
)

// drawRepair draws how many repair symbols must be sent against the loss, by the binomial distribution, so that one of
// a million blocks fails.
func drawRepair(path string) error {
	const failure = 1e-6
	p := newFigure("Repair symbols needed, % of source symbols", "loss, % of packets")
	p.X.Tick.Marker, p.Y.Tick.Marker = every(5), every(20)
	for _, l := range []struct {
		scheme string
		oti    fec.OTI
		k      uint32
		style  int
	}{
		{"rs", fec.OTI{EncodingID: fec.ReedSolomonGF28}, 10, 1},
		{"rs", fec.OTI{EncodingID: fec.ReedSolomonGF28}, 64, 0},
		{"rs16", fec.OTI{EncodingID: fec.ReedSolomonGF2m, FieldBits: 16}, 256, 0},
		{"raptor", fec.OTI{EncodingID: fec.Raptor}, 1024, 0},
		{"ldpc", fec.OTI{EncodingID: fec.LDPCStaircase, N1: 7}, 1000, 0},
		{"raptorq", fec.OTI{EncodingID: fec.RaptorQ}, 1024, 0},
		{"raptorq", fec.OTI{EncodingID: fec.RaptorQ}, 10000, 1},
	} {
		most := l.oti.Limits().Symbols
		var points plotter.XYs
		for percent := 0.0; percent <= 40; percent += 0.5 {
			r := repair.For(l.k, repair.Extra(l.oti.EncodingID, l.k, l.oti.N1), percent/100, failure)
			if l.k+r <= most && 100*r <= 160*l.k {
				points = append(points, plotter.XY{X: percent, Y: 100 * float64(r) / float64(l.k)})
			}
		}
		if err := p.add(fmt.Sprintf("%s, K = %d", l.scheme, l.k), l.scheme, l.style, false, points); err != nil {
			return err
		}
	}
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, 40, 0, 160
	return p.save(path)
}
