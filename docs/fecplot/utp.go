package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"gonum.org/v1/plot/plotter"
)

// path is one run of interop/utp-compare.sh over its link: the rates of its flows by second.
type path struct {
	Operation string `json:"operation"`
	Case      string `json:"case"`
	Peer      string `json:"peer"`
	Seconds   []struct {
		Second int                `json:"second"`
		Mbit   map[string]float64 `json:"mbit"`
	} `json:"seconds"`
}

// readPaths returns the runs of a file of JSON lines.
func readPaths(name string) ([]path, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // nothing is written
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	var all []path
	for n := 1; lines.Scan(); n++ {
		var p path
		if err := json.Unmarshal(lines.Bytes(), &p); err != nil {
			return nil, fmt.Errorf("%s: line %d: %w", name, n, err)
		}
		if p.Operation == "utp" {
			all = append(all, p)
		}
	}
	return all, lines.Err()
}

// rate is a curve of a figure of uTP: a flow in one run.
type rate struct {
	name, peer, of, flow string
	style                int
}

// The flows of the link: those of interop/utp-compare.sh.
const (
	utpFlow = "udp:5000"
	tcpFlow = "tcp:8000"
)

// drawPaths draws the figures of docs/utp.md.
func drawPaths(docs, name string) error {
	all, err := readPaths(name)
	if err != nil {
		return err
	}
	for file, f := range map[string]struct {
		title string
		most  float64
		rates []rate
	}{
		"utp-rate.svg": {"Mbit/s on a link of 100 Mbit/s and 50 ms, no loss", 105, []rate{
			{"flute-node", "ours", "link", utpFlow, 0},
			{"libutp", "libutp", "link", utpFlow, 0},
			{"librqbit-utp", "librqbit", "link", utpFlow, 0},
		}},
		"utp-loss.svg": {"Mbit/s on the same link, 1 % of the packets lost", 105, []rate{
			{"flute-node", "ours", "loss", utpFlow, 0},
			{"flute-node, --loss-tolerant", "ours", "tolerant", utpFlow, 1},
			{"libutp", "libutp", "loss", utpFlow, 0},
			{"librqbit-utp", "librqbit", "loss", utpFlow, 0},
		}},
		"utp-tcp.svg": {"Mbit/s of 20, queue of 60 ms; TCP from second 5 on", 21, []rate{
			{"flute-node", "ours", "tcp-60ms", utpFlow, 0},
			{"TCP cubic beside it", "ours", "tcp-60ms", tcpFlow, 1},
			{"libutp", "libutp", "tcp-60ms", utpFlow, 0},
			{"TCP cubic beside it", "libutp", "tcp-60ms", tcpFlow, 1},
		}},
	} {
		if err := drawRates(all, f.title, f.most, f.rates, filepath.Join(docs, file)); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}

// colours of the peers are those of schemes, so that all figures have the same ones.
var colours = map[string]string{"ours": "raptorq", "libutp": "raptor", "librqbit": "ldpc"}

func drawRates(all []path, title string, most float64, rates []rate, file string) error {
	f := newFigure(title, "seconds")
	step := 20.0
	if most < 100 {
		step = 5
	}
	f.X.Tick.Marker, f.Y.Tick.Marker = every(5), every(step)
	for _, r := range rates {
		for _, p := range all {
			if p.Case != r.of || p.Peer != r.peer {
				continue
			}
			var points plotter.XYs
			for _, s := range p.Seconds {
				middle := float64(s.Second) + 0.5 // it is a mean of the second
				points = append(points, plotter.XY{X: middle, Y: s.Mbit[r.flow]})
			}
			if err := f.add(r.name, colours[r.peer], r.style, false, points); err != nil {
				return err
			}
			break
		}
	}
	if len(f.legend) == 0 {
		return errors.New("no run of it was measured")
	}
	f.X.Min, f.Y.Min, f.Y.Max = 0, 0, most
	return f.save(file)
}
