package schemes_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
)

// TestReset: an encoder that serves many source blocks makes the symbols that one for each block does. FEC Encoding ID
// 129 with FEC Instance ID 0 is the code of ID 5 in other packets (RFC 5510, section 7).
func TestReset(t *testing.T) {
	const k, n, length = 5, 8, 10
	blocks := [][]byte{[]byte("File Delivery over Unidirectional Transport"), []byte("of objects"), nil}
	var made [][]byte
	for _, id := range []fec.EncodingID{fec.ReedSolomonGF28, fec.SmallBlockSystematic} {
		o := fec.OTI{
			EncodingID: id, TransferLength: 43, SymbolLength: length, MaxSourceBlockLength: k, MaxEncodingSymbols: n,
		}
		if err := o.Validate(); err != nil {
			t.Fatal(err)
		}
		s, err := schemes.Default().Scheme(&o)
		if err != nil {
			t.Fatal(err)
		}
		reused, err := s.NewEncoder(&o, "", k, []byte("another block"))
		if err != nil {
			t.Fatal(err)
		}
		var all []byte
		for _, block := range blocks {
			fresh, err := s.NewEncoder(&o, "", k, block)
			if err != nil {
				t.Fatal(err)
			}
			if err := reused.Reset(block); err != nil {
				t.Fatal(err)
			}
			for esi := fec.ESI(k); esi < n; esi++ {
				want, err := fresh.AppendRepair(nil, esi)
				if err != nil {
					t.Fatal(err)
				}
				if got, err := reused.AppendRepair(nil, esi); err != nil || !bytes.Equal(got, want) {
					t.Errorf("%v, %q: symbol %d after Reset: %x, %v, want %x", id, block, esi, got, err, want)
				}
				all = append(all, want...)
			}
		}
		before, err := reused.AppendRepair(nil, k)
		if err != nil {
			t.Fatal(err)
		}
		if err := reused.Reset(bytes.Repeat([]byte{1}, k*length+1)); !errors.Is(err, flute.ErrOTI) {
			t.Errorf("%v: a block too long: %v", id, err)
		}
		if got, err := reused.AppendRepair(nil, k); err != nil || !bytes.Equal(got, before) {
			t.Errorf("%v: a refused Reset changed the encoder: %x, %v", id, got, err)
		}
		made = append(made, all)
	}
	if !bytes.Equal(made[0], made[1]) {
		t.Error("FEC Encoding IDs 5 and 129 make other repair symbols")
	}
}
