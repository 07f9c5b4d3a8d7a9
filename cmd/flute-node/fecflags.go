package main

import (
	"fmt"
	"math"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute/sender"
)

// The defaults of fecFlags.
const (
	defaultBlock  = 64 // source symbols of a block
	defaultRepair = 0.2
	maxRSSymbols  = 255
)

// fecFlags are the flags that choose the FEC of files.
type fecFlags struct {
	FEC      string     `name:"fec" default:"no-code" enum:"no-code,rs,rs129" help:"FEC scheme: no-code, rs (Reed-Solomon, FEC Encoding ID 5), rs129 (FEC Encoding ID 129)."`
	RSMatrix string     `name:"rs-matrix" default:"rizzo" enum:"rizzo,rfc5510-8.2.1,backblaze" help:"Family of Reed-Solomon codes: rizzo, rfc5510-8.2.1, backblaze."`
	Symbol   uint16     `default:"1400" help:"Symbol length in bytes."`
	Block    uint32     `help:"Source symbols of a source block; default 64."`
	Repair   percentage `default:"20%" help:"Repair symbols, in percent of the source symbols."`
}

// apply puts the flags into the configuration of a session.
func (f *fecFlags) apply(cfg *sender.Config) error {
	block := f.Block
	if block == 0 {
		block = defaultBlock
	}
	if f.Symbol == 0 {
		return fmt.Errorf("--symbol must be at least 1")
	}
	cfg.OTI = fec.OTI{EncodingID: fec.CompactNoCode, SymbolLength: f.Symbol, MaxSourceBlockLength: block}
	if f.FEC == "no-code" {
		return nil
	}
	cfg.OTI.EncodingID = fec.ReedSolomonGF28
	if f.FEC == "rs129" {
		cfg.OTI.EncodingID = fec.SmallBlockSystematic
	}
	cfg.Variant = fec.Variant(f.RSMatrix)
	n := float64(block) + math.Ceil(float64(block)*float64(f.Repair))
	if n > maxRSSymbols {
		return fmt.Errorf("--block %d with --repair %.0f%% makes %.0f symbols of a source block; Reed-Solomon over GF(2^8) has at most %d",
			block, 100*float64(f.Repair), n, maxRSSymbols)
	}
	cfg.OTI.MaxEncodingSymbols = uint32(n)
	return nil
}
