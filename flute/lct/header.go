package lct

import (
	"encoding/binary"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/internal/drop"
)

// Version is the LCT version that this package reads and writes (RFC 5651, section 5.1).
const Version = 1

// Limits of an LCT header (RFC 5651, section 5.1), in bytes.
const (
	maxLen    = 255 * 4 // HDR_LEN counts 32-bit words in 8 bits
	MaxCCILen = 16      // C=3
	maxTSILen = 6       // S=1, H=1
	word      = 4
)

// Errors of the packet path, besides [drop.ErrTruncated] and [drop.ErrHeaderLength]. They are returned bare.
var (
	ErrVersion   = drop.NewError(drop.Version, "lct: version is not 1")
	ErrExtension = drop.NewError(drop.Extension, "lct: header extension ends outside the header")
	ErrNoTSI     = drop.NewError(drop.NoTSI, "lct: header carries no TSI")
)

// Header is an LCT header (RFC 5651, section 5.1).
//
//	 0                   1                   2                   3
//	 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|   V   | C |PSI|S| O |H|Res|A|B|   HDR_LEN     | Codepoint (CP)|
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	| Congestion Control Information (CCI, length = 32*(C+1) bits)  |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|  Transport Session Identifier (TSI, length = 32*S+16*H bits)  |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|   Transport Object Identifier (TOI, length = 32*O+16*H bits)  |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|                Header Extensions (if applicable)              |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
// The zero Header with HasTSI and HasTOI set is a valid header of a data packet.
type Header struct {
	Version      uint8 // 1; 0 is written as 1
	PSI          uint8 // 2 bits; the upper one is ALC's Source Packet Indicator (RFC 5775, section 2.1)
	Reserved     uint8 // the 2 bits Res, as received; senders leave it 0, receivers ignore it
	CloseSession bool  // A
	CloseObject  bool  // B
	Codepoint    uint8 // in FLUTE the FEC Encoding ID (RFC 6726, section 5)

	CCILen uint8           // bytes: 4, 8, 12 or 16; 0 is written as 4
	CCI    [MaxCCILen]byte // the first CCILen bytes; 0 behind them after Parse

	HasTSI bool
	TSILen uint8 // bytes: 2, 4 or 6; 0 without TSI. For AppendBinary, 0 with HasTSI is the least that is legal
	TSI    flute.TSI
	HasTOI bool
	TOILen uint8 // bytes: 2, 4, … 14; 0 without TOI. For AppendBinary, 0 with HasTOI is the least that is legal
	TOI    flute.TOI

	// The two words of RFC 3451 (bits T and R, which share the place of Res). Only Layout RFC3451 sets them.
	HasSCT bool   // T: Reserved is 0 if set
	HasERT bool   // R: Reserved is 0 if set
	SCT    uint32 // milliseconds since the start of the session, modulo 2^32
	ERT    uint32 // expected residual time in milliseconds

	Extensions Extensions // a view into the parsed bytes; nil if there are none
}

// Layout says which RFC tells the meaning of the two bits behind H.
type Layout uint8

// The layouts.
const (
	RFC5651 Layout = iota // Res: reserved, ignored on receipt
	RFC3451               // T and R: an SCT and an ERT word before the header extensions
)

// Parse reads the LCT header at the start of b in the layout of RFC 5651, and returns its length in bytes: b[n:] is
// what follows it, nothing for a data-less packet. All extensions lie inside the header and have legal lengths.
// Extensions of unknown type are kept. A header without TSI or TOI is legal in LCT: see HasTSI and HasTOI.
//
// Errors are the bare sentinels of this package, [drop.ErrTruncated] and [drop.ErrHeaderLength]. It allocates
// nothing.
func Parse(b []byte) (Header, int, error) { return RFC5651.Parse(b) }

// fixedPart is what the first word tells of the rest. Four fields at most: more would not be kept in registers.
type fixedPart struct {
	tsi, toi, end int // offsets of TSI and TOI, and of what follows the TOI
	header        int // HDR_LEN in bytes
}

// parseFixed checks version and lengths: the fields up to the TOI lie inside the header, and the header inside b.
func parseFixed(b []byte) (fixedPart, error) {
	if len(b) < word {
		return fixedPart{}, drop.ErrTruncated
	}
	// Another version may have another layout altogether: nothing behind V is read before this test.
	if b[0]>>4 != Version {
		return fixedPart{}, ErrVersion
	}
	// The flags count words; each is shifted to where it counts bytes.
	half := int(b[1] >> 3 & 2) // H: 16 bits in both TSI and TOI
	var f fixedPart
	f.tsi = word + int(b[0]&0xc) + word     // C: CCI of C+1 words
	f.toi = f.tsi + int(b[1]>>5&4) + half   // S
	f.end = f.toi + int(b[1]>>3&0xc) + half // O
	f.header = int(b[2]) * word
	if f.header < f.end || f.header > len(b) {
		return fixedPart{}, drop.ErrHeaderLength
	}
	return f, nil
}

