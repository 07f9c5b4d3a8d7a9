package sender

import (
	"math"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/internal/defaults"
)

// The last valid value of a bounded field is valid, the next one is not.
func TestConfigLimits(t *testing.T) {
	for name, set := range map[string]func(c *Config, beyond bool){
		"Session.TSI of MBMS": func(c *Config, beyond bool) {
			c.Profile, c.Session.TSI = fdt.MBMSDownload, 1<<16-1
			if beyond {
				c.Session.TSI++
			}
		},
		"Redundancy": func(c *Config, beyond bool) {
			c.Redundancy = maxRedundancy
			if beyond {
				c.Redundancy = math.Nextafter(maxRedundancy, math.Inf(1))
			}
		},
		"Redundancy is a number": func(c *Config, beyond bool) {
			if beyond {
				c.Redundancy = math.NaN()
			}
		},
	} {
		for _, beyond := range []bool{false, true} {
			cfg := Config{Registry: schemes.Default()}
			set(&cfg, beyond)
			if _, err := New(cfg); (err != nil) != beyond {
				t.Errorf("%s, beyond the limit %v: %v", name, beyond, err)
			}
		}
	}
}

// The number of source blocks that was asked for is kept, and an object of no bytes has none.
func TestCompleteKeepsSourceBlocks(t *testing.T) {
	for _, tt := range []struct {
		in        fec.OTI
		length    uint64
		blocks, k uint32
	}{
		{fec.OTI{EncodingID: fec.RaptorQ, SourceBlocks: 3}, 10_000, 3, 3},
		{fec.OTI{EncodingID: fec.Raptor, SymbolLength: 100, SourceBlocks: 5}, 10_000, 5, 20},
		{fec.OTI{EncodingID: fec.RaptorQ}, 0, 0, 0},
		{fec.OTI{EncodingID: fec.Raptor}, 0, 0, 0},
	} {
		got := complete(tt.in, tt.length, defaults.MaxBlockBytes)
		if got.SourceBlocks != tt.blocks || got.MaxSourceBlockLength != tt.k {
			t.Errorf("%+v, %d bytes: %d blocks of %d", tt.in, tt.length, got.SourceBlocks, got.MaxSourceBlockLength)
		}
	}
}
