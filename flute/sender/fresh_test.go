package sender

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute/alc"
)

// repairESIs returns the ESIs of the repair symbols that each transfer of one source block of k symbols has, and checks
// the symbols.
func repairESIs(t *testing.T, cfg Config, k, transfers int) (turns [][]fec.ESI) {
	t.Helper()
	const length = 16
	cfg.Registry, cfg.TransferCount, cfg.OTI.SymbolLength = schemes.Default(), transfers, length
	cfg.FDTOTI.SymbolLength = 1400
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	content := pattern(k * length)
	f := File{ContentLocation: "a", Content: bytes.NewReader(content), Size: uint64(len(content)), Digests: NoDigest}
	toi := addTo(t, s, f)
	oti := s.names.objects[toi].coding.oti
	scheme, err := schemes.Default().Scheme(&oti)
	if err != nil {
		t.Fatal(err)
	}
	// What the code makes of the block, whatever batches the session makes.
	enc, err := scheme.NewEncoder(&oti, "", uint32(k), content)
	if err != nil {
		t.Fatal(err)
	}
	for _, pkt := range send(t, s, func(int) {}) {
		p, err := alc.Parse(pkt)
		if err != nil {
			t.Fatal(err)
		}
		if p.TOI != toi {
			continue
		}
		id, n, err := oti.ParsePayloadID(p.Body)
		if err != nil {
			t.Fatal(err)
		}
		if id.ESI == 0 {
			turns = append(turns, nil)
		}
		if int(id.ESI) < k {
			continue
		}
		last := &turns[len(turns)-1]
		*last = append(*last, id.ESI)
		want, err := enc.AppendRepair(nil, id.ESI)
		if err != nil || !bytes.Equal(want, p.Body[n:]) {
			t.Fatalf("ESI %d: another symbol, %v", id.ESI, err)
		}
	}
	return turns
}

// Each transfer has the next repair symbols of Reed-Solomon, up to max_n, and then the first ones again.
func TestReedSolomonRepairSymbolsAreNew(t *testing.T) {
	rs := fec.OTI{EncodingID: fec.ReedSolomonGF28, MaxSourceBlockLength: 10, MaxEncodingSymbols: 15}
	for _, tt := range []struct {
		name string
		cfg  Config
		want string
	}{
		{"all in each transfer", Config{OTI: rs}, "[[10 11 12 13 14] [10 11 12 13 14] [10 11 12 13 14]]"},
		{"by redundancy", Config{OTI: rs, Redundancy: 0.2}, "[[10 11] [12 13] [14 10]]"},
		{"by number", Config{OTI: rs, Repair: 3}, "[[10 11 12] [13 14 10] [11 12 13]]"},
		{"none asked for", Config{OTI: rs, Redundancy: -1}, "[[10 11 12 13 14] [10 11 12 13 14] [10 11 12 13 14]]"},
	} {
		if got := fmt.Sprint(repairESIs(t, tt.cfg, 10, 3)); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
	// More than a batch of the encoder's: the symbols are those of a code that makes all at once.
	rs.MaxEncodingSymbols = 90
	if got := repairESIs(t, Config{OTI: rs, Redundancy: 2.5}, 10, 4); got[3][4] != 10+79 || got[3][5] != 10 {
		t.Errorf("transfer 4 has %v", got[3])
	}
}
