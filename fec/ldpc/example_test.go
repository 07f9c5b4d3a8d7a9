package ldpc_test

import (
	"bytes"
	"fmt"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/ldpc"
)

func Example() {
	o := fec.OTI{
		EncodingID: fec.LDPCStaircase, TransferLength: 20, SymbolLength: 2, MaxSourceBlockLength: 10,
		MaxEncodingSymbols: 20, N1: 3, Seed: 1, GroupSize: 1,
	}
	s := ldpc.New(ldpc.Config{})
	block := []byte("twenty bytes of data")
	enc, _ := s.NewEncoder(&o, "", 10, block)
	var repair []fec.Symbol
	for esi := fec.ESI(10); esi < 18; esi++ {
		b, _ := enc.AppendRepair(nil, esi)
		repair = append(repair, fec.Symbol{ESI: esi, Data: b})
	}
	source := make([][]byte, 10) // five symbols came
	for i := 0; i < 10; i += 2 {
		source[i] = block[2*i : 2*i+2]
	}
	dec, _ := s.NewDecoder(&o, "", 10)
	fmt.Println(dec.Recover(source, repair), string(bytes.Join(source, nil)))
	// Output: <nil> twenty bytes of data
}
