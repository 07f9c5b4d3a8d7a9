package sender

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
)

// The packets of flute-rs 1.11.7 for an object of 77 bytes, symbols of 8 bytes, blocks of 4, 3 and 3 symbols, and two
// repair symbols for each, without interleaving: FEC Payload ID and symbol.
const layout77 = `00000000:03203d5a7794b1ce 00000001:8dafd1f31537597b 00000002:254c739ac1e80f36 00000003:cbf7234f7ba7d3ff
00000004:64b6e76eaf7ba765 00000005:0c4dc56aa82d4c02
00000100:7fb0e1124374a5d6 00000101:4177ade3194f85bb 00000102:114c87c2fd3873ae 00000103:ebf4f2130a047694 00000104:77869cda71138ba0
00000200:ef2f6fafef2f6faf 00000201:db2065aaef3479be 00000202:d51f69b3fd000000 00000203:cef72bcf8315a0e2 00000204:e458da120ad6a80d`

// layout129 is the same with the FEC Payload IDs of FEC Encoding ID 129, which carry the length of the block.
func layout129() string {
	var out []string
	for p := range strings.FieldsSeq(layout77) {
		id, symbol, _ := strings.Cut(p, ":")
		k := map[string]string{"00": "0004", "01": "0003", "02": "0003"}[id[4:6]]
		out = append(out, fmt.Sprintf("000000%s%s00%s:%s", id[4:6], k, id[6:8], symbol))
	}
	return strings.Join(out, " ")
}

func TestVectorsOfFluteRS(t *testing.T) {
	noCode := "00000000:03203d5a7794b1ce 00000001:8dafd1f31537597b 00000002:254c739ac1e80f36 " +
		"00000003:cbf7234f7ba7d3ff " +
		"00010000:7fb0e1124374a5d6 00010001:4177ade3194f85bb 00010002:114c87c2fd3873ae " +
		"00020000:ef2f6fafef2f6faf 00020001:db2065aaef3479be 00020002:d51f69b3fd"
	for _, tt := range []struct {
		oti     fec.OTI
		repair  uint32
		header  string
		packets string
	}{
		{fec.OTI{}, 0, "10100700000000000001000140040000 0000004d00000008 00000004", noCode},
		{
			fec.OTI{EncodingID: fec.ReedSolomonGF28, MaxEncodingSymbols: 6},
			2,
			"10100605000000000001000140030000 0000004d00080406", layout77,
		},
		{
			fec.OTI{EncodingID: fec.SmallBlockSystematic, MaxEncodingSymbols: 6},
			2,
			"10100781000000000001000140040000 0000004d000000080004 0006", layout129(),
		},
	} {
		tt.oti.SymbolLength, tt.oti.MaxSourceBlockLength = 8, 4
		s, _ := oneFile(t, Config{OTI: tt.oti, Repair: tt.repair}, 77)
		header := strings.ReplaceAll(tt.header, " ", "")
		want := strings.Fields(tt.packets)
		for i, pkt := range objectPackets(t, s) {
			got := hex.EncodeToString(pkt)
			if i == len(want)-1 { // the last packet has the flag B
				if got[:4] != "1011" {
					t.Errorf("FEC %d: last packet starts with %s", tt.oti.EncodingID, got[:4])
				}
				got = "1010" + got[4:]
			}
			if diff := cmp.Diff(header+strings.ReplaceAll(want[i], ":", ""), got); diff != "" {
				t.Errorf("FEC %d, packet %d (-want +got):\n%s", tt.oti.EncodingID, i, diff)
			}
		}
	}
}

// The n-algorithm gives short blocks fewer repair symbols than the longest block: floor(3*6/4)-3 = 1.
func TestRepairByNAlgorithm(t *testing.T) {
	s, toi := oneFile(t, Config{OTI: fec.OTI{
		EncodingID: fec.ReedSolomonGF28, SymbolLength: 8, MaxSourceBlockLength: 4, MaxEncodingSymbols: 6,
	}}, 77)
	if n, _ := s.Packets(toi); n != 6+4+4 {
		t.Errorf("%d packets announced, want 14", n)
	}
	var got []string
	for _, pkt := range objectPackets(t, s) {
		got = append(got, hex.EncodeToString(pkt[24:28]))
	}
	want := strings.Fields("00000000 00000001 00000002 00000003 00000004 00000005 00000100 00000101 00000102 " +
		"00000103 " +
		"00000200 00000201 00000202 00000203")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// flute-rs sends EXT_CENC also for an FDT Instance that is not encoded, which RFC 6726 forbids; the rest is the same.
func TestFDTHeaderVector(t *testing.T) {
	now := time.Date(2027, 1, 15, 8, 0, 0, 0, time.UTC) // NTP seconds eef45080 hex
	s, _ := oneFile(t, Config{FDTStartID: 1}, 77)
	pkt, ok, err := s.AppendNext(nil, now)
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	got := hex.EncodeToString(pkt[:48])
	length := got[60:72] // of the FDT Instance
	want := "10100b000000000000010000" + "c0200001" + "0203c000eef4508000000000" + "4004" + length + "0000" + "0578" +
		"00000040" + "00000000"
	if got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

// oneFile returns a session with one file of the pattern.
func oneFile(t testing.TB, cfg Config, size int) (*Session, flute.TOI) {
	t.Helper()
	cfg.Session.TSI = 1
	cfg.Registry = schemes.Default()
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	toi := addTo(t, s, File{
		ContentLocation: "file:///a", Content: bytes.NewReader(pattern(size)), Size: uint64(size),
	})
	return s, toi
}

// objectPackets returns all packets that are not of the FDT.
func objectPackets(t testing.TB, s *Session) [][]byte {
	t.Helper()
	var out [][]byte
	for now := start; !s.Done(); {
		pkt, ok, err := s.AppendNext(nil, now)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			now = s.Deadline()
			continue
		}
		if pkt[10] != 0 || pkt[11] != 0 { // a 16-bit TOI
			out = append(out, pkt)
		}
	}
	return out
}