// Parse is the package's Parse in layout l.
func (l Layout) Parse(b []byte) (h Header, n int, err error) {
	n, err = l.ParseTo(&h, b)
	return h, n, err
}

// ParseTo is Parse into h, which saves copying a Header. An error leaves h as it is.
func (l Layout) ParseTo(h *Header, b []byte) (int, error) {
	f, err := parseFixed(b)
	if err != nil {
		return 0, err
	}
	// Reserved (Res): 2 bits; in RFC 3451 the flags T and R
	reserved := b[1] >> 2 & 3
	rest := b[f.end:f.header:f.header]
	var times oldTimes
	if l == RFC3451 && reserved != 0 {
		if times, rest, err = parseTimes(rest, reserved); err != nil {
			return 0, err
		}
		reserved = 0
	}
	if !Extensions(rest).valid() {
		return 0, ErrExtension
	}
	if len(rest) == 0 {
		rest = nil
	}

	// Everything is valid from here on.
	h.Version = Version
	// Protocol-Specific Indication (PSI): 2 bits
	h.PSI = b[0] & 3
	h.Reserved = reserved
	// Close Session flag (A), Close Object flag (B)
	h.CloseSession = b[1]&2 != 0
	h.CloseObject = b[1]&1 != 0
	// Codepoint (CP): 8 bits
	h.Codepoint = b[3]
	// Congestion Control Information (CCI): 32, 64, 96 or 128 bits
	h.CCILen = uint8(f.tsi - word)
	h.CCI = [MaxCCILen]byte{}
	copy(h.CCI[:], b[word:f.tsi])
	// Transport Session Identifier (TSI): 0, 16, 32 or 48 bits
	h.HasTSI = f.tsi < f.toi
	h.TSILen = uint8(f.toi - f.tsi)
	h.TSI = readTSI(b[f.tsi:f.toi])
	// Transport Object Identifier (TOI): 0 to 112 bits
	h.HasTOI = f.toi < f.end
	h.TOILen = uint8(f.end - f.toi)
	h.TOI = readTOI(b[f.toi:f.end])
	h.HasSCT, h.HasERT, h.SCT, h.ERT = times.hasSCT, times.hasERT, times.sct, times.ert
	h.Extensions = rest
	return f.header, nil
}

// oldTimes are the two words of RFC 3451.
type oldTimes struct {
	hasSCT, hasERT bool
	sct, ert       uint32
}

// parseTimes reads the words behind the TOI that the bits T and R announce (RFC 3451, section 5.1), and returns what is
// behind them.
func parseTimes(b []byte, flags uint8) (t oldTimes, rest []byte, err error) {
	t.hasSCT, t.hasERT = flags&2 != 0, flags&1 != 0
	if t.hasSCT {
		if len(b) < word {
			return oldTimes{}, nil, drop.ErrHeaderLength
		}
		// Sender Current Time (SCT): 32 bits
		t.sct, b = binary.BigEndian.Uint32(b), b[word:]
	}
	if t.hasERT {
		if len(b) < word {
			return oldTimes{}, nil, drop.ErrHeaderLength
		}
		// Expected Residual Time (ERT): 32 bits
		t.ert, b = binary.BigEndian.Uint32(b), b[word:]
	}
	return t, b, nil
}

// readTSI reads a TSI field of 0, 2, 4 or 6 bytes.
func readTSI(b []byte) flute.TSI {
	switch len(b) {
	case 2:
		return flute.TSI(binary.BigEndian.Uint16(b))
	case 4:
		return flute.TSI(binary.BigEndian.Uint32(b))
	case 6:
		return flute.TSI(binary.BigEndian.Uint16(b))<<32 | flute.TSI(binary.BigEndian.Uint32(b[2:]))
	}
	return 0
}

// readTOI reads a TOI field of 0 to 14 bytes.
func readTOI(b []byte) flute.TOI {
	switch len(b) {
	case 2: // what most sessions have
		return flute.NewTOI(uint64(binary.BigEndian.Uint16(b)))
	case 4:
		return flute.NewTOI(uint64(binary.BigEndian.Uint32(b)))
	}
	t, _ := flute.TOIFromBytes(b) // at most 14 bytes by its flags
	return t
}

// Peek reads the identifiers only, to route a packet: TSI, and TOI (0 when the header has none). It looks no further
// than the TOI. A header without TSI is ErrNoTSI; other errors are those of Parse. It allocates nothing.
func Peek(b []byte) (flute.TSI, flute.TOI, error) {
	f, err := parseFixed(b)
	if err != nil {
		return 0, flute.TOI{}, err
	}
	if f.tsi == f.toi {
		return 0, flute.TOI{}, ErrNoTSI
	}
	return readTSI(b[f.tsi:f.toi]), readTOI(b[f.toi:f.end]), nil
}
