package fec_test

import (
	"bytes"
	"testing"

	"github.com/flute-node/flute-node/fec"
)

// TestConf_K04_K05_Raptor: the FEC Payload IDs of Raptor and RaptorQ, and the limits of their OTI, at both sides.
func TestConf_K04_K05_Raptor(t *testing.T) {
	raptor := fec.OTI{
		EncodingID: fec.Raptor, TransferLength: 8192 * 8, SymbolLength: 8, SourceBlocks: 1, SubBlocks: 1, Alignment: 4,
	}
	raptorQ := fec.OTI{
		EncodingID: fec.RaptorQ, TransferLength: 56403 * 8, SymbolLength: 8, SourceBlocks: 1, SubBlocks: 1,
		Alignment: 4,
	}
	for _, v := range []struct {
		o    fec.OTI
		id   fec.PayloadID
		want []byte
	}{
		{raptor, fec.PayloadID{SBN: 0x1234, ESI: 0x5678}, []byte{0x12, 0x34, 0x56, 0x78}},  // RFC 5053, section 3.1: 16 + 16
		{raptorQ, fec.PayloadID{SBN: 0x12, ESI: 0x345678}, []byte{0x12, 0x34, 0x56, 0x78}}, // RFC 6330, section 3.2: 8 + 24
	} {
		got := v.o.AppendPayloadID(nil, v.id)
		back, n, err := v.o.ParsePayloadID(got)
		if !bytes.Equal(got, v.want) || n != 4 || err != nil || back != v.id {
			t.Errorf("%v: %x, want %x; read %+v, %d, %v", v.o.EncodingID, got, v.want, back, n, err)
		}
	}
	for _, v := range []struct {
		name string
		base fec.OTI
		edit func(*fec.OTI)
		ok   bool
	}{
		{"Raptor, 8192 symbols", raptor, func(*fec.OTI) {}, true},
		{"Raptor, a symbol more", raptor, func(o *fec.OTI) { o.TransferLength++ }, false},
		{"Raptor, in two blocks", raptor, func(o *fec.OTI) { o.TransferLength++; o.SourceBlocks = 2 }, true},
		{"Raptor, four symbols", raptor, func(o *fec.OTI) { o.TransferLength = 25 }, true},
		{"Raptor, three symbols", raptor, func(o *fec.OTI) { o.TransferLength = 24 }, false},
		{"Raptor, T is no multiple of Al", raptor, func(o *fec.OTI) { o.SymbolLength = 10 }, false},
		{"Raptor, the largest that has blocks enough", raptor, func(o *fec.OTI) {
			o.TransferLength, o.SymbolLength, o.SourceBlocks = 8192*65535*65532, 65532, 65535
		}, true},
		{"Raptor, 2^45", raptor, func(o *fec.OTI) { o.TransferLength, o.SymbolLength, o.SourceBlocks = 1<<45, 65532, 65535 }, false},
		{"RaptorQ, 56403 symbols", raptorQ, func(*fec.OTI) {}, true},
		{"RaptorQ, a symbol more", raptorQ, func(o *fec.OTI) { o.TransferLength++ }, false},
		{"RaptorQ, one symbol", raptorQ, func(o *fec.OTI) { o.TransferLength = 1 }, true},
		{"RaptorQ, T is no multiple of Al", raptorQ, func(o *fec.OTI) { o.SymbolLength = 10 }, false},
		{"RaptorQ, more than 946270874880 bytes", raptorQ, func(o *fec.OTI) {
			o.TransferLength, o.SymbolLength, o.SourceBlocks = 946270874881, 65535, 255
			o.Alignment = 1
		}, false},
	} {
		o := v.base
		v.edit(&o)
		if err := o.Validate(); (err == nil) != v.ok {
			t.Errorf("%s: %v", v.name, err)
		}
	}
}
