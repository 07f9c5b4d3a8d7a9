package sender

import (
	"fmt"
	"math"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/lct"
)

// FTI is which packets of files carry their FEC OTI in an EXT_FTI. The FDT tells it anyway, and all packets of FDT
// Instances carry their own.
type FTI uint8

// The choices. A receiver that has missed the FDT can sort the packets of a file into source blocks with EXT_FTI, at 12
// to 20 bytes each.
const (
	EveryPacket  FTI = iota
	FirstOfBlock     // the first packet of each source block in each transfer
	FDTOnly          // none: what the profiles of 3GPP and DVB require
)

// String returns the name used in configurations: "every", "first" or "fdt".
func (f FTI) String() string {
	switch f {
	case EveryPacket:
		return "every"
	case FirstOfBlock:
		return "first"
	case FDTOnly:
		return "fdt"
	}
	return fmt.Sprintf("fti(%d)", uint8(f))
}

// headers are those of the packets of one object.
type headers struct {
	first *alc.Template // of the first packet of each source block
	rest  *alc.Template // of the others; may be the same
}

// newHeaders returns the headers of a file.
func newHeaders(cfg *Config, toi flute.TOI, oti *fec.OTI) (headers, error) {
	spec := alc.Spec{TSI: cfg.Session.TSI, TOI: toi, Codepoint: uint8(oti.EncodingID), Time: cfg.fileTime()}
	if cfg.FTI == FDTOnly {
		bare, err := alc.NewTemplate(spec)
		return headers{bare, bare}, err
	}
	spec.OTI = oti
	full, err := alc.NewTemplate(spec)
	if err != nil || cfg.FTI == EveryPacket {
		return headers{full, full}, err
	}
	spec.OTI = nil
	bare, err := alc.NewTemplate(spec)
	return headers{full, bare}, err
}

// setTime refreshes the times of all later packets.
func (h *headers) setTime(t lct.Time) {
	h.first.SetTime(t)
	if h.rest != h.first {
		h.rest.SetTime(t)
	}
}

// fileTime returns which times the packets of files carry.
func (c *Config) fileTime() lct.Time {
	return lct.Time{HasSCT: c.FileSCT, Fine: c.FileSCT, HasERT: c.ERT}
}

// fdtTime returns the times of a packet of an FDT Instance; changed is when the session changed last.
func (c *Config) fdtTime(now, changed time.Time) lct.Time {
	sct := !c.NoSCT && !c.mbms()
	return lct.Time{HasSCT: sct, Fine: sct, SCT: now, HasSLC: c.SLC, SLC: changed}
}

// stamp puts the time of the next packet into the headers of c, if they have one.
func (c *carrier) stamp(cfg *Config, now time.Time) {
	if cfg.FileSCT || cfg.ERT {
		c.headers.setTime(lct.Time{SCT: now, ERT: c.residual(now)})
	}
}

// residual returns for how long packets of the object are still to be sent, this one included, as far as its packets so
// far tell: "the sender expected residual transmission time for the transmission of the current object" (RFC 5651,
// section 5.2.2).
func (c *carrier) residual(now time.Time) time.Duration {
	o := c.object
	if sent := c.coding.packets - c.left; sent > 0 {
		o.pace = float64(now.Sub(c.began)) / float64(sent)
	}
	return o.residual(now, o.pace*float64(c.left), o.pace*float64(c.coding.packets))
}

// residual returns how long the object is still sent, if the current transfer ends in rest and each other one takes
// whole, in nanoseconds. It is the longest time for an object that is sent until it is removed.
func (r *carousel) residual(now time.Time, rest, whole float64) time.Duration {
	total := math.Inf(1)
	if !r.endless() {
		burst := max(r.burst, 1)
		pause := float64(r.delay)
		if r.interval > 0 {
			pause = max(0, float64(r.interval)-float64(burst)*whole)
		}
		total = rest + float64(r.left-1)*whole + float64((r.inTurn+r.left-1)/burst)*pause
	}
	if !r.until.IsZero() {
		total = min(total, float64(r.until.Sub(now))+whole)
	}
	return time.Duration(min(total, math.MaxInt64/2))
}
