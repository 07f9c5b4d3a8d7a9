package rs_test

import (
	"fmt"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/rs"
)

// A source block of four symbols loses two of them; two repair symbols bring them back.
func Example() {
	oti := fec.OTI{
		EncodingID: fec.ReedSolomonGF28, TransferLength: 20, SymbolLength: 5, MaxSourceBlockLength: 4,
		MaxEncodingSymbols: 6,
	}
	if err := oti.Validate(); err != nil {
		panic(err)
	}
	scheme := rs.New()
	enc, err := scheme.NewEncoder(&oti, rs.Rizzo, 4, []byte("File DeliveryOverUni"))
	if err != nil {
		panic(err)
	}
	var repair []fec.Symbol
	for esi := fec.ESI(4); esi < 6; esi++ {
		data, err := enc.AppendRepair(nil, esi)
		if err != nil {
			panic(err)
		}
		repair = append(repair, fec.Symbol{ESI: esi, Data: data})
	}

	received := [][]byte{[]byte("File "), nil, nil, []byte("erUni")}
	dec, err := scheme.NewDecoder(&oti, rs.Rizzo, 4)
	if err != nil {
		panic(err)
	}
	if err := dec.Recover(received, repair); err != nil {
		panic(err)
	}
	for _, symbol := range received {
		fmt.Printf("%s", symbol)
	}
	fmt.Println()
	// Output: File DeliveryOverUni
}
