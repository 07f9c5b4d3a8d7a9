package rs

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/reedsolomon"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/internal/fectest"
	"github.com/flute-node/flute-node/flute"
)

// TestBackblaze compares with the default code of klauspost/reedsolomon, which is that of flute-rs up to 1.11.0.
func TestBackblaze(t *testing.T) {
	for _, size := range []struct{ k, p int }{{1, 1}, {2, 5}, {10, 4}, {64, 16}, {200, 55}} {
		const length = 64
		o := testOTI(size.k, size.p, length)
		source := fectest.Source(size.k, length)
		symbols := fectest.Lossy(source, size.k, length, nil)
		for range size.p {
			symbols = append(symbols, make([]byte, length))
		}
		c, err := reedsolomon.New(size.k, size.p)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Encode(symbols); err != nil {
			t.Fatal(err)
		}
		for i, r := range repairOf(t, New(), &o, Backblaze, size.k, source) {
			if !bytes.Equal(r.Data, symbols[size.k+i]) {
				t.Errorf("k=%d: symbol %d: %x, want %x", size.k, r.ESI, r.Data[:8], symbols[size.k+i][:8])
			}
		}
	}
}

// TestConf_C06_ShortSource: what is missing at the end of a block is zeros (RFC 5445, section 3.2.2.2).
func TestConf_C06_ShortSource(t *testing.T) {
	const k, p, length = 6, 3, 100
	s := New()
	o := testOTI(k, p, length)
	source := fectest.Source(k, length)
	for _, n := range []int{
		0, 1, length - 1, length, length + 1, 5*length - 1, 5 * length, 5*length + 1, 6*length - 1, 6 * length,
	} {
		padded := append(bytes.Clone(source[:n]), make([]byte, k*length-n)...)
		got, want := repairOf(t, s, &o, Rizzo, k, source[:n:n]), repairOf(t, s, &o, Rizzo, k, padded)
		for i := range got {
			if !bytes.Equal(got[i].Data, want[i].Data) {
				t.Errorf("%d bytes: symbol %d differs from that of the padded block", n, got[i].ESI)
			}
		}
	}
}

// TestOrder: repair symbols do not depend on the order in which they are asked for, nor on how many a sender makes.
func TestOrder(t *testing.T) {
	const k, n, length = 20, 200, 70
	source := fectest.Source(k, length)
	o := testOTI(k, n-k, length)
	want := repairOf(t, New(), &o, RFC5510, k, source)
	o.MaxSourceBlockLength = 100 // the n-algorithm: 20 repair symbols
	enc, err := New().NewEncoder(&o, RFC5510, k, source)
	if err != nil {
		t.Fatal(err)
	}
	if made := o.RepairSymbols(k); made != 20 {
		t.Fatalf("%d repair symbols by the n-algorithm", made)
	}
	for _, esi := range []fec.ESI{25, 20, 39, 40, 41, 60, 199, 20, 100} {
		got, err := enc.AppendRepair([]byte("before"), esi)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, append([]byte("before"), want[esi-k].Data...)) {
			t.Errorf("symbol %d differs", esi)
		}
	}
}

// TestReset: an encoder makes of the next block what a new one would, and nothing of the block before shows.
func TestReset(t *testing.T) {
	const k, p, length = 6, 3, 100
	s := New()
	o := testOTI(k, p, length)
	source := fectest.Source(k, length)
	enc, err := s.NewEncoder(&o, Rizzo, k, source)
	if err != nil {
		t.Fatal(err)
	}
	for _, next := range [][]byte{
		source[:3*length+7], source, source[50 : 5*length], nil, source[:6*length-1], source[:5*length+3],
	} {
		if _, err := enc.AppendRepair(nil, k); err != nil {
			t.Fatal(err)
		}
		if err := enc.(*Encoder).Reset(next); err != nil {
			t.Fatal(err)
		}
		for _, want := range repairOf(t, s, &o, Rizzo, k, next) {
			if got, err := enc.AppendRepair(nil, want.ESI); err != nil || !bytes.Equal(got, want.Data) {
				t.Errorf("block of %d bytes: symbol %d: %x, %v, want %x", len(next), want.ESI, got[:8], err,
					want.Data[:8])
			}
		}
	}
	if err := enc.(*Encoder).Reset(make([]byte, k*length+1)); !errors.Is(err, flute.ErrOTI) {
		t.Errorf("a block too long: %v", err)
	}
}

