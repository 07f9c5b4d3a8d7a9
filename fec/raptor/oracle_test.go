package raptor

import (
	"bytes"
	"errors"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/internal/fectest"
)

// oracle is the code as RFC 5053 defines it, in the order and the words of its text, with dense matrices and Gaussian
// elimination. It shares nothing with the package but the tables.
type oracle struct{ k, s, h, l int }

func newOracle(k int) *oracle {
	x := 1
	for x*(x-1) < 2*k {
		x++
	}
	o := &oracle{k: k}
	prime := func(n int) bool {
		for d := 2; d < n; d++ {
			if n%d == 0 {
				return false
			}
		}
		return n > 1
	}
	for o.s = (k+99)/100 + x; !prime(o.s); {
		o.s++
	}
	choose := func(n, k int) int {
		row := []int{1}
		for range n {
			row = append(row, 0)
			for i := len(row) - 1; i > 0; i-- {
				row[i] += row[i-1]
			}
		}
		return row[k]
	}
	for choose(o.h, (o.h+1)/2) < k+o.s {
		o.h++
	}
	o.l = k + o.s + o.h
	return o
}

// constraints returns G_LDPC | I_S | 0 and G_Half | I_H (section 5.4.2.4.2) by sending unit vectors through the
// processes of section 5.4.2.3.
func (o *oracle) constraints() [][]bool {
	rows := make([][]bool, o.s+o.h)
	for i := range rows {
		rows[i] = make([]bool, o.l)
		rows[i][o.k+i] = true
	}
	for i := range o.k {
		a := 1 + (i/o.s)%(o.s-1)
		b := i % o.s
		rows[b][i] = !rows[b][i]
		b = (b + a) % o.s
		rows[b][i] = !rows[b][i]
		b = (b + a) % o.s
		rows[b][i] = !rows[b][i]
	}
	var m []int
	for i := 1; len(m) < o.k+o.s; i++ {
		if g := i ^ i/2; bits.OnesCount(uint(g)) == (o.h+1)/2 {
			m = append(m, g)
		}
	}
	for h := range o.h {
		for j := range o.k + o.s {
			if m[j]>>h&1 == 1 {
				rows[o.s+h][j] = true
			}
		}
	}
	return rows
}

// lt returns which intermediate symbols encoding symbol x is the sum of (sections 5.4.4.1 to 5.4.4.4).
func (o *oracle) lt(x int) []bool {
	rand := func(x, i, m int) int { return int(v0[(x+i)%256]^v1[(x/256+i)%256]) % m }
	lp := o.l
	for bits.OnesCount(uint(lp)) > 0 {
		d := 2
		for lp%d != 0 {
			d++
		}
		if d == lp {
			break
		}
		lp++
	}
	j := int(systematic[o.k-4])
	y := (10267*(j+1)%65521 + x*((53591+j*997)%65521)) % 65521
	v := rand(y, 0, 1<<20)
	f, degrees := []int{0, 10241, 491582, 712794, 831695, 948446, 1032189, 1048576}, []int{0, 1, 2, 3, 4, 10, 11, 40}
	d := 0
	for i := 1; i < len(f); i++ {
		if f[i-1] <= v && v < f[i] {
			d = degrees[i]
		}
	}
	a, b := 1+rand(y, 1, lp-1), rand(y, 2, lp)
	row := make([]bool, o.l)
	for b >= o.l {
		b = (b + a) % lp
	}
	row[b] = !row[b]
	for range min(d-1, o.l-1) {
		b = (b + a) % lp
		for b >= o.l {
			b = (b + a) % lp
		}
		row[b] = !row[b]
	}
	return row
}

// solve returns the intermediate symbols, or nil when the encoding symbols do not determine them.
func (o *oracle) solve(length int, symbols []fec.Symbol) [][]byte {
	a := o.constraints()
	d := make([][]byte, len(a))
	for i := range d {
		d[i] = make([]byte, length)
	}
	for _, s := range symbols {
		a = append(a, o.lt(int(s.ESI)))
		d = append(d, append(bytes.Clone(s.Data), make([]byte, length-len(s.Data))...))
	}
	for c := range o.l {
		p := c
		for p < len(a) && !a[p][c] {
			p++
		}
		if p == len(a) {
			return nil
		}
		a[c], a[p], d[c], d[p] = a[p], a[c], d[p], d[c]
		for r := range a {
			if r != c && a[r][c] {
				for i := range a[r] {
					a[r][i] = a[r][i] != a[c][i]
				}
				for i := range d[r] {
					d[r][i] ^= d[c][i]
				}
			}
		}
	}
	return d[:o.l]
}

// rank returns the rank of the matrix with the encoding symbols given; for blocks that solve is too slow for.
func (o *oracle) rank(esis []fec.ESI) int {
	var rows [][]uint64
	add := func(row []bool) {
		packed := make([]uint64, (o.l+63)/64)
		for i, in := range row {
			if in {
				packed[i/64] |= 1 << (i % 64)
			}
		}
		rows = append(rows, packed)
	}
	for _, row := range o.constraints() {
		add(row)
	}
	for _, esi := range esis {
		add(o.lt(int(esi)))
	}
	rank := 0
	for c := range o.l {
		p := slices.IndexFunc(rows[rank:], func(row []uint64) bool { return row[c/64]>>(c%64)&1 == 1 }) + rank
		if p < rank {
			continue
		}
		rows[rank], rows[p] = rows[p], rows[rank]
		for r := rank + 1; r < len(rows); r++ {
			if rows[r][c/64]>>(c%64)&1 == 1 {
				for i := c / 64; i < len(rows[r]); i++ {
					rows[r][i] ^= rows[rank][i]
				}
			}
		}
		rank++
	}
	return rank
}

