package alc

import (
	"encoding/binary"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/lct"
)

// MaxPadding is the length of the longest packet of padding: the LCT header length field counts 255 words (RFC 5651,
// section 5.1).
const MaxPadding = 255 * 4

// AppendPadding appends a data-less packet of session tsi that says nothing: no TOI, no flag, and an EXT_NOP, which
// receivers ignore (RFC 5651, section 5.2.1), to fill it up to n bytes. n is rounded down to whole words, and up to 16
// or 20 bytes, for a TSI of more than 32 bits; at most MaxPadding. tsi is at most [flute.MaxTSI].
func AppendPadding(b []byte, tsi flute.TSI, n int) []byte {
	start := len(b)
	b = AppendCloseSession(b, tsi)
	header := b[start:]
	header[flagsAt] &^= flagSession
	words := max(1, (min(n, MaxPadding)-len(header))/4)
	header[2] += uint8(words)
	// Header Extension Type (HET): 8 bits, Header Extension Length (HEL): 8 bits
	b = append(b, lct.HETNOP, uint8(words), 0, 0)
	for range words - 1 {
		b = binary.BigEndian.AppendUint32(b, 0)
	}
	return b
}
