package ldpc

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// literal is the functions of RFC 5170, sections 6.2 and 7.2, line by line, on a matrix of bits. The loop that does not
// end for k = 1 is left out there, as in OpenFEC.
func literal(p params) (h [][]bool, state uint64) {
	seed := uint64(p.seed)
	rand := func(limit int) int {
		seed = 16807 * seed % 0x7FFFFFFF
		return int(float64(limit) * float64(seed) / float64(0x7FFFFFFF))
	}
	k, n, n1 := p.k, p.n, p.n1
	h = make([][]bool, n-k)
	for i := range h {
		h[i] = make([]bool, n)
	}
	degree := func(i int) (d int) {
		for _, one := range h[i] {
			if one {
				d++
			}
		}
		return d
	}
	u := make([]int, n1*k)
	for i := n1*k - 1; i >= 0; i-- {
		u[i] = i % (n - k)
	}
	t, i := 0, 0
	for j := range k {
		for range n1 {
			for i = t; i < n1*k && h[u[i]][j]; i++ {
			}
			if i < n1*k {
				for i = t + rand(n1*k-t); h[u[i]][j]; i = t + rand(n1*k-t) {
				}
				h[u[i]][j] = true
				u[i] = u[t]
				t++
			} else {
				for i = rand(n - k); h[i][j]; i = rand(n - k) {
				}
				h[i][j] = true
			}
		}
	}
	for i := range n - k {
		if degree(i) == 0 {
			h[i][rand(k)] = true
		}
		if degree(i) == 1 && k > 1 {
			j := rand(k)
			for h[i][j] {
				j = rand(k)
			}
			h[i][j] = true
		}
	}
	h[0][k] = true
	for i := 1; i < n-k; i++ {
		h[i][k+i], h[i][k+i-1] = true, true
		if p.triangle {
			j := i - 1
			for l := 0; l < j; l++ {
				j = rand(j)
				h[i][k+j] = true
			}
		}
	}
	return h, seed
}

// The matrix has the ones of that of the RFC's functions, and leaves the generator where they do.
func TestConf_K08_Matrix(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 1))
	for range 2000 {
		n1 := 3 + rng.IntN(8)
		k := 1 + rng.IntN(40)
		p := params{k, k + n1 + rng.IntN(1+rng.IntN(80)), n1, 1 + rng.Uint32N(maxSeed), rng.IntN(2) == 0}
		h, state := literal(p)
		m := newMatrix(p)
		columns := make([][]uint32, p.n)
		for i := range p.repairs() {
			got, want := m.symbols(nil, uint32(i)), []uint32(nil)
			for j, one := range h[i] {
				if one {
					want = append(want, uint32(j))
					if j != k+i {
						columns[j] = append(columns[j], uint32(i))
					}
				}
			}
			if slices.Sort(got); !slices.Equal(got, want) {
				t.Fatalf("%+v, row %d: %d, want %d", p, i, got, want)
			}
			if !slices.IsSorted(m.sources.of(i)) {
				t.Fatalf("%+v, row %d: %d is not in order", p, i, m.sources.of(i))
			}
		}
		for j, want := range columns {
			if got := m.byColumn.of(j); !slices.Equal(got, want) {
				t.Fatalf("%+v, column %d: %d, want %d", p, j, got, want)
			}
		}
		r := prng(state)
		if sequence, position := order(p.repairs(), &r); !slices.Equal(m.sequence, sequence) ||
			!slices.Equal(m.position, position) {
			t.Fatalf("%+v: the sequence of repair symbols does not begin where the matrix ends", p)
		}
	}
}

// Large matrices stay within what is said of them before; those of the triangle have a number of ones left to chance.
func TestMatrixBytes(t *testing.T) {
	for seed := range uint32(200) {
		for _, rows := range []int{3, 4, 10, 30, 100, 1000} {
			p := params{rows, 2 * rows, 3, 1 + seed*7919, true}
			if m := newMatrix(p); len(m.repairCols.item) > rightEntries(p) {
				t.Errorf("%+v: %d ones, at most %d are said", p, len(m.repairCols.item), rightEntries(p))
			}
		}
	}
}

// Packets of several symbols cost no memory.
func TestGroupAllocs(t *testing.T) {
	o := otiOf(ids[0], 100, 150, 3, 1, 8)
	o.GroupSize = 5
	s := New(Config{})
	b, err := s.AppendPacket(nil, &o, 100, 25)
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() {
		b, _ = s.AppendGroup(b[:0], &o, 100, b[0])
		b, _ = s.AppendPacket(b[:0], &o, 100, 22)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