// TestOracleRank: what TestOracleDecode says, for larger blocks, of ranks.
func TestOracleRank(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	s := New(Config{})
	sizes, rounds := []int{100, 400, 1000}, 2
	if *long {
		sizes, rounds = []int{100, 400, 1000, 2000}, 5
	}
	for _, k := range sizes {
		o := newOracle(k)
		for range rounds {
			for _, percent := range []int{1, 8, 50, 100} {
				var there, lost, repair []fec.ESI
				for i := range fec.ESI(k) {
					if random.IntN(100) < percent {
						lost = append(lost, i)
					} else {
						there = append(there, i)
					}
				}
				for range len(lost) {
					repair = append(repair, fec.ESI(k+random.IntN(modulus-k)))
				}
				told := newTestDecoder(t, s, k, 1)
				for len(lost) > 0 {
					want := o.rank(append(slices.Clip(there), repair...)) == o.l
					if got := told.Solve(lost, repair) == nil; got != want {
						t.Fatalf("K=%d, %d lost, %d repair symbols: success is %v, want %v", k, len(lost), len(repair),
							got, want)
					}
					if want {
						break
					}
					repair = append(repair, fec.ESI(k+random.IntN(modulus-k)))
				}
			}
		}
	}
}

// symbol returns encoding symbol x.
func (o *oracle) symbol(intermediate [][]byte, x int) []byte {
	sum := make([]byte, len(intermediate[0]))
	for c, in := range o.lt(x) {
		if in {
			for i := range sum {
				sum[i] ^= intermediate[c][i]
			}
		}
	}
	return sum
}

// TestOracleEncode: repair symbols, near and far, are those of the definition. Between them they have all intermediate
// symbols.
func TestOracleEncode(t *testing.T) {
	const length = 5
	s := New(Config{})
	random := rand.New(rand.NewPCG(11, 12))
	sizes := []int{37, 99, 100, 101, 256}
	for k := minSymbols; k <= 30; k++ {
		sizes = append(sizes, k)
	}
	if *long {
		sizes = append(sizes, 500, 1000)
	}
	for _, k := range sizes {
		source := fectest.Source(k, length)
		var symbols []fec.Symbol
		for i := range k {
			symbols = append(symbols, fec.Symbol{ESI: fec.ESI(i), Data: source[i*length:][:length]})
		}
		o := newOracle(k)
		want := o.solve(length, symbols)
		enc := newTestEncoder(t, s, k, length, source)
		for _, esi := range append(random.Perm(modulus - k)[:200+k], 0, 1, modulus-k-1) {
			esi += k
			if got := repairOf(t, enc, uint32(esi)).Data; !bytes.Equal(got, o.symbol(want, esi)) {
				t.Errorf("K=%d: symbol %d is %x, want %x", k, esi, got, o.symbol(want, esi))
			}
		}
	}
}

// TestOracleDecode: a decoder succeeds exactly when the matrix of the definition has full rank, told of symbols one
// after the other, or all at once, and recovers the same bytes.
func TestOracleDecode(t *testing.T) {
	const length = 3
	random := rand.New(rand.NewPCG(3, 4))
	s := New(Config{})
	blocks := 300
	if *long {
		blocks = 2000
	}
	failures, successes := 0, 0
	for range blocks {
		k := minSymbols + random.IntN(30)
		source := fectest.Source(k, length)
		enc := newTestEncoder(t, s, k, length, source)
		o := newOracle(k)
		lost := random.Perm(k)[:1+random.IntN(k)]
		symbols := fectest.Lossy(source, k, length, lost)
		var there []fec.Symbol
		for i, b := range symbols {
			if len(b) > 0 {
				there = append(there, fec.Symbol{ESI: fec.ESI(i), Data: b})
			}
		}
		told := newTestDecoder(t, s, k, length) // of one symbol after the other
		var repair []fec.Symbol
		for done := false; !done; {
			repair = append(repair, repairOf(t, enc, uint32(k+random.IntN(modulus-k))))
			done = len(repair) >= len(lost) && o.solve(length, append(repair, there...)) != nil
			err := solveSymbols(newTestDecoder(t, s, k, length), symbols, repair)
			if (err == nil) != done || err != nil && !errors.Is(err, fec.ErrMoreSymbols) {
				t.Fatalf("K=%d, %d lost, %d repair symbols: %v, want success: %v", k, len(lost), len(repair), err, done)
			}
			if err := solveSymbols(told, symbols, repair); (err == nil) != done {
				t.Fatalf("K=%d, %d lost, %d repair symbols, one by one: %v, want success: %v", k, len(lost),
					len(repair), err, done)
			}
			if !done && len(repair) >= len(lost) {
				failures++
			}
		}
		successes++
		if err := told.Recover(symbols, repair); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(bytes.Join(symbols, nil), source) {
			t.Fatalf("K=%d: other bytes", k)
		}
	}
	if failures == 0 || successes == 0 {
		t.Errorf("%d failures, %d successes: both are to be tested", failures, successes)
	}
}

// solveSymbols asks dec whether symbols suffice.
func solveSymbols(dec fec.Solver, source [][]byte, repair []fec.Symbol) error {
	return dec.Solve(fectest.Missing(source), fectest.ESIs(repair))
}
