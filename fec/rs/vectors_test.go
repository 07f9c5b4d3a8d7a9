package rs

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/internal/fectest"
)

// coefficientVectors are the rows of repair symbols k, k+1, … as made by other programs: the Rizzo rows by the NORM and
// OpenFEC codecs and by zfec, those of Backblaze by its own matrix; the RFC 5510 rows come from an independent
// inversion of the Vandermonde matrix.
var coefficientVectors = []struct {
	k       int
	variant fec.Variant
	rows    string
}{
	{1, Rizzo, "01 01"},
	{1, RFC5510, "01 01"},
	{1, Backblaze, "01 01"},
	{2, RFC5510, "0203 0607"},
	{2, Rizzo, "0302 0504"},
	{2, Backblaze, "0302 0203"},
	{3, RFC5510, "080e07 38221b"},
	{3, Rizzo, "0f0806 2d301c"},
	{3, Backblaze, "010101 0f0806"},
	{4, RFC5510, "4078360f e7d25763"},
	{4, Rizzo, "7740380e c7a70d6c"},
	{4, Backblaze, "1b1c1214 1c1b1412"},
	{5, RFC5510, "74933fc61f c5831cd58e 3a02127f54"},
	{5, Rizzo, "5474e7d81e 02b1a18291 2aff7e70da"},
	{5, Backblaze, "0707060601 0908090801 0f0e0e0f01"},
	{10, RFC5510, "c19d715f5ec76f9fc2d8 d4d942c83e607dda3e41 cbddb943886ecdf6d2e2 84078acad27a8ad84971"},
	{10, Rizzo, "42c15c2d722ceb841bd9 a9155162f59532206599 0f1f1be06bddd3634fa3 fb4f95a62f7561260893"},
	{10, Backblaze, "8196afb8d2c4fee80302 9681b8afc4d2e8fe0203 bfd6620a066fdfb70504 d6bf0a626f06b7df0405"},
}

func TestCoefficients(t *testing.T) {
	f := newCode(8)
	for _, v := range coefficientVectors {
		want := strings.Fields(v.rows)
		for r, row := range repairRows(f, v.variant, v.k, len(want)) {
			var b []byte
			for _, c := range row {
				b = append(b, byte(c))
			}
			if got := hex.EncodeToString(b); got != want[r] {
				t.Errorf("%s k=%d, repair symbol %d: %s, want %s", v.variant, v.k, v.k+r, got, want[r])
			}
		}
	}
}

// symbolVectors are repair symbols of 8 bytes over testSource, by ESI.
var symbolVectors = []struct {
	k       uint32
	variant fec.Variant
	symbols string
}{
	{3, RFC5510, "3:f630abd03461f544 4:0f6e381edec65927"},
	{3, Rizzo, "3:d359b7c1d3f00125 4:f46c6c695116af1d"},
	{3, Backblaze, "3:abc39f33a34be783 4:d359b7c1d3f00125"},
	{4, RFC5510, "4:497793686cd08690 5:ba7613488d6abe08 6:45c85c0d04b8337b 7:9a4debfa1c34eb1a"},
	{4, Rizzo, "4:64b6e76eaf7ba765 5:0c4dc56aa82d4c02 6:7499aa5a9309ac39 7:3eaefe2f4764f872"},
	{4, Backblaze, "4:00ee72bf9501b65b 5:d3d931031df0e6fb 6:013fb5b8ad4eb564 7:b23c4a78fd53d1b8"},
	{10, RFC5510, "10:b752419f6766ce59 11:b005cfcd37ddb140 12:3bd5aea150c25dbf"},
	{10, Rizzo, "10:a96a2526b78f1b70 11:d5888e903a852314 12:f64bf279bef3eb04"},
	{10, Backblaze, "10:23dcd03e6920a03c"},
	{64, RFC5510, "64:aabb13c6ee5fd8c2 65:57aab263a5cc0474 66:b5aa6a7744401bf2"},
	{64, Rizzo, "64:fe715555d9f08361 65:f26d04a551e69a3b 66:745ecd023bce2de9"},
	{64, Backblaze, "64:2fa4953f2b17e557"},
	{200, RFC5510, "200:2eb94264d2af7f63 201:448f88d740433509 202:18f1e61cf6901d14"},
	{200, Rizzo, "200:adeca9d6420d2712 201:b0e2a3e519c12735 202:e87a246b2444d725"},
	{200, Backblaze, "200:61d99e0bf8b39875"},
}