func TestRefused(t *testing.T) {
	s := New()
	for _, o := range []fec.OTI{
		{EncodingID: fec.ReedSolomonGF2m, FieldBits: 1},
		{EncodingID: fec.ReedSolomonGF2m, FieldBits: 17},
		{EncodingID: fec.ReedSolomonGF2m, FieldBits: 4, TransferLength: 1, MaxSourceBlockLength: 15, MaxEncodingSymbols: 16},
		{EncodingID: fec.Raptor},
		{EncodingID: fec.SmallBlockSystematic, InstanceID: 1},
		{EncodingID: fec.SmallBlockSystematic, TransferLength: 1, MaxSourceBlockLength: 200, MaxEncodingSymbols: 256},
		{EncodingID: fec.SmallBlockSystematic, TransferLength: 1, MaxSourceBlockLength: 256, MaxEncodingSymbols: 256},
	} {
		if err := s.Supports(&o); !errors.Is(err, flute.ErrOTI) {
			t.Errorf("%+v: %v", o, err)
		}
	}
	for _, o := range []fec.OTI{
		testOTI(10, 4, 8), testOTI(255, 0, 8),
		{EncodingID: fec.SmallBlockSystematic},
		{EncodingID: fec.ReedSolomonGF28},
		{EncodingID: fec.ReedSolomonGF2m},
		{EncodingID: fec.ReedSolomonGF2m, FieldBits: 16},
		{EncodingID: fec.ReedSolomonGF2m, FieldBits: 2, TransferLength: 1, MaxSourceBlockLength: 3, MaxEncodingSymbols: 3},
	} {
		if err := s.Supports(&o); err != nil {
			t.Errorf("%+v: %v", o, err)
		}
	}
	o := testOTI(10, 4, 8)
	for _, v := range []struct {
		name    string
		variant fec.Variant
		k       uint32
		size    int
	}{
		{"unknown variant", "other", 10, 80},
		{"no source symbols", Rizzo, 0, 0},
		{"256 source symbols", Rizzo, 256, 80},
		{"2^32-1 source symbols", Rizzo, 1<<32 - 1, 80},
		{"block too long", Rizzo, 10, 81},
	} {
		if _, err := s.NewEncoder(&o, v.variant, v.k, make([]byte, v.size)); !errors.Is(err, flute.ErrOTI) {
			t.Errorf("encoder, %s: %v", v.name, err)
		}
		if v.size == 81 {
			continue
		}
		if _, err := s.NewDecoder(&o, v.variant, v.k); !errors.Is(err, flute.ErrOTI) {
			t.Errorf("decoder, %s: %v", v.name, err)
		}
	}
	enc, err := s.NewEncoder(&o, "", 10, make([]byte, 80))
	if err != nil {
		t.Fatal(err)
	}
	for _, esi := range []fec.ESI{0, 9, 14, 255, 1<<32 - 1} {
		if _, err := enc.AppendRepair(nil, esi); !errors.Is(err, flute.ErrOTI) ||
			!strings.Contains(err.Error(), "10 to 13") {
			t.Errorf("repair symbol %d of 10 to 13: %v", esi, err)
		}
	}
	full := testOTI(255, 0, 8)
	if enc, err = s.NewEncoder(&full, Rizzo, 255, make([]byte, 255*8)); err != nil {
		t.Fatal(err)
	}
	if _, err := enc.AppendRepair(nil, 255); err == nil {
		t.Error("repair symbol 255 was made")
	}
}

func TestPlansAreBounded(t *testing.T) {
	s := New()
	for k := 1; k < 200; k++ {
		_ = s.plans.entry(planKey{8, Rizzo, k, k, 3})
	}
	if len(s.plans.entries) != maxPlans || len(s.plans.keys) != maxPlans {
		t.Errorf("%d matrices are kept, want %d", len(s.plans.entries), maxPlans)
	}
	first := s.plans.entry(s.plans.keys[0])
	var total uint64
	for k := 300; k < 400; k++ {
		if e := s.plans.entry(planKey{16, Rizzo, k, k, 100}); e == nil || e.bytes != uint64(k)*100*32 {
			t.Fatalf("k=%d: %+v", k, e)
		}
	}
	for _, key := range s.plans.keys {
		total += s.plans.entries[key].bytes
		if s.plans.entries[key] == first {
			t.Error("the oldest is still there")
		}
	}
	if total != s.plans.bytes || total > maxPlanBytes || total < maxPlanBytes*3/4 ||
		len(s.plans.keys) != len(s.plans.entries) {
		t.Errorf("%d bytes in %d matrices and %d keys, %d counted", total, len(s.plans.entries), len(s.plans.keys),
			s.plans.bytes)
	}
	used := s.plans.keys[0]
	kept := s.plans.entry(used)
	for k := 300; k < 310; k++ {
		s.plans.entry(planKey{16, RFC5510, k, k, 100})
	}
	if s.plans.entries[used] != kept {
		t.Error("a matrix that was used went before those that were not")
	}
	if s.plans.entry(planKey{16, Rizzo, 60000, 60000, 8}) != nil {
		t.Error("a matrix of 15 MB is kept")
	}
}

// TestConcurrent: a Scheme is safe for concurrent use.
func TestConcurrent(t *testing.T) {
	s := New()
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for k := 1; k < 40; k++ {
				o := testOTI(k, 3, 65)
				source := fectest.Source(k, 65)
				v := s.Variants()[(g+k)%3]
				symbols := fectest.Lossy(source, k, 65, []int{k / 2})
				dec, err := s.NewDecoder(&o, v, uint32(k))
				if err != nil {
					t.Error(err)
					return
				}
				if err := dec.Recover(symbols, repairOf(t, s, &o, v, k, source)[1:]); err != nil ||
					!bytes.Equal(symbols[k/2], source[k/2*65:][:65]) {
					t.Errorf("k=%d: %v", k, err)
				}
			}
		})
	}
	wg.Wait()
}

// TestAppendRepairAllocates: the symbols after the first one of a block are copied and no more.
func TestAppendRepairAllocates(t *testing.T) {
	o := testOTI(64, 16, 1400)
	enc, err := New().NewEncoder(&o, Rizzo, 64, fectest.Source(64, 1400))
	if err != nil {
		t.Fatal(err)
	}
	packet := make([]byte, 0, 1400)
	if n := testing.AllocsPerRun(100, func() {
		for esi := fec.ESI(64); esi < 80; esi++ {
			if _, err := enc.AppendRepair(packet, esi); err != nil {
				t.Fatal(err)
			}
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
