package raptor

import (
	"errors"
	"strings"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
)

func TestSymbolLength(t *testing.T) {
	for _, v := range []struct {
		length uint64
		t      uint16
		al     uint8
		want   uint16 // 0: an error
	}{
		{1 << 40, 1400, 4, 1400},
		{4201, 1400, 4, 1400},
		{4200, 1400, 4, 1396},
		{1401, 1400, 4, 464},
		{16, 32, 4, 4},
		{31, 32, 4, 8},
		{13, 1400, 4, 4},
		{12, 1400, 4, 0},
		{4, 1400, 1, 1},
		{3, 1400, 1, 0},
		{1, 1400, 1, 0},
		{0, 1400, 4, 1400},
		{1 << 20, 1402, 4, 1400},
		{1 << 20, 3, 4, 0},
		{1 << 20, 8, 0, 0},
		{1 << 20, 0, 1, 0},
		{1<<64 - 1, 65535, 255, 65535},
	} {
		got, err := SymbolLength(v.length, v.t, v.al)
		if got != v.want && v.want != 0 || (err != nil) != (v.want == 0) ||
			err != nil && !errors.Is(err, flute.ErrOTI) {
			t.Errorf("%d bytes, T=%d, Al=%d: %d, %v, want %d", v.length, v.t, v.al, got, err, v.want)
		}
	}
	// It is the largest that gives four symbols.
	for length := uint64(1); length < 500; length++ {
		for _, al := range []uint8{1, 2, 4, 7} {
			got, err := SymbolLength(length, 100, al)
			want := uint16(0)
			for t := uint16(al); t <= 100; t += uint16(al) {
				if (length+uint64(t)-1)/uint64(t) >= 4 {
					want = t
				}
			}
			if err == nil && got != want || (err != nil) != (want == 0) {
				t.Errorf("%d bytes, Al=%d: %d, %v, want %d", length, al, got, err, want)
			}
		}
	}
}

// TestSourceBlocks: OTI.Validate accepts each Z in the range, and none beside it.
func TestSourceBlocks(t *testing.T) {
	for _, v := range []struct {
		symbols     uint64
		least, most uint32
	}{
		{3, 0, 0},
		{4, 1, 1},
		{7, 1, 1},
		{8, 1, 2},
		{11, 1, 2},
		{12, 1, 3},
		{8192, 1, 2048},
		{8193, 2, 2048},
		{1 << 20, 128, 65535},
		{8192 * 65535, 65535, 65535},
		{8192*65535 + 1, 0, 0},
	} {
		const length = 10
		least, most, err := sourceBlocks(v.symbols*length-1, length)
		if least != v.least || most != v.most || (err != nil) != (v.most == 0) ||
			err != nil && !errors.Is(err, flute.ErrOTI) {
			t.Errorf("%d symbols: %d to %d, %v, want %d to %d", v.symbols, least, most, err, v.least, v.most)
		}
		for _, z := range []uint32{least - 1, least, most, most + 1} {
			o := testOTI(1, length)
			o.TransferLength, o.SourceBlocks = v.symbols*length-1, z
			want := err == nil && least <= z && z <= most
			if got := o.Validate(); (got == nil) != want {
				t.Errorf("%d symbols, Z=%d: Validate says %v", v.symbols, z, got)
			}
			if got := New(Config{}).Supports(&o); (got == nil) != want || got != nil && !errors.Is(got, flute.ErrOTI) {
				t.Errorf("%d symbols, Z=%d: Supports says %v", v.symbols, z, got)
			}
		}
	}
	if _, _, err := sourceBlocks(10, 0); !errors.Is(err, flute.ErrOTI) {
		t.Errorf("T=0: %v", err)
	}
	if _, _, err := sourceBlocks(1<<64-1, 1); !errors.Is(err, flute.ErrOTI) {
		t.Errorf("2^64-1 bytes: %v", err)
	}
}

// TestAdvice: who asks for a source block that is too short is told what to do.
func TestAdvice(t *testing.T) {
	s := New(Config{})
	for _, v := range []struct {
		length uint64
		t      uint16
		z      uint32
		want   string
	}{
		{1401, 1400, 1, "symbol length of at most 466 bytes"},
		{11 * 1400, 1400, 3, "at most 2 source blocks"},
		{2, 1400, 1, "otherwise"},
		{8193 * 1400, 1400, 1, "at least 2 source blocks"},
	} {
		o := fec.OTI{
			EncodingID: fec.Raptor, TransferLength: v.length, SymbolLength: v.t, SourceBlocks: v.z, SubBlocks: 1,
			Alignment: 1,
		}
		if err := s.Supports(&o); err == nil || !strings.Contains(err.Error(), v.want) {
			t.Errorf("%d bytes, T=%d, Z=%d: %v, want something with %q", v.length, v.t, v.z, err, v.want)
		}
	}
}

// TestCheck: a block that is none of this scheme's has no encoder and no decoder.
func TestCheck(t *testing.T) {
	s := New(Config{})
	good := testOTI(10, 8)
	if _, err := s.NewEncoder(&good, "", 10, make([]byte, 81)); !errors.Is(err, flute.ErrOTI) {
		t.Errorf("81 bytes in 80: %v", err)
	}
	if s.Variants() != nil {
		t.Errorf("variants %v", s.Variants())
	}
	for _, v := range []struct {
		name    string
		k       uint32
		variant fec.Variant
		change  func(*fec.OTI)
	}{
		{"K of 0", 0, "", nil},
		{"K of 3", 3, "", nil},
		{"K of 8193", 8193, "", nil},
		{"K of 2^32-1", 1<<32 - 1, "", nil},
		{"variant", 10, "rizzo", nil},
		{"symbols of no bytes", 10, "", func(o *fec.OTI) { o.SymbolLength = 0 }},
	} {
		o := good
		if v.change != nil {
			v.change(&o)
		}
		if _, err := s.NewEncoder(&o, v.variant, v.k, nil); !errors.Is(err, flute.ErrOTI) {
			t.Errorf("%s: encoder: %v", v.name, err)
		}
		if _, err := s.NewDecoder(&o, v.variant, v.k); !errors.Is(err, flute.ErrOTI) {
			t.Errorf("%s: decoder: %v", v.name, err)
		}
	}
	for _, o := range []fec.OTI{{EncodingID: fec.RaptorQ}, {EncodingID: fec.CompactNoCode}, {
		EncodingID: fec.Raptor, InstanceID: 1,
	}} {
		if err := s.Supports(&o); !errors.Is(err, flute.ErrOTI) {
			t.Errorf("%v: %v", o.EncodingID, err)
		}
	}
	if err := s.Supports(&fec.OTI{EncodingID: fec.Raptor}); err != nil {
		t.Errorf("an object of no bytes: %v", err)
	}
}
