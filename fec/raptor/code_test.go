package raptor

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math/bits"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTables: the tables are those of the RFC's text: their numbers, big-endian, 32 bits each, by their SHA-256.
func TestTables(t *testing.T) {
	h := sha256.New()
	for _, table := range [][]uint32{v0[:], v1[:]} {
		for _, v := range table {
			h.Write(binary.BigEndian.AppendUint32(nil, v))
		}
	}
	for _, j := range systematic {
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(j)))
	}
	const want = "9a362214718f83b8d3aa51030ef1e7c9621ea5ea5e0ff2132fed5b6528849f96"
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		t.Errorf("SHA-256 of V0, V1 and J(K) is %s, want %s", got, want)
	}
	// What the text shows first and last of each.
	for _, v := range []struct{ got, want uint32 }{
		{v0[0], 251291136},
		{v0[255], 1358307511},
		{v1[0], 807385413},
		{v1[255], 4135048896},
		{uint32(systematic[0]), 18},
		{uint32(systematic[1]), 14},
		{uint32(systematic[17]), 2},
		{uint32(systematic[8188]), 2665},
	} {
		if v.got != v.want {
			t.Errorf("%d, want %d", v.got, v.want)
		}
	}
}

func TestNewCode(t *testing.T) {
	for _, v := range []struct{ k, s, h, l int }{
		{4, 5, 5, 14}, {10, 7, 6, 23}, {13, 7, 6, 26}, {14, 7, 7, 28}, {500, 41, 12, 553}, {5000, 151, 15, 5166}, {8192, 211, 16, 8419},
	} {
		c := newCode(v.k)
		if c.s != v.s || c.h != v.h || c.l != v.l {
			t.Errorf("K=%d: S=%d H=%d L=%d, want %d, %d, %d", v.k, c.s, c.h, c.l, v.s, v.h, v.l)
		}
	}
}

// TestRandom: the values of unit tests of other programs.
func TestRandom(t *testing.T) {
	for _, v := range []struct{ x, i, m, want uint32 }{{1, 4, 150, 50}, {20005, 19, 25, 6}, {
		2180, 11, 1383483, 1166141,
	}} {
		if got := random(v.x, v.i, v.m); got != v.want {
			t.Errorf("Rand[%d, %d, %d] = %d, want %d", v.x, v.i, v.m, got, v.want)
		}
	}
}

func TestTriple(t *testing.T) {
	for _, v := range []struct {
		k       int
		x       uint32
		d, a, b uint32
		rows    []uint16
	}{
		{4, 0, 10, 13, 1, []uint16{1, 2, 3, 4, 6, 7, 8, 10, 11, 12}},
		{4, 4, 4, 6, 2, nil},
		{500, 514, 2, 107, 279, nil},
		{1000, 52918, 3, 1070, 121, nil},
		{100, 1, 0, 0, 0, []uint16{51, 104}},
		{1000, 727, 0, 0, 0, []uint16{306, 687, 1040}},
		{10, 57279, 0, 0, 0, []uint16{19, 20, 21, 22}},
	} {
		c := newCode(v.k)
		if d, a, b := c.triple(v.x); v.d != 0 && (d != v.d || a != v.a || b != v.b) {
			t.Errorf("Trip[%d, %d] = %d, %d, %d, want %d, %d, %d", v.k, v.x, d, a, b, v.d, v.a, v.b)
		}
		rows := c.appendLT(nil, v.x)
		slices.Sort(rows)
		if v.rows != nil && !cmp.Equal(rows, v.rows) {
			t.Errorf("K=%d: symbol %d is the sum of %v, want %v", v.k, v.x, rows, v.rows)
		}
	}
}

// TestRepeatedESIs: ESIs 65521 to 65535 are encoding symbols 0 to 14 again (RFC 5053, section 5.4.4.4: X only counts
// modulo Q).
func TestRepeatedESIs(t *testing.T) {
	for _, k := range []int{4, 15, 100, 8192} {
		c := newCode(k)
		for esi := uint32(modulus); esi < 1<<16; esi++ {
			if got, want := c.appendLT(nil, esi), c.appendLT(nil, esi-modulus); !cmp.Equal(got, want) {
				t.Errorf("K=%d: symbol %d is the sum of %v, want %v", k, esi, got, want)
			}
		}
	}
}

// TestDegree: both sides of each threshold of Table 1.
func TestDegree(t *testing.T) {
	for _, v := range []struct{ v, want uint32 }{
		{0, 1},
		{10240, 1},
		{10241, 2},
		{491581, 2},
		{491582, 3},
		{712793, 3},
		{712794, 4},
		{831694, 4},
		{831695, 10},
		{948445, 10},
		{948446, 11},
		{1032188, 11},
		{1032189, 40},
		{1048575, 40},
	} {
		if got := degree(v.v); got != v.want {
			t.Errorf("Deg[%d] = %d, want %d", v.v, got, v.want)
		}
	}
}

// TestHalf: the sequence has an element for each intermediate symbol but the Half symbols, no two alike, of ceil(H/2)
// bits below H; one differs from the next in two of them.
func TestHalf(t *testing.T) {
	for k := minSymbols; k <= maxSymbols; k += 1 + k/3 {
		c, seen, next, before := newCode(k), map[uint32]bool{}, 0, uint32(0)
		c.half(func(j int, set uint32) {
			if j != next || seen[set] || bits.OnesCount32(set) != (c.h+1)/2 || set >= 1<<c.h {
				t.Fatalf("K=%d: m[%d] = %#b", k, j, set)
			}
			if j > 0 && bits.OnesCount32(set^before) != 2 {
				t.Fatalf("K=%d: m[%d] = %#b after %#b", k, j, set, before)
			}
			next, seen[set], before = next+1, true, set
		})
		if next != c.k+c.s {
			t.Errorf("K=%d: %d elements", k, next)
		}
	}
}

// TestLTDistinct: no encoding symbol has an intermediate symbol twice.
func TestLTDistinct(t *testing.T) {
	for _, k := range []int{4, 5, 10, 100, 8192} {
		c := newCode(k)
		for esi := range uint32(2000) {
			rows := c.appendLT(nil, esi)
			slices.Sort(rows)
			if len(slices.Compact(rows)) != len(rows) || int(rows[len(rows)-1]) >= c.l {
				t.Fatalf("K=%d: symbol %d is the sum of %v", k, esi, rows)
			}
		}
	}
}
