package raptor

import (
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/internal/fectest"
)

// testOTI is that of an object of one source block.
func testOTI(k, length int) fec.OTI {
	return fec.OTI{
		EncodingID: fec.Raptor, TransferLength: uint64(k * length), SymbolLength: uint16(length), SourceBlocks: 1,
		SubBlocks: 1, Alignment: 1,
	}
}

// testDecoder is what a decoder is.
type testDecoder interface {
	fec.Decoder
	fec.Solver
}

func newTestEncoder(tb testing.TB, s *Scheme, k, length int, source []byte) fec.Encoder {
	tb.Helper()
	o := testOTI(k, length)
	enc, err := s.NewEncoder(&o, "", uint32(k), source)
	if err != nil {
		tb.Fatal(err)
	}
	return enc
}

func newTestDecoder(tb testing.TB, s *Scheme, k, length int) testDecoder {
	tb.Helper()
	o := testOTI(k, length)
	dec, err := s.NewDecoder(&o, "", uint32(k))
	if err != nil {
		tb.Fatal(err)
	}
	return dec.(testDecoder)
}

// repairOf returns repair symbol esi.
func repairOf(tb testing.TB, enc fec.Encoder, esi uint32) fec.Symbol {
	tb.Helper()
	return fectest.Repair(tb, enc, esi, esi+1)[0]
}

// vector is some repair symbols of one block.
type vector struct {
	k      int
	repair map[uint32]string
}

// TestVectors: the symbols that gofountain, raptor-code 1.0.10 and flute-rs 1.11.7 make, all alike.
func TestVectors(t *testing.T) {
	for _, v := range []vector{
		{4, map[uint32]string{4: "a8e3a269d4df564d", 5: "266c4ec0b67cbef8", 6: "eebb50d5ba4fdcc9", 1004: "8e8feca962a3e8b5"}},
		{10, map[uint32]string{10: "97b0d1e2db84c546", 11: "668fdc59fa538825", 12: "ba8f18f15e73942d", 1010: "202f060ddcdb6249"}},
		{100, map[uint32]string{100: "74f7128d0863e679", 101: "b03cec7450943ce4", 102: "67dcc5f63b1051d2", 1100: "1034f4ccd8dc3cdc"}},
		{1000, map[uint32]string{1000: "89d4275abda0db36", 1001: "22047a3082345af8", 1002: "7aa7308936bbc455", 2000: "c9b3112fc9a341e7"}},
	} {
		v.check(t, fectest.Source(v.k, 8))
	}
}

// TestVectorsOfFluteRs: those of flute-rs 1.11.0 to 1.11.7 for byte i of the object being (i*2654435761)>>7. Its ESI
// 65535 is a copy of encoding symbol 14, which no sender of ours sends.
func TestVectorsOfFluteRs(t *testing.T) {
	for _, v := range []struct {
		vector
		esi65535 string
	}{
		{vector{4, map[uint32]string{4: "ada79d656baca59f", 5: "36dafacace375e7a", 11: "7c90cc1438fe9440"}}, "36dafacace375e7a"},
		{vector{10, map[uint32]string{10: "1cdfaf6e11d2a062", 11: "ebfd9b878d647b94", 17: "cefdbea0e68b8270"}}, "a3a19d474aafa36e"},
		{vector{100, map[uint32]string{100: "c0b55c4c545b55d8", 101: "7090943e6ba0697e", 107: "7b704be7ce60ce2f"}}, "7a6e6155483b2f22"},
	} {
		source := make([]byte, v.k*8)
		for i := range source {
			source[i] = byte(uint64(i) * 2654435761 >> 7)
		}
		enc := v.check(t, source)
		symbol := source[min(14*8, len(source)-8):][:8]
		if v.k <= 14 {
			symbol = repairOf(t, enc, 14).Data
		}
		if got := hex.EncodeToString(symbol); got != v.esi65535 {
			t.Errorf("K=%d: symbol 14, which 65535 repeats, is %s, want %s", v.k, got, v.esi65535)
		}
	}
}

// TestVectorsOfSubBlocks: a symbol of N sub-symbols is coded as a whole (flute-rs 1.11.7, T=16, N=2).
func TestVectorsOfSubBlocks(t *testing.T) {
	// The object has sub-block 0, of 8 bytes of each symbol, in front of sub-block 1.
	object := fectest.Source(10, 16)
	source := make([]byte, 0, len(object))
	for i := range 10 {
		source = append(source, object[i*8:][:8]...)
		source = append(source, object[80+i*8:][:8]...)
	}
	if got, want := hex.EncodeToString(source[:16]), "03203d5a7794b1ce4177ade3194f85bb"; got != want {
		t.Fatalf("symbol 0 is %s, want %s", got, want)
	}
	vector{10, map[uint32]string{
		10: "25289fa699f48b3a1b4b8fdb0bb3df0b", 11: "e84cf42470f4ac7444341004342c0074",
	}}.check(t, source)
}

func (v vector) check(t *testing.T, source []byte) fec.Encoder {
	t.Helper()
	enc := newTestEncoder(t, New(Config{}), v.k, len(source)/v.k, source)
	for esi, want := range v.repair {
		if got := fmt.Sprintf("%x", repairOf(t, enc, esi).Data); got != want {
			t.Errorf("K=%d: symbol %d is %s, want %s", v.k, esi, got, want)
		}
	}
	return enc
}
