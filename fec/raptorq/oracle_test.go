package raptorq

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/internal/fectest"
)

// oracle is a second, slow codec: the matrix A as RFC 6330, section 5.3.3.4.2 writes it, and dense Gaussian
// elimination.
type oracle struct {
	k, extended int
	*code
	times [256][256]byte
}

func newOracle(k int) *oracle {
	o := &oracle{k: k, extended: extended(k), code: newCode(k)}
	for a := range 256 {
		for b := range 256 {
			o.times[a][b] = product(byte(a), byte(b))
		}
	}
	return o
}

// product multiplies octets as polynomials modulo x^^8 + x^^4 + x^^3 + x^^2 + 1 (RFC 6330, section 5.7.2).
func product(a, b byte) (p byte) {
	for ; b > 0; b >>= 1 {
		if b&1 != 0 {
			p ^= a
		}
		carry := a&0x80 != 0
		a <<= 1
		if carry {
			a ^= 0x1D
		}
	}
	return p
}

// precode returns the first S+H rows of A.
func (o *oracle) precode() [][]byte {
	s, h, w, p, l := int(o.s), int(o.h), int(o.w), int(o.p), int(o.l)
	b := w - s
	rows := make([][]byte, s+h)
	for i := range rows {
		rows[i] = make([]byte, l)
	}
	for i := range s {
		rows[i][b+i] ^= 1
	}
	for i := range b {
		step, at := 1+i/s, i%s
		rows[at][i] ^= 1
		at = (at + step) % s
		rows[at][i] ^= 1
		at = (at + step) % s
		rows[at][i] ^= 1
	}
	for i := range s {
		rows[i][w+i%p] ^= 1
		rows[i][w+(i+1)%p] ^= 1
	}
	// G_HDPC = MT*GAMMA, GAMMA[i,j] = alpha ^^ (i-j) for i >= j.
	n := o.extended + s
	power := make([]byte, n)
	power[0] = 1
	for i := 1; i < n; i++ {
		power[i] = o.times[2][power[i-1]]
	}
	for j := range n {
		add := func(i int, c byte) {
			for to := range j + 1 {
				rows[s+i][to] ^= o.times[c][power[j-to]]
			}
		}
		if j == n-1 {
			for i := range h {
				add(i, power[i])
			}
			continue
		}
		r := random(uint32(j+1), 6, o.h)
		add(int(r), 1)
		add(int((r+random(uint32(j+1), 7, o.h-1)+1)%o.h), 1)
	}
	for i := range h {
		rows[s+i][n+i] ^= 1
	}
	return rows
}

// row returns the row of A for an ISI.
func (o *oracle) row(isi uint32) []byte {
	row := make([]byte, o.l)
	t := o.tuple(isi)
	row[t.b] ^= 1
	for range t.d - 1 {
		t.b = (t.b + t.a) % o.w
		row[t.b] ^= 1
	}
	for t.b1 >= o.p {
		t.b1 = (t.b1 + t.a1) % o.p1
	}
	row[o.w+t.b1] ^= 1
	for range t.d1 - 1 {
		t.b1 = (t.b1 + t.a1) % o.p1
		for t.b1 >= o.p {
			t.b1 = (t.b1 + t.a1) % o.p1
		}
		row[o.w+t.b1] ^= 1
	}
	return row
}

// isi returns the ISI of an ESI.
func (o *oracle) isi(esi uint32) uint32 {
	if int(esi) < o.k {
		return esi
	}
	return esi + uint32(o.extended-o.k)
}

// solve returns the intermediate symbols, of which encoding symbols and, as zero, the padding are known. It is nil when
// they do not suffice.
func (o *oracle) solve(symbols []fec.Symbol) [][]byte {
	rows := o.precode()
	var width int
	for _, s := range symbols {
		rows, width = append(rows, o.row(o.isi(uint32(s.ESI)))), len(s.Data)
	}
	for isi := o.k; isi < o.extended; isi++ {
		rows = append(rows, o.row(uint32(isi)))
	}
	for i := range rows {
		rows[i] = append(rows[i], make([]byte, width)...)
		if at := i - int(o.s+o.h); at >= 0 && at < len(symbols) {
			copy(rows[i][o.l:], symbols[at].Data)
		}
	}
	for c := range int(o.l) {
		pivot := slices.IndexFunc(rows[c:], func(r []byte) bool { return r[c] != 0 })
		if pivot < 0 {
			return nil
		}
		rows[c], rows[c+pivot] = rows[c+pivot], rows[c]
		inverse := byte(slices.Index(o.times[rows[c][c]][:], 1))
		for i := c; i < len(rows[c]); i++ {
			rows[c][i] = o.times[inverse][rows[c][i]]
		}
		for r, row := range rows {
			if r == c || row[c] == 0 {
				continue
			}
			times := &o.times[row[c]]
			for i := c; i < len(row); i++ {
				row[i] ^= times[rows[c][i]]
			}
		}
	}
	for i := range rows {
		rows[i] = rows[i][o.l:]
	}
	return rows[:o.l]
}

