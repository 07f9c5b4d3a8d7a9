package raptorq

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"
)

// TestTables checks the generated tables against the SHA-256 of the numbers that RFC 6330 prints, in its order.
func TestTables(t *testing.T) {
	h := sha256.New()
	for _, table := range [][256]uint32{v0, v1, v2, v3} {
		fmt.Fprintln(h, table)
	}
	fmt.Fprintln(h, thresholds, parameters)
	const want = "2372941704bad35cc03078c3a91efe72797e75391f47248dab377e249865e037"
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		t.Errorf("SHA-256 of the tables is %s, want %s", got, want)
	}
}

// TestParameters checks table 2 by what the RFC says of it.
func TestParameters(t *testing.T) {
	for i, p := range parameters {
		if i > 0 && p.k <= parameters[i-1].k {
			t.Errorf("K' = %d follows %d", p.k, parameters[i-1].k)
		}
		if nextPrime(p.s) != p.s || nextPrime(p.w) != p.w {
			t.Errorf("K' = %d: S = %d and W = %d, not both prime", p.k, p.s, p.w)
		}
		if c := newCode(int(p.k)); c.p < p.h || c.w < p.s {
			t.Errorf("K' = %d: P = %d, H = %d, W = %d, S = %d", p.k, c.p, p.h, p.w, p.s)
		}
	}
	for _, v := range []struct{ k, extended, l, p, p1 int }{
		{1, 10, 27, 10, 11},
		{10, 10, 27, 10, 11},
		{11, 12, 29, 10, 11},
		{101, 101, 128, 15, 17},
		{1000, 1002, 1071, 50, 53},
		{10000, 10017, 10269, 158, 163},
		{56403, 56403, 57326, 375, 379},
	} {
		c := newCode(v.k)
		if extended(v.k) != v.extended || int(c.l) != v.l || int(c.p) != v.p || int(c.p1) != v.p1 {
			t.Errorf("K = %d: K' = %d, L = %d, P = %d, P1 = %d, want %v", v.k, extended(v.k), c.l, c.p, c.p1, v)
		}
	}
}

// TestLT: an encoding symbol is the sum of intermediate symbols that differ, 2 or 3 of them PI symbols.
func TestLT(t *testing.T) {
	for _, k := range []int{10, 101, 1002} {
		c := newCode(k)
		var columns []uint16
		for isi := range uint32(20000) {
			columns = c.appendLT(columns[:0], isi*811)
			seen, pi := map[uint16]bool{}, 0
			for _, column := range columns {
				seen[column] = true
				if uint32(column) >= c.w {
					pi++
				}
			}
			if len(seen) != len(columns) || pi < 2 || pi > 3 || len(columns) < 3 || len(columns) > 33 {
				t.Fatalf("K' = %d, ISI %d: columns %v", k, isi*811, columns)
			}
		}
	}
}
