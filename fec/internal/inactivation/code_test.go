package inactivation

import (
	"math/rand/v2"
	"testing"
)

// toyCode is a code made up for tests, of n source symbols: over GF(2) as Raptor, or over GF(2^8) as RaptorQ.
func toyCode(n int, alpha bool) *Code {
	s, h := 3+n/20, 6
	c := &Code{Size: toySize(n)}
	for i := range s {
		row := []uint16{uint16(n + i)}
		for j := i; j < n; j += s {
			row = append(row, uint16(j))
		}
		c.Fixed.Append(row...)
	}
	r := rand.New(rand.NewPCG(uint64(n), 1))
	c.Dense = Dense{Alpha: alpha, Pairs: make([][2]uint8, n+s-1), Last: make([]byte, h)}
	for j := range c.Dense.Pairs {
		a := r.IntN(h)
		c.Dense.Pairs[j] = [2]uint8{uint8(a), uint8((a + 1 + r.IntN(h-1)) % h)}
	}
	power := byte(1)
	for i := range c.Dense.Last {
		c.Dense.Last[i] = power
		if alpha {
			power = multiply(power, 2)
		} else {
			power = byte(i & 1)
		}
	}
	c.LT = func(columns []uint16, isi uint32) []uint16 {
		r := rand.New(rand.NewPCG(uint64(isi), 99))
		seen := map[uint16]bool{}
		for range 2 + r.IntN(2)*r.IntN(8) {
			column := uint16(r.IntN(c.Columns))
			if !seen[column] {
				seen[column] = true
				columns = append(columns, column)
			}
		}
		return columns
	}
	return c
}

func toySize(n int) Size {
	s, h := 3+n/20, 6
	return Size{Source: n, Columns: n + s + h, Inactive: 4 + h/2, Fixed: s, Dense: h}
}

// matrix returns the rows of c and of ISIs, dense, over GF(2^8): the equations as Code, Dense and Rows describe them.
func matrix(c *Code, isis []uint32) [][]byte {
	var rows [][]byte
	for i := range c.Fixed.Len() {
		row := make([]byte, c.Columns)
		for _, column := range c.Fixed.Row(i) {
			row[column] ^= 1
		}
		rows = append(rows, row)
	}
	h := c.Size.Dense
	last := c.Columns - h - 1
	dense := make([][]byte, h)
	for i := range dense {
		dense[i] = make([]byte, c.Columns)
		dense[i][last+1+i] = 1
	}
	factor := byte(1)
	if c.Dense.Alpha {
		factor = 2
	}
	g := make([]byte, c.Columns)
	for j := range last + 1 {
		for i := range g {
			g[i] = multiply(g[i], factor)
		}
		g[j] ^= 1
		for i := range h {
			f := byte(0)
			switch {
			case j == last:
				f = c.Dense.Last[i]
			case int(c.Dense.Pairs[j][0]) == i || int(c.Dense.Pairs[j][1]) == i:
				f = 1
			}
			addScaled(dense[i], g, f)
		}
	}
	rows = append(rows, dense...)
	for _, isi := range isis {
		row := make([]byte, c.Columns)
		for _, column := range c.LT(nil, isi) {
			row[column] ^= 1
		}
		rows = append(rows, row)
	}
	return rows
}

// solveDense solves rows, each followed by what it sums up to, and returns the columns; nil if they have no full rank.
func solveDense(rows [][]byte, columns int) [][]byte {
	for c := range columns {
		pivot := c
		for pivot < len(rows) && rows[pivot][c] == 0 {
			pivot++
		}
		if pivot == len(rows) {
			return nil
		}
		rows[c], rows[pivot] = rows[pivot], rows[c]
		scale(rows[c], inverse(rows[c][c]))
		for r := range rows {
			if r != c {
				addScaled(rows[r], rows[c], rows[r][c])
			}
		}
	}
	out := make([][]byte, columns)
	for i := range out {
		out[i] = rows[i][columns:]
	}
	return out
}

func TestField(t *testing.T) {
	for a := 1; a < 256; a++ {
		if p := multiply(byte(a), inverse(byte(a))); p != 1 {
			t.Fatalf("%d times its inverse is %d", a, p)
		}
	}
	if p := multiply(0x80, 2); p != 0x1D {
		t.Errorf("0x80 times 2 is %#x", p)
	}
}
