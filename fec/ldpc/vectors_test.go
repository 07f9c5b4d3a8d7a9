package ldpc

import (
	"fmt"
	"slices"
	"testing"

	"github.com/flute-node/flute-node/fec"
)

// "if seed = 1, then the 10,000th value returned MUST be equal to 1043618065" (RFC 5170, section 5.7).
func TestConf_K08_PRNG(t *testing.T) {
	p := prng(1)
	var v uint32
	for range 10_000 {
		v = p.raw()
	}
	if v != 1043618065 {
		t.Errorf("the 10,000th value is %d", v)
	}
}

// The rows of a small matrix as OpenFEC 1.4.2 makes them, and what the triangle adds to them.
func TestMatrix(t *testing.T) {
	want := [][]uint32{
		{0, 6, 7, 8},
		{1, 3, 6, 8, 9},
		{0, 2, 5, 9, 10},
		{4, 5, 7, 10, 11},
		{0, 1, 4, 11, 12},
		{3, 4, 7, 12, 13},
		{1, 2, 6, 13, 14},
		{2, 3, 5, 14, 15},
	}
	extra := [][]uint32{2: {8}, 3: {9}, 4: {9}, 5: {10, 9}, 6: {11, 8}, 7: {8}}
	for _, triangle := range []bool{false, true} {
		m := newMatrix(params{8, 16, 3, 1, triangle})
		for row := range uint32(8) {
			got := m.symbols(nil, row)
			w := slices.Clone(want[row])
			if triangle {
				w = append(w, extra[row]...)
			}
			slices.Sort(w)
			slices.Sort(got)
			if !slices.Equal(got, w) {
				t.Errorf("triangle %v, row %d: %v, want %v", triangle, row, got, w)
			}
		}
	}
}

// What OpenFEC 1.4.2 makes of the same bytes, as hashes of all repair symbols, in the manner of FNV-1a.
func TestOpenFEC(t *testing.T) {
	for _, c := range []struct {
		k, repairs, n1 int
		seed           uint32
		hash           string
	}{
		{8, 8, 3, 1, "ea718665c6aa04a3"},
		{100, 50, 3, 1, "37cb0f205bb93773"},
		{1000, 500, 3, 12345, "6fc3780db7304573"},
		{1000, 500, 5, 1, "7eba3d26d5b3d243"},
		{1000, 500, 7, 1, "28f8e2bb1364f943"},
		{1000, 500, 4, 1, "0820871ad3a3d973"},
		{500, 4000, 3, 7, "616f6931fa0d8e43"},
	} {
		const length = 16
		o := otiOf(fec.LDPCStaircase, c.k, c.k+c.repairs, c.n1, c.seed, length)
		source := make([]byte, 0, c.k*length)
		for i := range c.k {
			for b := range length {
				source = append(source, byte(i*131+b*29+(i>>8)*7+5*i*b+3))
			}
		}
		h := uint64(1469598103934665603) // not the offset of FNV-1a: the hashes were made so
		for _, r := range encodeAll(t, New(Config{}), &o, source) {
			for _, b := range r {
				h = (h ^ uint64(b)) * 1099511628211
			}
		}
		if got := fmt.Sprintf("%016x", h); got != c.hash {
			t.Errorf("k=%d, %d repair symbols, N1=%d, seed %d: %s, want %s", c.k, c.repairs, c.n1, c.seed, got, c.hash)
		}
	}
}

// otiOf returns the OTI of one source block.
func otiOf(id fec.EncodingID, k, n, n1 int, seed uint32, length int) fec.OTI {
	return fec.OTI{
		EncodingID: id, TransferLength: uint64(k * length), SymbolLength: uint16(length),
		MaxSourceBlockLength: uint32(k), MaxEncodingSymbols: uint32(n), N1: uint8(n1), Seed: seed, GroupSize: 1,
	}
}

// encodeAll returns all repair symbols of an object of one source block.
func encodeAll(t testing.TB, s *Scheme, o *fec.OTI, source []byte) (repair [][]byte) {
	t.Helper()
	if err := s.Supports(o); err != nil {
		t.Fatal(err)
	}
	k := o.MaxSourceBlockLength
	e, err := s.NewEncoder(o, "", k, source)
	if err != nil {
		t.Fatal(err)
	}
	for esi := k; esi < o.MaxEncodingSymbols; esi++ {
		b, err := e.AppendRepair(nil, fec.ESI(esi))
		if err != nil {
			t.Fatal(err)
		}
		repair = append(repair, b)
	}
	return repair
}

// RFC 5170, section 5.6, word by word: what the two functions there return, from tables made by the function there.
func TestConf_K08_Groups(t *testing.T) {
	for _, c := range []struct{ k, n, g int }{{10, 20, 3}, {10, 20, 5}, {7, 14, 31}, {100, 130, 7}} {
		o := otiOf(fec.LDPCStaircase, c.k, c.n, 3, 42, 8)
		o.GroupSize = uint8(c.g)
		m := newMatrix(params{c.k, c.n, 3, 42, false})
		// initialize_tables, with the generator where the matrix left it
		r := prng(42)
		leftSide(m.params, &r)
		txseqToID, idToTxseq := make([]int, c.n-c.k), make([]int, c.n-c.k)
		for i := range txseqToID {
			txseqToID[i], idToTxseq[i] = i, i
		}
		for i := range txseqToID {
			randInd := r.rand(c.n - c.k)
			backup := idToTxseq[i]
			idToTxseq[i] = idToTxseq[randInd]
			idToTxseq[randInd] = backup
			txseqToID[idToTxseq[i]] = i
			txseqToID[idToTxseq[randInd]] = randInd
		}
		s := New(Config{})
		sourcePackets, repairPackets := (c.k+c.g-1)/c.g, (c.n-c.k+c.g-1)/c.g
		seen := map[fec.ESI]bool{}
		for packet := range sourcePackets + repairPackets {
			want := make([]fec.ESI, c.g)
			if packet < sourcePackets {
				want[0] = fec.ESI(packet * c.g)
				for i := 1; i < c.g; i++ {
					want[i] = fec.ESI((int(want[0]) + i) % c.k)
				}
			} else {
				for i := range c.g {
					want[i] = fec.ESI(c.k + txseqToID[(i+(packet-sourcePackets)*c.g)%(c.n-c.k)])
				}
			}
			got, err := s.AppendPacket(nil, &o, uint32(c.k), uint32(packet))
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%+v: packet %d: %v, %v; want %v", c, packet, got, err, want)
			}
			received, err := s.AppendGroup(nil, &o, uint32(c.k), want[0])
			if err != nil || !slices.Equal(received, want) {
				t.Errorf("%+v: received with ESI %d: %v, %v; want %v", c, want[0], received, err, want)
			}
			for _, esi := range got {
				seen[esi] = true
			}
		}
		if len(seen) != c.n {
			t.Errorf("%+v: the packets have %d of %d encoding symbols", c, len(seen), c.n)
		}
	}
}
