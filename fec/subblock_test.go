package fec_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/flute-node/flute-node/fec"
)

// gathered builds the source symbols of a block as RFC 6330, section 4.4.1.2, words it: the block is cut into
// sub-blocks, those into K sub-symbols each, and symbol m is the concatenation of the m-th sub-symbols.
func gathered(block []byte, k, t, n, al int) []byte {
	padded := make([]byte, k*t)
	copy(padded, block)
	symbols := make([][]byte, k)
	units := t / al
	ts := units / n
	nl := units - ts*n
	for j := range n {
		size := ts * al
		if j < nl {
			size = (ts + 1) * al
		}
		for m := range k {
			symbols[m] = append(symbols[m], padded[:size]...)
			padded = padded[size:]
		}
	}
	if len(padded) != 0 {
		panic("bytes are left")
	}
	return bytes.Join(symbols, nil)
}

func TestSubBlocks(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		al := 1 + rng.IntN(4)
		n := 1 + rng.IntN(6)
		length := al * (n + rng.IntN(12))
		size := 1 + rng.IntN(40*length)
		kt := (size + length - 1) / length
		o := fec.OTI{
			EncodingID: fec.RaptorQ, TransferLength: uint64(size), SymbolLength: uint16(length),
			SourceBlocks: uint32(1 + rng.IntN(min(kt, 4))), SubBlocks: uint16(n), Alignment: uint8(al),
		}
		if err := o.Validate(); err != nil {
			t.Fatal(err)
		}
		object := make([]byte, size)
		for i := range object {
			object[i] = byte(rng.Uint32() | 1) // no byte is zero: padding is
		}
		p := o.Partition()
		for sbn := range fec.SBN(p.Blocks()) {
			k := int(p.BlockSymbols(sbn))
			off, bytesOf := p.Block(sbn)
			want := gathered(object[off:off+bytesOf], k, length, n, al)
			got := bytes.Repeat([]byte{0xee}, k*length)
			p.GatherSymbols(got, object[off:off+bytesOf], sbn)
			if !bytes.Equal(got, want) {
				t.Fatalf("%+v: block %d\n got %x\nwant %x", o, sbn, got, want)
			}
			for esi := range k {
				symbol := make([]byte, length)
				for i := range p.Pieces() {
					off, at, n := p.Piece(sbn, fec.ESI(esi), i)
					copy(symbol[at:], object[off:off+uint64(n)])
				}
				if !bytes.Equal(symbol, want[esi*length:(esi+1)*length]) {
					t.Fatalf("%+v: block %d, symbol %d in pieces\n got %x\nwant %x", o, sbn, esi, symbol,
						want[esi*length:(esi+1)*length])
				}
				owned, unpadded := p.SymbolBytes(sbn, fec.ESI(esi))
				if got, want := int(owned), length-bytes.Count(symbol, []byte{0}); got != want {
					t.Fatalf("%+v: block %d, symbol %d has %d bytes of the object, want %d", o, sbn, esi, got, want)
				}
				if got, want := int(unpadded), len(bytes.TrimRight(symbol, "\x00")); got != want {
					t.Fatalf("%+v: block %d, symbol %d has %d bytes without padding, want %d", o, sbn, esi, got, want)
				}
			}
		}
		if off, at, n := p.Piece(0, fec.ESI(p.Large), 0); off != o.TransferLength || at != 0 || n != 0 {
			t.Fatalf("%+v: a symbol that does not exist has %d bytes at %d, in the symbol at %d", o, n, off, at)
		}
	}
}

// Symbol 0 of T=16, N=2 and K=10 as flute-rs 1.11.7 sends it: the first eight bytes of each sub-block.
func ExamplePartition_GatherSymbols() {
	const k, t = 10, 16
	block := make([]byte, 0, k*t)
	for i := range k {
		for b := range t {
			block = append(block, byte(i*i*7+i*131+b*29+5*i*b+3))
		}
	}
	o := fec.OTI{
		EncodingID: fec.Raptor, TransferLength: k * t, SymbolLength: t, SourceBlocks: 1, SubBlocks: 2, Alignment: 4,
	}
	p := o.Partition()
	symbols := make([]byte, k*t)
	p.GatherSymbols(symbols, block, 0)
	fmt.Println(hex.EncodeToString(symbols[:t]))
	// Output: 03203d5a7794b1ce4177ade3194f85bb
}

// TestGatherInRoomToSpare: only the symbols of the block are written, and what of them the object lacks is zero.
func TestGatherInRoomToSpare(t *testing.T) {
	for n := range uint16(3) {
		o := fec.OTI{
			EncodingID: fec.RaptorQ, TransferLength: 21, SymbolLength: 4, SourceBlocks: 2, SubBlocks: max(1, n),
			Alignment: 2,
		}
		p := o.Partition()
		dst := bytes.Repeat([]byte{0xee}, 16)
		p.GatherSymbols(dst, []byte("abcdefghi"), 1) // 3 symbols, with 9 of 12 bytes
		if !bytes.Equal(dst[12:], []byte{0xee, 0xee, 0xee, 0xee}) {
			t.Errorf("N=%d: written beyond the block: %x", n, dst)
		}
		if zeros := bytes.Count(dst, []byte{0}); zeros != 3 {
			t.Errorf("N=%d: %d bytes of padding: %q", n, zeros, dst)
		}
	}
}

// TestPieces: a symbol is in as many pieces as there are sub-blocks; without them it is in one.
func TestPieces(t *testing.T) {
	for n, want := range map[uint16]int{0: 1, 1: 1, 2: 2, 3: 3} {
		if p := (fec.Partition{SubBlocks: n}); p.Pieces() != want || p.HasSubBlocks() != (want > 1) {
			t.Errorf("N=%d: %d pieces", n, p.Pieces())
		}
	}
}
