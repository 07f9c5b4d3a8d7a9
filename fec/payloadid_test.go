package fec_test

import (
	"bytes"
	"testing"

	"github.com/flute-node/flute-node/internal/allocbound"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/internal/drop"
)

// payloadIDVectors: those with 0, 5 and 129 are packets 0:3, 1:4 and 2:4 of the object of 77 bytes that flute-rs 1.11.7
// sent.
var payloadIDVectors = []struct {
	oti fec.OTI
	hex string
	id  fec.PayloadID
}{
	{fec.OTI{EncodingID: fec.CompactNoCode}, "00020002", fec.PayloadID{SBN: 2, ESI: 2}},
	{fec.OTI{EncodingID: fec.CompactNoCode}, "fffefffd", fec.PayloadID{SBN: 0xfffe, ESI: 0xfffd}},
	{fec.OTI{EncodingID: fec.Raptor}, "12345678", fec.PayloadID{SBN: 0x1234, ESI: 0x5678}},
	{fec.OTI{EncodingID: fec.ReedSolomonGF2m}, "12345678", fec.PayloadID{SBN: 0x123456, ESI: 0x78}},
	{fec.OTI{EncodingID: fec.ReedSolomonGF2m, FieldBits: 8}, "12345678", fec.PayloadID{SBN: 0x123456, ESI: 0x78}},
	{fec.OTI{EncodingID: fec.ReedSolomonGF2m, FieldBits: 16}, "00010003", fec.PayloadID{SBN: 1, ESI: 3}},
	{fec.OTI{EncodingID: fec.ReedSolomonGF2m, FieldBits: 2}, "fffffffe", fec.PayloadID{SBN: 1<<30 - 1, ESI: 2}},
	{fec.OTI{EncodingID: fec.LDPCStaircase}, "12345678", fec.PayloadID{SBN: 0x123, ESI: 0x45678}},
	{fec.OTI{EncodingID: fec.LDPCTriangle}, "12345678", fec.PayloadID{SBN: 0x123, ESI: 0x45678}},
	{fec.OTI{EncodingID: fec.ReedSolomonGF28}, "00000104", fec.PayloadID{SBN: 1, ESI: 4}},
	{fec.OTI{EncodingID: fec.RaptorQ}, "12345678", fec.PayloadID{SBN: 0x12, ESI: 0x345678}},
	{fec.OTI{EncodingID: fec.SmallBlockExpandable}, "1234567890abcdef", fec.PayloadID{SBN: 0x12345678, ESI: 0x90abcdef}},
	{fec.OTI{EncodingID: fec.SmallBlockSystematic}, "0000000200030004", fec.PayloadID{SBN: 2, ESI: 4, SourceBlockLength: 3}},
	{fec.OTI{EncodingID: fec.Compact}, "12345678", fec.PayloadID{SBN: 0x1234, ESI: 0x5678}},
}

// TestConf_C01_C13_C15_C17_B06_PayloadID: the layouts of FEC Payload IDs, both ways (also K01, K02, K04, K05).
func TestConf_C01_C13_C15_C17_B06_PayloadID(t *testing.T) {
	for _, v := range payloadIDVectors {
		b := unhex(t, v.hex)
		if len(b) > 8 { // RFC 5052, section 6.3: a small fraction of the packet
			t.Errorf("%v: %d bytes", v.oti.EncodingID, len(b))
		}
		if n := v.oti.PayloadIDLen(); n != len(b) {
			t.Errorf("%v: %d bytes, want %d", v.oti.EncodingID, n, len(b))
		}
		got, n, err := v.oti.ParsePayloadID(append(bytes.Clone(b), 0xff))
		if err != nil || n != len(b) {
			t.Errorf("%v: %d bytes, %v", v.oti.EncodingID, n, err)
		}
		if d := cmp.Diff(v.id, got); d != "" {
			t.Errorf("%v (-want +got):\n%s", v.oti.EncodingID, d)
		}
		if a := v.oti.AppendPayloadID([]byte{1}, v.id); !bytes.Equal(a[1:], b) {
			t.Errorf("%v: appended %x, want %x", v.oti.EncodingID, a[1:], b)
		}
		for n := range len(b) {
			if id, read, err := v.oti.ParsePayloadID(b[:n:n]); drop.Of(err) != drop.PayloadID ||
				id != (fec.PayloadID{}) || read != 0 {
				t.Errorf("%v: %d bytes: %+v, %v", v.oti.EncodingID, n, id, err)
			}
		}
	}
}

