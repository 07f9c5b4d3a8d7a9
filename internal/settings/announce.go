package settings

import (
	"strings"
	"time"

	"github.com/flute-node/flute-node/internal/defaults"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/node"
)

// Announce are the words about the FDT, the headers of packets, TOIs, and what outlives a session.
type Announce struct {
	Mode     string        // fdt-mode: all, transfer or full; empty: all
	Interval time.Duration // fdt-interval: between two transmissions of an FDT Instance; zero: a second
	Duration time.Duration // fdt-duration: from its creation until an FDT Instance expires; zero: an hour
	CENC     string        // fdt-cenc: null, zlib, deflate or gzip; empty: null
	FEC      string        // fdt-fec: the Name of a Scheme; empty: that of the files
	Groups   []string      // fdt-group: groups to which all files belong
	StartID  uint32        // fdt-start-id: the first FDT Instance ID; zero: by the clock, or by state
	FTI      string        // fti: every, first or fdt; empty: every, or what the profile requires
	// times: of sct, file-sct, ert and slc, with commas, or none; empty: sct, or what the profile has
	Times       string
	TOIBits     int            // toi-bits: 16, 32, 48, 64, 80, 96 or 112; zero: 112, or what the profile requires
	FirstTOI    string         // first-toi: a number, or random; empty: by the clock, or by state
	State       string         // state: a file that keeps numbers for the next process
	CloseRepeat *time.Duration // close-repeat: how long the close-session flag is repeated; nil: 600 ms
}

const (
	maxStartID = 1<<20 - 1
	minExpires = 2 * time.Second
	maxExpires = 20 * 365 * 24 * time.Hour // what sender.Config.FDTDuration takes
)

// apply puts the words into cfg, whose Session has its profile and the FEC of the files.
func (a *Announce) apply(cfg *node.SendConfig) error {
	for _, part := range []func(*node.SendConfig) error{a.fdt, a.coding, a.headers, a.numbers} {
		if err := part(cfg); err != nil {
			return err
		}
	}
	return nil
}

// fdt applies what is said of the FDT.
func (a *Announce) fdt(cfg *node.SendConfig) (err error) {
	core := &cfg.Session
	type mode struct {
		inTransfer, full bool
	}
	m, err := oneOf(wordFDTMode, a.Mode, []choice[mode]{
		{"all", mode{}}, {"transfer", mode{inTransfer: true}}, {"full", mode{full: true}},
	})
	if err != nil {
		return err
	}
	core.FDTInTransfer, core.FullFDT = m.inTransfer, m.full
	core.FDTInterval, core.FDTDuration, core.FDTGroups = a.Interval, a.Duration, a.Groups
	switch p := core.Profile; {
	case m.full && (p == fdt.MBMSDownload || p == fdt.DVBMABR):
		return errorf("%v full is not allowed in %v %v", wordFDTMode, wordProfile, p)
	case len(a.Groups) > 0 && (p == fdt.MBMSDownload || p == fdt.DVBMABR):
		return errorf("%v is not allowed in %v %v", wordFDTGroup, wordProfile, p)
	case a.Interval < 0:
		return errorf("%v %v is negative", wordFDTInterval, a.Interval)
	case a.Duration != 0 && (a.Duration < minExpires || a.Duration > maxExpires):
		return errorf("%v %v: take 2s to 20 years", wordFDTDuration, a.Duration)
	}
	interval, duration := time.Second, time.Hour
	if a.Interval != 0 {
		interval = a.Interval
	}
	if a.Duration != 0 {
		duration = a.Duration
	}
	if duration < 2*interval {
		return errorf("%v %v is less than twice %v %v", wordFDTDuration, duration, wordFDTInterval, interval)
	}
	return nil
}

