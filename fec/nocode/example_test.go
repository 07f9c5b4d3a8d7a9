package nocode_test

import (
	"fmt"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/nocode"
)

// What is lost must come again: no symbol can be made from the others.
func Example() {
	oti := fec.OTI{EncodingID: fec.CompactNoCode, TransferLength: 9, SymbolLength: 3, MaxSourceBlockLength: 64}
	if err := oti.Validate(); err != nil {
		panic(err)
	}
	dec, err := nocode.Scheme{}.NewDecoder(&oti, "", 3)
	if err != nil {
		panic(err)
	}
	fmt.Println(dec.Recover([][]byte{[]byte("abc"), nil, []byte("ghi")}, nil))
	fmt.Println(dec.Recover([][]byte{[]byte("abc"), []byte("def"), []byte("ghi")}, nil))
	// Output:
	// fec: more encoding symbols are needed
	// <nil>
}