// TestConf_K09_UnknownScheme: nothing of an unknown scheme is interpreted, and nothing panics.
func TestConf_K09_UnknownScheme(t *testing.T) {
	for id := range 256 {
		o := fec.OTI{EncodingID: fec.EncodingID(id), TransferLength: 1, SymbolLength: 1}
		if o.EncodingID.Known() {
			continue
		}
		if n := o.PayloadIDLen(); n != 0 {
			t.Errorf("%d: FEC Payload ID of %d bytes", id, n)
		}
		if _, _, err := o.ParsePayloadID(make([]byte, 16)); err == nil {
			t.Errorf("%d: FEC Payload ID was read", id)
		}
		if err := o.Validate(); err == nil {
			t.Errorf("%d: valid", id)
		}
		if p := o.Partition(); p.Blocks() != 0 {
			t.Errorf("%d: %d source blocks", id, p.Blocks())
		}
	}
}

func FuzzPayloadID(f *testing.F) {
	for _, v := range payloadIDVectors {
		f.Add(uint8(v.oti.EncodingID), v.oti.FieldBits, unhex(f, v.hex))
	}
	f.Fuzz(func(t *testing.T, id, m uint8, b []byte) {
		o := fec.OTI{EncodingID: fec.EncodingID(id), FieldBits: m}
		var p fec.PayloadID
		var n int
		var err error
		allocbound.Bound{}.Check(t, len(b), func() { p, n, err = o.ParsePayloadID(b) })
		if err != nil {
			if drop.Of(err) != drop.PayloadID || n != 0 {
				t.Fatalf("%d, %v", n, err)
			}
			return
		}
		if n != o.PayloadIDLen() || !bytes.Equal(o.AppendPayloadID(nil, p), b[:n]) {
			if o.EncodingID == fec.ReedSolomonGF2m && m > 16 {
				return // no valid OTI
			}
			t.Fatalf("%x became %x", b[:n], o.AppendPayloadID(nil, p))
		}
	})
}

func TestPayloadIDAllocates(t *testing.T) {
	buffers := make([][]byte, len(payloadIDVectors))
	for i, v := range payloadIDVectors {
		buffers[i] = unhex(t, v.hex)
	}
	room := make([]byte, 0, 8)
	if n := testing.AllocsPerRun(100, func() {
		for i := range payloadIDVectors {
			o := &payloadIDVectors[i].oti
			id, _, err := o.ParsePayloadID(buffers[i])
			if err != nil || len(o.AppendPayloadID(room, id)) != len(buffers[i]) {
				t.Fatal(err)
			}
			if _, _, err := o.ParsePayloadID(buffers[i][:3]); err == nil {
				t.Fatal("short FEC Payload ID was taken")
			}
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkParsePayloadID(b *testing.B) {
	o := fec.OTI{EncodingID: fec.ReedSolomonGF28}
	packet := unhex(b, "00000104")
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := o.ParsePayloadID(packet); err != nil {
			b.Fatal(err)
		}
	}
}

// TestPayloadIDIsCut: of an ESI that its field cannot hold nothing becomes a part of the SBN.
func TestPayloadIDIsCut(t *testing.T) {
	for _, v := range payloadIDVectors {
		if len(v.hex) > 8 {
			continue // the fields do not share a word
		}
		cut := v.id
		cut.ESI |= 1 << 31
		if got, _, err := v.oti.ParsePayloadID(v.oti.AppendPayloadID(nil, cut)); err != nil || got != v.id {
			t.Errorf("%v: ESI %#x: %+v, %v", v.oti.EncodingID, cut.ESI, got, err)
		}
	}
}
