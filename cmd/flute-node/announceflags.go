package main

import (
	"time"

	"github.com/flute-node/flute-node/internal/settings"
)

// announceFlags are the flags of settings.Announce.
type announceFlags struct {
	FDTMode     string         `default:"all" help:"Files that the FDT describes: all; those in transfer (transfer); or all, with the mark of 3GPP that they are all there are (full)."`
	FDTInterval time.Duration  `type:"natural" placeholder:"1s" help:"Time between two transmissions of an FDT Instance."`
	FDTDuration time.Duration  `type:"natural" placeholder:"1h" help:"Time after which an FDT Instance expires; it is replaced before."`
	FDTCENC     string         `name:"fdt-cenc" default:"null" help:"Content encoding of FDT Instances: null, zlib, deflate, gzip."`
	FDTFEC      string         `name:"fdt-fec" placeholder:"SCHEME" default:"" help:"FEC scheme of FDT Instances; default: that of the files."`
	FDTGroup    []string       `placeholder:"NAME" help:"A group of 3GPP to which all files belong; may be repeated."`
	FDTStartID  uint32         `placeholder:"N" help:"First FDT Instance ID; default: by the clock, or by --state."`
	FDTXML      bool           `name:"fdt-xml" help:"Show the XML of each FDT Instance in the lines of --json."`
	FTI         string         `placeholder:"every" default:"" help:"Packets of files with EXT_FTI: every, the first of each source block, or none, since the FDT tells it (fdt)."`
	Times       string         `placeholder:"sct" default:"" help:"Times in EXT_TIME, with commas: sct of FDT packets, file-sct of the others, ert (how long the file is still sent), slc (when the session changed); or none."`
	TOIBits     int            `type:"positive" placeholder:"112" help:"Bits of TOIs at most: 16, 32, 48, 64, 80, 96 or 112."`
	FirstTOI    string         `placeholder:"N|random" default:"" help:"TOI of the first file; default: by the clock, or by --state."`
	State       string         `type:"path" placeholder:"FILE" help:"Keep FDT Instance ID and TOI in FILE, and go on with them when the session is started again. Give --tsi too."`
	CloseRepeat *time.Duration `placeholder:"600ms" help:"Time for which the end of the session is told again and again."`
}

// words returns what the flags say.
func (f *announceFlags) words() settings.Announce {
	return settings.Announce{
		Mode: f.FDTMode, Interval: f.FDTInterval, Duration: f.FDTDuration, CENC: f.FDTCENC, FEC: f.FDTFEC,
		Groups: f.FDTGroup, StartID: f.FDTStartID, FTI: f.FTI, Times: f.Times, TOIBits: f.TOIBits, FirstTOI: f.FirstTOI,
		State: f.State, CloseRepeat: f.CloseRepeat,
	}
}