// coding applies how FDT Instances are coded.
func (a *Announce) coding(cfg *node.SendConfig) (err error) {
	core := &cfg.Session
	if core.FDTCENC, err = oneOf(wordFDTCENC, a.CENC, encodings()); err != nil {
		return err
	}
	if core.FDTCENC != flute.Null && core.Profile.MBMS() {
		return errorf("%v %v is not allowed in %v %v", wordFDTCENC, core.FDTCENC, wordProfile, core.Profile)
	}
	if a.FEC == "" {
		return nil
	}
	s, err := FindScheme(a.FEC)
	if err != nil {
		return errorf("%v: %v", wordFDTFEC, err)
	}
	if core.Profile.MBMS() && s.ID != fec.CompactNoCode && s.ID != fec.Raptor {
		return errorf("%v %s is not allowed in %v %v", wordFDTFEC, s.Name, wordProfile, core.Profile)
	}
	core.FDTOTI, err = (&FEC{Scheme: a.FEC}).oti(&s, core.OTI.SymbolLength)
	return err
}

// headers applies what is said of the headers of packets.
func (a *Announce) headers(cfg *node.SendConfig) (err error) {
	core := &cfg.Session
	core.FTI, err = oneOf(wordFTI, a.FTI, []choice[sender.FTI]{
		{"every", sender.EveryPacket}, {"first", sender.FirstOfBlock}, {"fdt", sender.FDTOnly},
	})
	if err != nil {
		return err
	}
	if core.Profile.MBMS() && a.FTI != "" && core.FTI != sender.FDTOnly {
		return errorf("%v %v is not allowed in %v %v: take fdt", wordFTI, core.FTI, wordProfile, core.Profile)
	}
	if a.Times == "" {
		return nil
	}
	core.NoSCT = true
	for name := range strings.SplitSeq(a.Times, ",") {
		set, err := oneOf(wordTimes, name, []choice[*bool]{
			{"none", nil}, {"sct", &core.NoSCT}, {"file-sct", &core.FileSCT}, {"ert", &core.ERT}, {"slc", &core.SLC},
		})
		switch {
		case err != nil:
			return err
		case set == nil:
			continue
		case core.Profile.MBMS():
			return errorf("%v %s is not allowed in %v %v", wordTimes, name, wordProfile, core.Profile)
		}
		*set = set != &core.NoSCT
	}
	return nil
}

// numbers applies where the session numbers from, and what outlives it.
func (a *Announce) numbers(cfg *node.SendConfig) (err error) {
	core := &cfg.Session
	bits := a.TOIBits
	switch {
	case bits < 0 || bits > defaults.TOIBits || bits%16 != 0:
		return errorf("%v %d: take 16, 32, 48, 64, 80, 96 or 112", wordTOIBits, bits)
	case core.Profile.MBMS() && bits != 0 && bits != 16:
		return errorf("%v %d is not the 16 of %v %v", wordTOIBits, bits, wordProfile, core.Profile)
	case bits == 0 && core.Profile.MBMS():
		bits = 16
	case bits == 0:
		bits = defaults.TOIBits
	}
	core.TOIBits = a.TOIBits
	switch a.FirstTOI {
	case "":
	case "random":
		cfg.RandomTOI = true
	default:
		core.FirstTOI, err = flute.ParseTOI(a.FirstTOI)
		if err != nil || core.FirstTOI.IsFDT() {
			return errorf("%v %q: take a number from 1 on, or random", wordFirstTOI, a.FirstTOI)
		}
		if core.FirstTOI.Len()*8 > bits {
			return errorf("%v %v has more than the %d bits of %v", wordFirstTOI, core.FirstTOI, bits, wordTOIBits)
		}
	}
	if a.StartID > maxStartID {
		return errorf("%v %d: take 0 to %d", wordFDTStartID, a.StartID, maxStartID)
	}
	core.FDTStartID = flute.InstanceID(a.StartID)
	cfg.State = a.State
	if r := a.CloseRepeat; r != nil {
		if *r < 0 || *r > defaults.MaxCloseRepeat {
			return errorf("%v %v: take 0 to %v", wordCloseRepeat, *r, defaults.MaxCloseRepeat)
		}
		if cfg.CloseRepeat = *r; *r == 0 {
			cfg.CloseRepeat = -1
		}
	}
	return nil
}
