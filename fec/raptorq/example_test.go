package raptorq_test

import (
	"bytes"
	"fmt"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/raptorq"
)

// Three of ten symbols are lost. Four repair symbols make up for them.
func Example() {
	const k, length = 10, 16
	object := bytes.Repeat([]byte("ten symbols of 16 bytes. "), 6)
	oti := fec.OTI{
		EncodingID: fec.RaptorQ, TransferLength: uint64(len(object)), SymbolLength: length,
		SourceBlocks: 1, SubBlocks: 1, Alignment: 1,
	}
	scheme := raptorq.New(raptorq.Config{})
	encoder, err := scheme.NewEncoder(&oti, "", k, object)
	if err != nil {
		fmt.Println(err)
		return
	}
	var repair []fec.Symbol
	for esi := fec.ESI(k); esi < k+4; esi++ {
		symbol, err := encoder.AppendRepair(nil, esi)
		if err != nil {
			fmt.Println(err)
			return
		}
		repair = append(repair, fec.Symbol{ESI: esi, Data: symbol})
	}

	received := make([]byte, k*length)
	copy(received, object)
	source := make([][]byte, k)
	for i := range source {
		source[i] = received[i*length : (i+1)*length]
	}
	for _, lost := range []int{0, 4, 9} {
		clear(source[lost])
		source[lost] = source[lost][:0]
	}
	decoder, err := scheme.NewDecoder(&oti, "", k)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := decoder.Recover(source, repair); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(bytes.Equal(received[:len(object)], object))
	// Output: true
}
