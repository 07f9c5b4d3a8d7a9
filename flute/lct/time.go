package lct

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/flute-node/flute-node/internal/ceil"
	"github.com/flute-node/flute-node/internal/drop"
)

// ErrTime is returned for an EXT_TIME that is too short for the values that it announces.
var ErrTime = drop.NewError(drop.Extension, "lct: EXT_TIME is shorter than its flags say")

// The flags of the Use field (RFC 5651, section 5.2.2).
const (
	useSCTHigh = 0x8000
	useSCTLow  = 0x4000
	useERT     = 0x2000
	useSLC     = 0x1000
)

// Time is the content of EXT_TIME (RFC 5651, section 5.2.2). Wall clock times are UTC.
type Time struct {
	HasSCT bool
	Fine   bool      // SCT has a fraction of a second (SCT-Low); only with HasSCT
	SCT    time.Time // Sender Current Time: when the packet was transmitted
	HasERT bool
	ERT    time.Duration // Expected Residual Time of the object of the packet's TOI, whole seconds
	HasSLC bool
	SLC    time.Time // Session Last Changed, whole seconds
}

// ParseTime reads the Content of an EXT_TIME. NTP seconds wrap in 2036: a time is taken from the era in which it is
// nearest to near. Values behind those that RFC 5651 defines are ignored, and so is the whole extension if it has
// SCT-Low without SCT-High. Only ErrTime is returned. It allocates nothing.
func ParseTime(content []byte, near time.Time) (Time, error) {
	if len(content) < 2 {
		return Time{}, ErrTime
	}
	// Use: 16 bits; the reserved and the PI-specific ones among them are ignored
	use := binary.BigEndian.Uint16(content)
	values := content[2:]
	read := func() (uint32, bool) {
		if len(values) < word {
			return 0, false
		}
		v := binary.BigEndian.Uint32(values)
		values = values[word:]
		return v, true
	}
	// "When the SCT-Low flag is set, the SCT-High flag MUST be set, too."
	if use&useSCTLow != 0 && use&useSCTHigh == 0 {
		return Time{}, nil
	}
	t := Time{
		HasSCT: use&useSCTHigh != 0, Fine: use&useSCTLow != 0, HasERT: use&useERT != 0, HasSLC: use&useSLC != 0,
	}
	// "they MUST appear in the order specified by the associated flag position"
	var v uint32
	ok := true
	if t.HasSCT {
		v, ok = read()
		t.SCT = fromNTP(v, near)
	}
	if t.Fine && ok {
		v, ok = read()
		t.SCT = t.SCT.Add(time.Duration(uint64(v) * uint64(time.Second) >> 32))
	}
	if t.HasERT && ok {
		v, ok = read()
		t.ERT = time.Duration(v) * time.Second
	}
	if t.HasSLC && ok {
		v, ok = read()
		t.SLC = fromNTP(v, near)
	}
	if !ok {
		return Time{}, ErrTime
	}
	return t, nil
}

// Append appends t to b as a whole EXT_TIME. ERT is rounded up to seconds and limited to what 32 bits hold.
func (t Time) Append(b []byte) []byte {
	start := len(b)
	var use uint16
	b = append(b, HETTime, 0, 0, 0)
	if t.HasSCT {
		use |= useSCTHigh
		b = binary.BigEndian.AppendUint32(b, ntp(t.SCT))
		if t.Fine {
			use |= useSCTLow
			b = binary.BigEndian.AppendUint32(b, ntpFraction(t.SCT))
		}
	}
	if t.HasERT {
		use |= useERT
		seconds := max(t.ERT, 0) / time.Second
		if t.ERT > seconds*time.Second {
			seconds++
		}
		b = binary.BigEndian.AppendUint32(b, uint32(min(seconds, math.MaxUint32)))
	}
	if t.HasSLC {
		use |= useSLC
		b = binary.BigEndian.AppendUint32(b, ntp(t.SLC))
	}
	b[start+1] = uint8((len(b) - start) / word)
	binary.BigEndian.PutUint16(b[start+2:], use)
	return b
}

// ntpEpoch is 1 January 1900 in Unix seconds.
const ntpEpoch = -2208988800

// ntp returns the upper 32 bits of the NTP timestamp of t, in its era.
func ntp(t time.Time) uint32 { return uint32(t.Unix() - ntpEpoch) }

// ntpFraction returns the lower 32 bits of the NTP timestamp of t. It rounds up, so that ParseTime, which rounds down,
// gives t back to the nanosecond.
func ntpFraction(t time.Time) uint32 {
	return uint32(ceil.Div(uint64(t.Nanosecond())<<32, uint64(time.Second)))
}

// fromNTP returns the time that v names in the era where it is nearest to near.
func fromNTP(v uint32, near time.Time) time.Time {
	n := near.Unix() - ntpEpoch
	return time.Unix(ntpEpoch+n+int64(int32(v-uint32(n))), 0).UTC()
}
