package raptorq

import (
	"encoding/hex"
	"iter"
	"strconv"
	"strings"

	"github.com/flute-node/flute-node/fec"
)

// vector holds repair symbols of testSource with symbols of 8 bytes, on which three programs by other authors agree:
// the crate raptorq 2.0.1, nanorq, and up to K = 10000 xssnick/raptorq.
type vector struct {
	k       int
	symbols string // ESI:bytes
}

// all yields ESIs and repair symbols.
func (v vector) all() iter.Seq2[fec.ESI, []byte] {
	return func(yield func(fec.ESI, []byte) bool) {
		for symbol := range strings.FieldsSeq(v.symbols) {
			esiText, text, _ := strings.Cut(symbol, ":")
			esi, err := strconv.ParseUint(esiText, 10, 24)
			if err != nil {
				panic(err)
			}
			data, err := hex.DecodeString(text)
			if err != nil {
				panic(err)
			}
			if !yield(fec.ESI(esi), data) {
				return
			}
		}
	}
}

var vectors = []vector{
	{1, "1:03203d5a7794b1ce 2:4a982cc0a00543c5 3:e3e497d732578b80 1001:e44f0d55f1e59bb0 1000001:3cba03bce2df2163"},
	{4, "4:29d00de3685b44ca 5:f3bcd394c310bd4e 6:255a1028394b6dcc 1004:7c0917e6cb29eda7 1000004:1d3ae53e95e81767"},
	{10, "10:fe479e820289a5c2 11:4d6f85183feea026 12:e6bb8794c0d008bb 1010:d9dfef61d2f88ad5 1000010:bea355e41f657c42"},
	{11, "11:035252a72aa72ddd 12:0e5ccba5c89af1a0 13:eb5bb33173030617 1011:6ac69f8bee61f8d1 1000011:3375ca9587bc90e8"},
	{101, "101:b66acb93eeedd507 102:976ef662fd6c7c8f 103:da46b3ad033fb738 1101:68ac154e4e346334 1000101:d528f768bcb88955"},
	{1000, "1000:0c448ad424396db5 1001:bcbf5114b79a4aa5 1002:d02a8aca5ef18802 2000:a491dd3800068e40 1001000:9865fa8c284be97c"},
	{10000, `10000:6d3e24fbf4a37437 10001:51152477b5095402 10002:65f805dab3e320bf 11000:1b9fab35da467424
		1010000:c67666e3eb188fa1`},
	{56403, `56403:bd9daf0fd474c1ec 56404:591e403546152e85 56405:ea87e83555b23897 57403:2cd3d3111b6df905
		1056403:9674310624f0c46b`},
}