// encode returns an encoding symbol.
func (o *oracle) encode(intermediate [][]byte, esi uint32) []byte {
	symbol := make([]byte, len(intermediate[0]))
	for c, b := range o.row(o.isi(esi)) {
		if b != 0 {
			for i := range symbol {
				symbol[i] ^= intermediate[c][i]
			}
		}
	}
	return symbol
}

// TestOracle compares the oracle itself with the vectors.
func TestOracle(t *testing.T) {
	for _, v := range vectors {
		if v.k > 101 {
			continue
		}
		o := newOracle(v.k)
		source := fectest.Source(v.k, 8)
		var symbols []fec.Symbol
		for i := range v.k {
			symbols = append(symbols, fec.Symbol{ESI: fec.ESI(i), Data: source[8*i : 8*i+8]})
		}
		c := o.solve(symbols)
		if c == nil {
			t.Fatalf("K=%d: A is singular", v.k)
		}
		for _, s := range symbols {
			if got := o.encode(c, uint32(s.ESI)); !slices.Equal(got, s.Data) {
				t.Errorf("K=%d: the code is not systematic: symbol %d is %x", v.k, s.ESI, got)
			}
		}
		for esi, want := range v.all() {
			if got := o.encode(c, uint32(esi)); string(got) != string(want) {
				t.Errorf("K=%d: repair symbol %d is %x, want %x", v.k, esi, got, want)
			}
		}
	}
}

// TestIntermediate compares the repair symbols of the encoder with those of the oracle. They are more than there are
// intermediate symbols, so that those are equal too.
func TestIntermediate(t *testing.T) {
	const length = 3
	s := New(Config{})
	ks := []int{1, 2, 9, 10, 11, 12, 13, 19, 25, 32, 50, 77, 101}
	if *long {
		for k := 1; k <= 250; k++ {
			ks = append(ks, k)
		}
		ks = append(ks, 300, 400, 526, 700, 1002)
	}
	for _, k := range ks {
		o := newOracle(k)
		source := fectest.Source(k, length)
		var symbols []fec.Symbol
		for i := range k {
			symbols = append(symbols, fec.Symbol{ESI: fec.ESI(i), Data: source[length*i : length*(i+1)]})
		}
		c := o.solve(symbols)
		enc := newEncoder(t, s, k, length, source)
		for i := range 2 * o.l {
			esi := uint32(k) + i*i
			got, err := enc.AppendRepair(nil, fec.ESI(esi))
			if want := o.encode(c, esi); err != nil || !slices.Equal(got, want) {
				t.Fatalf("K=%d: repair symbol %d is %x, %v, want %x", k, esi, got, err, want)
			}
		}
	}
}

// TestSolve compares the decoder's verdict on what arrived with the rank of A.
func TestSolve(t *testing.T) {
	fectest.OneGoroutine(t)
	r := rand.New(rand.NewPCG(5, 6))
	s := New(Config{})
	patterns := 300
	if *long {
		patterns = 10000
	}
	failures := 0
	for i := range patterns {
		k := 1 + r.IntN(40)
		lost, repair := draw(r, k, k, i%2 == 0)
		o := newOracle(k)
		var symbols []fec.Symbol
		for esi := range fec.ESI(k) {
			if !slices.Contains(lost, esi) {
				symbols = append(symbols, fec.Symbol{ESI: esi})
			}
		}
		for _, esi := range repair {
			symbols = append(symbols, fec.Symbol{ESI: esi})
		}
		// ESIs of which the last few make no difference, so that failures are not rare.
		if i%3 == 0 && len(symbols) > 0 {
			symbols = append(symbols[:len(symbols)-1], fec.Symbol{ESI: fec.ESI(k) + fec.ESI(r.IntN(10))})
			if n := len(repair); n > 0 {
				repair[n-1] = symbols[len(symbols)-1].ESI
			} else {
				continue
			}
		}
		oti := testOTI(k, 1)
		dec, err := s.NewDecoder(&oti, "", uint32(k))
		if err != nil {
			t.Fatal(err)
		}
		got := dec.(fec.Solver).Solve(lost, repair) == nil
		if want := o.solve(symbols) != nil || len(lost) == 0; got != want {
			t.Fatalf("K=%d, lost %v, repair %v: Solve says %v, the matrix %v", k, lost, repair, got, want)
		}
		if got {
			continue
		}
		failures++
		// More symbols, one after the other, until they suffice.
		for range 40 {
			esi := fec.ESI(k + r.IntN(100))
			repair = append(repair, esi)
			symbols = append(symbols, fec.Symbol{ESI: esi})
			got, want := dec.(fec.Solver).Solve(lost, repair) == nil, o.solve(symbols) != nil
			if got != want {
				t.Fatalf("K=%d, lost %v, repair %v: Solve says %v in a later try, the matrix %v", k, lost, repair, got,
					want)
			}
			if got {
				break
			}
		}
	}
	t.Logf("%d of %d patterns failed", failures, patterns)
	if failures == 0 {
		t.Error("no pattern failed")
	}
}
