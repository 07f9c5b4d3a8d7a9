package nocode_test

import (
	"errors"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/nocode"
	"github.com/flute-node/flute-node/flute"
)

func TestSupports(t *testing.T) {
	var s nocode.Scheme
	for id := range 256 {
		o := fec.OTI{EncodingID: fec.EncodingID(id)}
		if err := s.Supports(&o); (err == nil) != (id == 0) || err != nil && !errors.Is(err, flute.ErrOTI) {
			t.Errorf("%v: %v", o.EncodingID, err)
		}
	}
	if v := s.Variants(); v != nil {
		t.Errorf("variants %q", v)
	}
}

// TestNothingToRepair: there are no repair symbols, and only a whole block is recovered.
func TestNothingToRepair(t *testing.T) {
	o := fec.OTI{TransferLength: 6, SymbolLength: 2, MaxSourceBlockLength: 3}
	enc, err := nocode.Scheme{}.NewEncoder(&o, "", 3, []byte("abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	for _, esi := range []fec.ESI{0, 3, 1 << 16} {
		if b, err := enc.AppendRepair([]byte("x"), esi); err == nil || string(b) != "x" {
			t.Errorf("repair symbol %d: %q, %v", esi, b, err)
		}
	}
	dec, err := nocode.Scheme{}.NewDecoder(&o, "", 3)
	if err != nil {
		t.Fatal(err)
	}
	if dec.Ready(3, 100) {
		t.Error("a try is said to be worth while")
	}
	whole := [][]byte{[]byte("ab"), []byte("cd"), []byte("ef")}
	if err := dec.Recover(whole, nil); err != nil {
		t.Errorf("whole block: %v", err)
	}
	extra := fec.Symbol{ESI: 3, Data: []byte("gh")}
	if dec.Matches(whole, extra) {
		t.Error("a repair symbol matches")
	}
	whole[1] = whole[1][:0]
	if err := dec.Recover(whole, []fec.Symbol{extra}); !errors.Is(err, fec.ErrMoreSymbols) || len(whole[1]) != 0 {
		t.Errorf("symbol lost: %v", err)
	}
}
