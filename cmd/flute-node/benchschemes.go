package main

import (
	"fmt"

	"github.com/flute-node/flute-node/internal/settings"
)

// benchScheme is a FEC scheme with what is measured of it by default.
type benchScheme struct {
	settings.Scheme
	sizes  []uint32         // source symbols of the blocks
	repair settings.Percent // repair symbols of those; 0: none
}

// newBenchScheme returns a scheme with what is measured of it.
func newBenchScheme(s settings.Scheme) benchScheme {
	b := benchScheme{Scheme: s}
	switch s.Name {
	case "no-code":
		b.sizes = []uint32{1000}
	case "rs":
		b.sizes, b.repair = []uint32{10, 64, 200}, 0.25
	case "rs129", "rs2":
		b.sizes, b.repair = []uint32{64}, 0.25
	case "rs16":
		b.sizes, b.repair = []uint32{300, 1000}, 0.2
	case "raptor":
		b.sizes, b.repair = []uint32{10, 100, 1000, 8192}, 0.2
	case "raptorq":
		b.sizes, b.repair = []uint32{10, 100, 1000, 10000, 50000}, 0.2
	case "ldpc", "ldpc-triangle":
		b.sizes, b.repair = []uint32{100, 1000, 10000}, 0.5
	}
	return b
}

// findBenchSchemes returns the schemes of these names; all if there are none.
func findBenchSchemes(names []string) (found []benchScheme, err error) {
	if names == nil {
		for _, s := range settings.Schemes() {
			found = append(found, newBenchScheme(s))
		}
		return found, nil
	}
	for _, name := range names {
		s, err := settings.FindScheme(name)
		if err != nil {
			return nil, fmt.Errorf("--scheme: %w", err)
		}
		found = append(found, newBenchScheme(s))
	}
	return found, nil
}
