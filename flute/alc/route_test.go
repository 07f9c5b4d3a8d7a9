package alc

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/lct"
	"github.com/flute-node/flute-node/internal/drop"
)

// routePacket returns a packet of ROUTE with header extensions and a payload.
func routePacket(t *testing.T, payload string, extensions []byte, edit func(*lct.Header)) []byte {
	t.Helper()
	h := lct.Header{
		PSI: 2, Codepoint: 8, HasTSI: true, TSI: 100, TSILen: 4, HasTOI: true, TOI: flute.NewTOI(7), TOILen: 4,
		Extensions: extensions,
	}
	if edit != nil {
		edit(&h)
	}
	b, err := h.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	return append(b, payload...)
}

func extension(het uint8, content ...byte) []byte { return lct.AppendExtension(nil, het, content) }

// RFC 9223, section 2.2, and ATSC A/331, annex A: where the length of the object is, and which packets carry source
// symbols.
func TestConf_G01_ParseROUTE(t *testing.T) {
	const none = 1 << 63
	tol24, tol48 := extension(194, 1, 2, 3), extension(67, 0, 1, 0, 0, 0, 2)
	fti := extension(64, 0, 0, 0, 1, 2, 3, 0, 0, 0, 8, 0, 0, 0, 4)
	dirty := Packet{
		Header: lct.Header{Codepoint: 99, HasTSI: true, CloseSession: true}, HasFDT: true, HasCENC: true,
		FTI: []byte{1}, HasLength: true, Length: 9, Time: []byte{1}, Auth: []byte{1}, Body: []byte{1},
	}
	for name, c := range map[string]struct {
		payload    string
		extensions []byte
		edit       func(*lct.Header)
		length     uint64 // none: not told
		err        error
	}{
		"no length":            {"data", nil, nil, none, nil},
		"EXT_TOL, 24 bits":     {"data", tol24, nil, 0x010203, nil},
		"EXT_TOL, 48 bits":     {"data", tol48, nil, 0x000100000002, nil},
		"EXT_FTI":              {"data", fti, nil, 0x010203, nil},
		"EXT_FTI, no more":     {"data", extension(64, 0, 0, 0, 1, 2, 3), nil, 0x010203, nil},
		"both say the same":    {"data", slices.Concat(tol24, fti), nil, 0x010203, nil},
		"they contradict":      {"data", slices.Concat(tol24, tol48), nil, none, ErrAmbiguous},
		"EXT_TOL is too short": {"data", extension(67, 9, 9), nil, none, nil},
		"EXT_FTI is too short": {"data", extension(64, 9, 9), nil, none, nil},
		"twice EXT_FTI": {
			"data", slices.Concat(fti, extension(64, 0, 0, 0, 9, 9, 9, 0, 0, 0, 8, 0, 0, 0, 4)), nil, none,
			ErrAmbiguous,
		},
		"repair packet":            {"data", nil, func(h *lct.Header) { h.PSI = 1 }, none, errRepair},
		"no indicator":             {"data", nil, func(h *lct.Header) { h.PSI = 0 }, none, errRepair},
		"both bits of PSI":         {"data", nil, func(h *lct.Header) { h.PSI = 3 }, none, nil},
		"data-less":                {"", tol24, func(h *lct.Header) { h.PSI = 0 }, 0x010203, nil},
		"TOI 0 without EXT_FDT":    {"data", nil, func(h *lct.Header) { h.TOI = flute.TOI{} }, none, nil},
		"payload without TOI":      {"data", nil, withoutTOI, none, ErrNoTOI},
		"one byte without TOI":     {"d", nil, withoutTOI, none, ErrNoTOI},
		"one byte of repair":       {"d", nil, func(h *lct.Header) { h.PSI = 1 }, none, errRepair},
		"data-less without TOI":    {"", nil, withoutTOI, none, nil},
		"no TSI, and nothing else": {"", nil, func(h *lct.Header) { *h = lct.Header{} }, none, lct.ErrNoTSI},
	} {
		b := routePacket(t, c.payload, c.extensions, c.edit)
		p := dirty
		if err := p.ParseROUTE(b); !errors.Is(err, c.err) {
			t.Errorf("%s: %v, want %v", name, err, c.err)
		}
		if c.err != nil {
			if d := cmp.Diff(Packet{}, p, compareTOI); d != "" {
				t.Errorf("%s: half-parsed (-want +got):\n%s", name, d)
			}
			continue
		}
		if p.HasFDT || p.HasCENC || p.Time != nil || p.Auth != nil || p.CloseSession {
			t.Errorf("%s: something of the packet before: %+v", name, p)
		}
		if p.HasLength != (c.length != none) || p.HasLength && p.Length != c.length || p.FTI != nil {
			t.Errorf("%s: length %d (%v), EXT_FTI %x", name, p.Length, p.HasLength, p.FTI)
		}
		if string(p.Body) != c.payload || p.TSI != 100 || p.Codepoint != 8 || cap(p.Body) != len(p.Body) {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

// Whatever is cut off: an error, or a shorter payload; never more.
func TestROUTETruncated(t *testing.T) {
	b := routePacket(t, "data", extension(67, 0, 1, 0, 0, 0, 2), nil)
	for n := range b {
		var p Packet
		if err := p.ParseROUTE(b[:n:n]); err == nil && n < len(b)-len("data") {
			t.Errorf("%d bytes: %+v", n, p)
		} else if err != nil && drop.Of(err) == 0 {
			t.Errorf("%d bytes: %v has no reason", n, err)
		}
	}
}

func withoutTOI(h *lct.Header) { h.HasTOI, h.TOILen = false, 0 }