func TestRepairSymbols(t *testing.T) {
	s := New()
	for _, v := range symbolVectors {
		o := fec.OTI{
			EncodingID: fec.ReedSolomonGF28, TransferLength: uint64(v.k) * 8, SymbolLength: 8,
			MaxSourceBlockLength: v.k, MaxEncodingSymbols: 255,
		}
		source := fectest.Source(int(v.k), 8)
		enc, err := s.NewEncoder(&o, v.variant, v.k, source)
		if err != nil {
			t.Fatal(err)
		}
		dec, err := s.NewDecoder(&o, v.variant, v.k)
		if err != nil {
			t.Fatal(err)
		}
		for want := range strings.FieldsSeq(v.symbols) {
			esiText, symbol, _ := strings.Cut(want, ":")
			var esi fec.ESI
			for _, c := range esiText {
				esi = 10*esi + fec.ESI(c-'0')
			}
			got, err := enc.AppendRepair(nil, esi)
			if err != nil || hex.EncodeToString(got) != symbol {
				t.Errorf("%s k=%d, ESI %d: %x, %v; want %s", v.variant, v.k, esi, got, err, symbol)
			}
			if !dec.Matches(fectest.Split(source, 8), fec.Symbol{ESI: esi, Data: got}) {
				t.Errorf("%s k=%d, ESI %d: Matches says no", v.variant, v.k, esi)
			}
		}
	}
}

// repairRows returns the coefficients of the first p repair symbols.
func repairRows(c *code, v fec.Variant, k, p int) [][]uint16 {
	w := &workspace{}
	w.sources(&block{code: c, variant: v, k: k})
	rows := make([][]uint16, p)
	for i := range rows {
		rows[i] = make([]uint16, k)
		row(rows[i], &w.basis, k+i)
	}
	return rows
}

// TestConf_K02_Object compares an object of 77 bytes, in blocks of 4, 3 and 3 symbols, with the packets that flute-rs
// 1.11.7 sent of it. Its blocks have two repair symbols each, not what the n-algorithm gives.
func TestConf_K02_Object(t *testing.T) {
	checkObject(t, testOTI(4, 2, 8), `00000004:64b6e76eaf7ba765 00000005:0c4dc56aa82d4c02 00000103:ebf4f2130a047694
		00000104:77869cda71138ba0 00000203:cef72bcf8315a0e2 00000204:e458da120ad6a80d`)
}

// TestConf_K02_Object16 does the same under m = 16.
func TestConf_K02_Object16(t *testing.T) {
	checkObject(t, oti2m(16, 4, 2, 8), `00000004:edfc902d8dc6379d 00000005:b9f2ba02b2056d79 00010003:ef80e067070f63b3
		00010004:68f0e0b16822c364 00020003:c3fc2bcf8315aece 00020004:c44ed60406c0859a`)
}

// checkObject compares the repair symbols of an object of 77 bytes, with their FEC Payload IDs, with packets.
func checkObject(t *testing.T, o fec.OTI, packets string) {
	t.Helper()
	object := fectest.Source(10, 8)[:77]
	o.TransferLength = 77
	if err := o.Validate(); err != nil {
		t.Fatal(err)
	}
	part := o.Partition()
	var got []string
	s := New()
	for sbn := range fec.SBN(part.Blocks()) {
		off, n := part.Block(sbn)
		k := part.BlockSymbols(sbn)
		enc, err := s.NewEncoder(&o, Rizzo, k, object[off:off+n])
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range fectest.Repair(t, enc, k, k+2) {
			id := o.AppendPayloadID(nil, fec.PayloadID{SBN: sbn, ESI: r.ESI})
			got = append(got, hex.EncodeToString(id)+":"+hex.EncodeToString(r.Data))
		}
	}
	if d := cmp.Diff(strings.Fields(packets), got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// TestConf_K02_PrintedFormula: k = 4, n = 7 of RFC 5510, section 8.2.1.
func TestConf_K02_PrintedFormula(t *testing.T) {
	o := testOTI(4, 3, 1)
	var got []byte
	for _, r := range repairOf(t, New(), &o, RFC5510, 4, []byte{1, 2, 3, 200}) {
		got = append(got, r.Data...)
	}
	if want := []byte{166, 170, 234}; string(got) != string(want) {
		t.Errorf("%v, want %v", got, want)
	}
}
