package lct

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/internal/defaults"
)

// The errors of a Header that cannot be written. They are faults of the caller, not of a peer.
var (
	errBits       = errors.New("lct: Version, PSI, Reserved or CCILen is out of range")
	errTimes      = errors.New("lct: Reserved is not 0 beside the SCT or ERT of RFC 3451")
	errIDs        = errors.New("lct: no legal lengths of the TSI and TOI fields hold these identifiers")
	errExtensions = errors.New("lct: Extensions are not a sequence of whole header extensions")
)

// AppendBinary appends the header to b. A parsed header gives the bytes that it was parsed from. The error names what
// cannot be written; b is then returned unchanged. It allocates only to grow b.
func (h *Header) AppendBinary(b []byte) ([]byte, error) {
	n, err := h.lengths()
	if err != nil {
		return b, err
	}
	c := uint8(n.cci/word - 1)
	half := uint8(n.tsi / 2 & 1)
	flags := uint8(n.tsi/word)<<7 | uint8(n.toi/word)<<5 | half<<4 | h.Reserved<<2
	for _, f := range [...]struct {
		set bool
		bit uint8
	}{{h.HasSCT, 8}, {h.HasERT, 4}, {h.CloseSession, 2}, {h.CloseObject, 1}} {
		if f.set {
			flags |= f.bit
		}
	}
	b = append(b, Version<<4|c<<2|h.PSI, flags, uint8(n.header/word), h.Codepoint)
	b = append(b, h.CCI[:n.cci]...)
	for i := n.tsi - 1; i >= 0; i-- {
		b = append(b, uint8(h.TSI>>(8*i)))
	}
	b = h.TOI.AppendBytes(b, n.toi)
	if h.HasSCT {
		b = binary.BigEndian.AppendUint32(b, h.SCT)
	}
	if h.HasERT {
		b = binary.BigEndian.AppendUint32(b, h.ERT)
	}
	return append(b, h.Extensions...), nil
}

// Len returns the length of the header in bytes, a multiple of 4; 0 for one that AppendBinary refuses.
func (h *Header) Len() int {
	n, err := h.lengths()
	if err != nil {
		return 0
	}
	return n.header
}

// lengths are those of the fields and of the header, in bytes.
type lengths struct{ cci, tsi, toi, header int }

// lengths returns them, or why there are none.
func (h *Header) lengths() (lengths, error) {
	n := lengths{cci: max(int(h.CCILen), word)}
	if h.Version > Version || h.PSI > 3 || h.Reserved > 3 ||
		n.cci > MaxCCILen || n.cci%word != 0 || h.CCILen != 0 && h.CCILen < word {
		return lengths{}, errBits
	}
	if h.Reserved != 0 && (h.HasSCT || h.HasERT) {
		return lengths{}, errTimes
	}
	var ok bool
	n.tsi, n.toi, ok = h.idLengths()
	if !ok || h.TSI > flute.MaxTSI {
		return lengths{}, errIDs
	}
	if !h.Extensions.valid() {
		return lengths{}, errExtensions
	}
	n.header = word + n.cci + n.tsi + n.toi + len(h.Extensions)
	if h.HasSCT {
		n.header += word
	}
	if h.HasERT {
		n.header += word
	}
	// RFC 5651, section 5.2.1: the LCT header "cannot exceed 255 32-bit words".
	if n.header > maxLen {
		return lengths{}, fmt.Errorf("lct: header of %d bytes is longer than %d", n.header, maxLen)
	}
	return n, nil
}

// idLengths chooses the lengths of the TSI and TOI fields. Both have the half-word or none has it (RFC 5651,
// section 5.1: flag H): where one needs it and the other can do without, the other grows by it.
func (h *Header) idLengths() (tsi, toi int, ok bool) {
	leastTSI, leastTOI := 0, h.TOI.Len()
	for v := h.TSI; v != 0; v >>= 8 {
		leastTSI++
	}
	half := h.HasTSI && needsHalf(leastTSI) || h.HasTOI && needsHalf(leastTOI)
	for range 2 {
		var ok1, ok2 bool
		tsi, ok1 = fieldLen(h.HasTSI, int(h.TSILen), leastTSI, maxTSILen, half)
		toi, ok2 = fieldLen(h.HasTOI, int(h.TOILen), leastTOI, defaults.TOIBits/8, half)
		if ok1 && ok2 {
			return tsi, toi, true
		}
		half = !half
	}
	return 0, 0, false
}

// needsHalf reports whether the shortest field of at least 16 bits for n bytes has the half-word.
func needsHalf(n int) bool { return (max(n, 2)+1)/2%2 == 1 }

// fieldLen returns the length of a field that holds at least least bytes, with or without the half-word. want is the
// length asked for, 0 for the least one.
func fieldLen(has bool, want, least, limit int, half bool) (int, bool) {
	if !has {
		return 0, want == 0 && !half
	}
	if want != 0 {
		return want, want >= least && want <= limit && want%2 == 0 && (want%word != 0) == half
	}
	n := max((least+word-1)/word, 1) * word
	if half { // on top of the words
		n = (max(least-2, 0)+word-1)/word*word + 2
	}
	return n, n <= limit
}
