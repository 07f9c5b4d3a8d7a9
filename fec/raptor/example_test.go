package raptor_test

import (
	"errors"
	"fmt"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/raptor"
)

// An object of 20 bytes is one source block of five symbols. Two of them are lost; repair symbols, as many as it takes,
// bring them back.
func Example() {
	object := []byte("File DeliveryOverUni")
	length, err := raptor.SymbolLength(uint64(len(object)), 1400, 4)
	if err != nil {
		panic(err)
	}
	oti := fec.OTI{
		EncodingID: fec.Raptor, TransferLength: uint64(len(object)), SymbolLength: length, SourceBlocks: 1,
		SubBlocks: 1, Alignment: 4,
	}
	if err := oti.Validate(); err != nil {
		panic(err)
	}
	partition := oti.Partition()
	k := partition.BlockSymbols(0)
	scheme := raptor.New(raptor.Config{})
	enc, err := scheme.NewEncoder(&oti, "", k, object)
	if err != nil {
		panic(err)
	}
	dec, err := scheme.NewDecoder(&oti, "", k)
	if err != nil {
		panic(err)
	}

	received := [][]byte{[]byte("File"), nil, []byte("iver"), []byte("yOve"), nil}[:k]
	var repair []fec.Symbol
	for esi := fec.ESI(k); ; esi++ {
		err := dec.Recover(received, repair)
		if err == nil {
			break
		}
		if !errors.Is(err, fec.ErrMoreSymbols) {
			panic(err)
		}
		data, err := enc.AppendRepair(nil, esi)
		if err != nil {
			panic(err)
		}
		repair = append(repair, fec.Symbol{ESI: esi, Data: data})
	}
	fmt.Printf("%d symbols of %d bytes, %d lost, %d repair symbols:\n", k, length, 2, len(repair))
	for _, symbol := range received {
		fmt.Printf("%s", symbol)
	}
	fmt.Println()
	// Output:
	// 5 symbols of 4 bytes, 2 lost, 3 repair symbols:
	// File DeliveryOverUni
}
