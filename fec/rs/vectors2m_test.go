package rs

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/internal/fectest"
)

// oti2m is that of an object of one source block under FEC Encoding ID 2.
func oti2m(m uint, k, p, length int) fec.OTI {
	o := testOTI(k, p, length)
	o.EncodingID, o.FieldBits, o.GroupSize = fec.ReedSolomonGF2m, uint8(m), 1
	return o
}

// TestConf_K02_FormulaOfEveryField compares coefficients of the formula printed in RFC 5510, section 8.2.1, with those
// of an independent program.
func TestConf_K02_FormulaOfEveryField(t *testing.T) {
	want := map[uint]string{2: "[2 3]", 3: "[3 5 7] [2 5 6]", 4: "[8 e 7] [d 4 8]", 5: "[8 e 7] [1d 7 1b]"}
	for m := uint(minBits); m <= maxBits; m++ {
		k, p := 3, 2
		if m == 2 {
			k, p = 2, 1
		}
		var rows []string
		for _, row := range repairRows(newCode(m), RFC5510, k, p) {
			rows = append(rows, fmt.Sprintf("%x", row))
		}
		w := want[m]
		if w == "" {
			w = "[8 e 7] [38 22 1b]" // nothing is reduced yet
		}
		if got := strings.Join(rows, " "); got != w {
			t.Errorf("m=%d: %s, want %s", m, got, w)
		}
	}
	rows := repairRows(newCode(16), RFC5510, 300, 2)
	for i, want := range []string{"[2e95 efa2 a4e8 b71f 52d5]", "[9e5b 9f99 5aef 29f8 f065]"} {
		if got := fmt.Sprintf("%x", append(slices.Clone(rows[i][:4]), rows[i][299])); got != want {
			t.Errorf("m=16 k=300, repair symbol %d: %s, want %s", 300+i, got, want)
		}
	}
	// Those of NORM's codec for m = 16.
	c := newCode(16)
	for _, v := range []struct {
		k, row int
		want   string
	}{{3, 0, "[f 8 6]"}, {3, 1, "[2d 30 1c]"}, {4, 1, "[2fd 380 110 6c]"}} {
		if got := fmt.Sprintf("%x", repairRows(c, Rizzo, v.k, 2)[v.row]); got != v.want {
			t.Errorf("m=16 k=%d, repair symbol %d: %s, want %s", v.k, v.k+v.row, got, v.want)
		}
	}
}

// symbolVectors2m are repair symbols that flute-rs 1.11.7 sent, over testSource, by ESI.
var symbolVectors2m = []struct {
	m         uint
	length, k int
	symbols   string
}{
	{2, 8, 2, "2:c4e549a4c465cd14"},
	{3, 9, 4, "4:7fabb3432777c29b8f 5:dd854a3241cc023822 6:cb4897dca976147e1d"},
	{4, 8, 4, "4:76a7839ff0c1be7b 5:4cb6383536cce98a 6:7045908a83166403"},
	{5, 10, 4, "4:5313fa21c62af00fe149 5:1bc69192025a3cec6398 6:f8210089b6de84e7a1b6"},
	{6, 9, 4, "4:9fe8a7afa3d6d19e52 5:f44ee8c48a324f7b23 6:d81fa4601bdca8f39f"},
	{7, 7, 4, "4:86c0399eda2bc5 5:820100c925f291 6:05aca518858c15"},
	{8, 8, 4, "4:64b6e76eaf7ba765 5:0c4dc56aa82d4c02 6:7499aa5a9309ac39 7:3eaefe2f4764f872"},
	{9, 9, 4, "4:dcf47219be4fd825bd 5:9d654c424161ba207a 6:516a48be859f17b235"},
	{10, 10, 4, "4:81b7956c24a599e02962 5:6744caa5b76e185d5f80 6:77a5578a652edf5afbc2"},
	{11, 11, 4, "4:dabff5f081e7eef20c2825 5:5ce73cf3cf7aa234e920cf 6:7d159e57b15c65da8c8c40"},
	{12, 9, 4, "4:684798107c7fa55363 5:1068003778f91e0337 6:91403385f66eb7bcc6"},
	{13, 13, 4, "4:d686230bb3fec7b342f0d24773 5:11f555856a5c5c82fec9a9bb0f 6:9629a2cbd90763d94e9ab7e16c"},
	{14, 14, 4, "4:cfc08f5bca63eb5828f1bcfd2634 5:6b86b979515d765660b588697e62 6:05543dfc739acb6e663cc976a131"},
	{
		15, 15, 4,
		"4:cc04e09c8c5f0601cf9880867af4e6 5:928d7c6b0bce70d2b7fef316c22b1b 6:b11cbc468bb48a4a2dba031b0690a5",
	},
	{16, 8, 4, "4:edfc902d8dc6379d 5:b9f2ba02b2056d79 6:1f4a33d7e7f18e4c 7:3e9cd66057e9d1f7"},
	{16, 8, 300, "300:f0e0b15ac483a2dc 301:a1d3a23ecd796afd 302:b34f869ac96265e9"},
}

func TestRepairSymbolsOfEveryField(t *testing.T) {
	s := New()
	for _, v := range symbolVectors2m {
		want := strings.Fields(v.symbols)
		o := oti2m(v.m, v.k, len(want), v.length)
		if err := o.Validate(); err != nil {
			t.Fatal(err)
		}
		if err := s.Supports(&o); err != nil {
			t.Fatal(err)
		}
		var got []string
		source := fectest.Source(v.k, v.length)
		for _, r := range repairOf(t, s, &o, "", v.k, source) {
			got = append(got, fmt.Sprintf("%d:%x", r.ESI, r.Data))
			dec, err := s.NewDecoder(&o, Rizzo, uint32(v.k))
			if err != nil {
				t.Fatal(err)
			}
			if !dec.Matches(fectest.Split(source, v.length), r) {
				t.Errorf("m=%d, ESI %d: Matches says no", v.m, r.ESI)
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("m=%d k=%d (-want +got):\n%s", v.m, v.k, d)
		}
	}
}

// TestOneCodeForThreeIDs: FEC Encoding IDs 5, 129 and 2 with m = 8, which is the default, are one code.
func TestOneCodeForThreeIDs(t *testing.T) {
	const k, p, length = 20, 7, 33
	s := New()
	source := fectest.Source(k, length)
	base := testOTI(k, p, length)
	want := repairOf(t, s, &base, Rizzo, k, source)
	for _, o := range []fec.OTI{oti2m(8, k, p, length), oti2m(0, k, p, length)} {
		if d := cmp.Diff(want, repairOf(t, s, &o, Rizzo, k, source)); d != "" {
			t.Errorf("m=%d (-want +got):\n%s", o.FieldBits, d)
		}
	}
}
