package flute

import (
	"cmp"
	"fmt"
	"math/big"
	"net/netip"
	"strconv"

	"github.com/flute-node/flute-node/internal/drop"
)

// TSI is a Transport Session Identifier (RFC 5651, section 5.1): 0 to 48 bits, unique among the sessions of one source.
type TSI uint64

// MaxTSI is the largest TSI that an LCT header can carry (S=1, H=1: 48 bits).
const MaxTSI TSI = 1<<48 - 1

// InstanceID is an FDT Instance ID: 20 bits that wrap (RFC 6726, section 3.4.1).
type InstanceID uint32

// MaxInstanceID is the FDT Instance ID after which a sender starts again at the smallest that has expired.
const MaxInstanceID InstanceID = 1<<20 - 1

// Next returns the FDT Instance ID that follows id, across the wrap.
func (id InstanceID) Next() InstanceID { return (id + 1) & MaxInstanceID }

// NewerThan reports whether id follows o in the logical order of FDT Instance IDs: at most half of the ID space ahead
// (RFC 6726, section 3.4.1: "Receivers MUST be ready to handle FDT Instance ID wraparound").
func (id InstanceID) NewerThan(o InstanceID) bool {
	d := (id - o) & MaxInstanceID
	return d != 0 && d <= MaxInstanceID/2
}

// TOI is a Transport Object Identifier of up to 112 bits (RFC 5651, section 5.1). Two TOIs are equal (==) if and only
// if they name the same object; the number of bytes that carried them does not matter. The zero TOI carries FDT
// Instances.
type TOI struct{ hi, lo uint64 }

// maxTOILen is the length in bytes of the longest TOI field (O=3, H=1).
const maxTOILen = 14

// NewTOI returns the TOI with the numeric value v.
func NewTOI(v uint64) TOI { return TOI{lo: v} }

// TOIFromBytes returns the TOI that the big-endian field b carries. b has at most maxTOILen bytes; a longer one is
// an error.
func TOIFromBytes(b []byte) (TOI, error) {
	if len(b) > maxTOILen {
		return TOI{}, drop.ErrHeaderLength
	}
	var t TOI
	for _, c := range b {
		t.hi = t.hi<<8 | t.lo>>56
		t.lo = t.lo<<8 | uint64(c)
	}
	return t, nil
}

// ParseTOI reads the decimal form used in FDT Instances. Signs, empty strings and values above 112 bits are errors;
// leading zeros are not, since 01 and 1 are one number.
func ParseTOI(s string) (TOI, error) {
	const maxDigits = 64 // 112 bits are 34 digits; more than this is no honest number
	if s == "" || len(s) > maxDigits {
		return TOI{}, fmt.Errorf("flute: TOI %.40q is not a decimal number of up to 112 bits", s)
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return TOI{}, fmt.Errorf("flute: TOI %.40q is not a decimal number of up to 112 bits", s)
		}
	}
	if n, err := strconv.ParseUint(s, 10, 64); err == nil { // nearly all
		return NewTOI(n), nil
	}
	n, _ := new(big.Int).SetString(s, 10)
	if n.BitLen() > 8*maxTOILen {
		return TOI{}, fmt.Errorf("flute: TOI %.40q is not a decimal number of up to 112 bits", s)
	}
	return TOIFromBytes(n.Bytes())
}

// IsFDT reports whether t is 0, the TOI of FDT Instances (RFC 6726, section 3.3).
func (t TOI) IsFDT() bool { return t == TOI{} }

// Uint64 returns the low 64 bits of t, and whether they are all of it.
func (t TOI) Uint64() (uint64, bool) { return t.lo, t.hi == 0 }

// Len returns the least number of bytes that hold t: 0 for TOI 0, at most maxTOILen.
func (t TOI) Len() int {
	n := 0
	for v := t; v != (TOI{}); n++ {
		v.lo = v.lo>>8 | v.hi<<56
		v.hi >>= 8
	}
	return n
}

// AppendBytes appends t to b as a big-endian field of n bytes, n at most maxTOILen and at least t.Len().
func (t TOI) AppendBytes(b []byte, n int) []byte {
	for i := n - 1; i >= 0; i-- {
		if i >= 8 {
			b = append(b, byte(t.hi>>(8*(i-8))))
		} else {
			b = append(b, byte(t.lo>>(8*i)))
		}
	}
	return b
}

// Next returns the TOI after t; after the last 112-bit value it returns 1, since 0 is the FDT's.
func (t TOI) Next() TOI {
	t.lo++
	if t.lo == 0 {
		t.hi = (t.hi + 1) & (1<<48 - 1)
	}
	if t.IsFDT() {
		t.lo = 1
	}
	return t
}

// Compare orders TOIs by their numeric value: -1, 0 or +1.
func (t TOI) Compare(o TOI) int {
	if c := cmp.Compare(t.hi, o.hi); c != 0 {
		return c
	}
	return cmp.Compare(t.lo, o.lo)
}

// String returns the decimal form used in FDT Instances.
func (t TOI) String() string {
	if t.hi == 0 {
		return strconv.FormatUint(t.lo, 10)
	}
	return new(big.Int).SetBytes(t.AppendBytes(nil, maxTOILen)).String()
}

// MarshalText implements encoding.TextMarshaler with the decimal form.
func (t TOI) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler with what ParseTOI reads.
func (t *TOI) UnmarshalText(text []byte) (err error) {
	*t, err = ParseTOI(string(text))
	return err
}

// SessionKey names a transport session at a receiver: source address and TSI (RFC 5651, section 4.1), and the
// destination, since two groups may carry different sessions of one source. It is comparable.
type SessionKey struct {
	Source netip.Addr     `json:"source"` // of the sender, without zone
	Group  netip.AddrPort `json:"group"`  // destination address and UDP port
	TSI    TSI            `json:"tsi"`
}

// String returns "source>group:port/tsi".
func (k SessionKey) String() string { return fmt.Sprintf("%v>%v/%d", k.Source, k.Group, k.TSI) }
