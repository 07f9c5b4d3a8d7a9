package main

import (
	"fmt"

	"gonum.org/v1/plot/plotter"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/internal/fecbench"
)

// drawRepair draws how many repair symbols must be sent against the loss, by the binomial distribution, so that one of a
// million blocks fails.
func drawRepair(path string) error {
	const failure = 1e-6
	p := newFigure("Repair symbols needed, % of source symbols", "loss, % of packets", "")
	p.X.Tick.Marker, p.Y.Tick.Marker = every(5), every(20)
	for _, l := range []struct {
		scheme string
		id     fec.EncodingID
		k      uint32
		n1     uint8
		most   uint32 // symbols of a block
		style  int
	}{
		{"rs", fec.ReedSolomonGF28, 10, 0, 255, 1},
		{"rs", fec.ReedSolomonGF28, 64, 0, 255, 0},
		{"rs16", fec.ReedSolomonGF2m, 256, 0, 65535, 0},
		{"raptor", fec.Raptor, 1024, 0, 65521, 0},
		{"ldpc", fec.LDPCStaircase, 1000, 7, 1 << 20, 0},
		{"raptorq", fec.RaptorQ, 1024, 0, 1 << 24, 0},
		{"raptorq", fec.RaptorQ, 10000, 0, 1 << 24, 1},
	} {
		var points plotter.XYs
		for percent := 0.0; percent <= 40; percent += 0.5 {
			r := fecbench.RepairFor(l.k, fecbench.Extra(l.id, l.k, l.n1), percent/100, failure)
			if l.k+r <= l.most && 100*r <= 160*l.k {
				points = append(points, plotter.XY{X: percent, Y: 100 * float64(r) / float64(l.k)})
			}
		}
		if err := add(p, fmt.Sprintf("%s, K = %d", l.scheme, l.k), l.scheme, l.style, false, points); err != nil {
			return err
		}
	}
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, 40, 0, 160
	return save(p, path)
}
