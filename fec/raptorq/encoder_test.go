package raptorq

import (
	"bytes"
	"testing"

	"github.com/flute-node/flute-node/fec"
)

// testOTI is that of an object of one source block.
func testOTI(k, length int) fec.OTI {
	return fec.OTI{
		EncodingID: fec.RaptorQ, TransferLength: uint64(k * length), SymbolLength: uint16(length),
		SourceBlocks: 1, SubBlocks: 1, Alignment: 1,
	}
}

func newEncoder(tb testing.TB, s *Scheme, k, length int, source []byte) fec.Encoder {
	tb.Helper()
	o := testOTI(k, length)
	enc, err := s.NewEncoder(&o, "", uint32(k), source)
	if err != nil {
		tb.Fatal(err)
	}
	return enc
}

// TestConf_K06_Vectors compares repair symbols with those of other programs.
func TestVectors(t *testing.T) {
	s := New(Config{})
	for _, v := range vectors {
		enc := newEncoder(t, s, v.k, 8, testSource(v.k, 8))
		for esi, want := range v.all() {
			if got, err := enc.AppendRepair(nil, esi); err != nil || !bytes.Equal(got, want) {
				t.Errorf("K=%d: repair symbol %d is %x, %v, want %x", v.k, esi, got, err, want)
			}
		}
	}
}
