package kernel

import (
	"bytes"
	"testing"
)

// The fuzz targets compare every implementation with the one in Go, which other tests compare with slow arithmetic.
// Symbols are cut out of the data at any alignment.

// cut returns n symbols of equal length of data, without what is left.
func cut(data []byte, n int) [][]byte {
	size := len(data) / n
	s := make([][]byte, n)
	for i := range s {
		s[i] = data[i*size : (i+1)*size : (i+1)*size]
	}
	return s
}

func seeds(f *testing.F) {
	for _, n := range []int{0, 3, 47, 64, 193, 1400, 4203, 9000} {
		data := make([]byte, n)
		for i := range data {
			data[i] = byte(i * i)
		}
		f.Add(data, byte(n), uint16(n*31))
	}
}

func FuzzRegions(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte, c byte, _ uint16) {
		run := func(l level) []byte {
			data := bytes.Clone(data)
			s := cut(data, 2)
			l.xor(s[0], s[1])
			l.mulXor(gf256, s[0], s[1], c)
			l.mul(gf256, s[1], c^1)
			l.alphaXor(s[1], s[0])
			l.mulXor(NewField(4, 0x13), s[0], s[1], c)
			return data
		}
		compareLevels(t, run)
	})
}

func FuzzSums(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte, c byte, rows uint16) {
		run := func(l level) []byte {
			data := bytes.Clone(data)
			s := cut(data, 2+int(c%7))
			l.sum(s[0], s[1:], c&0x80 != 0)
			size := len(s[0])
			// Row 0 is the destination.
			n := uint16(len(s) - 1)
			l.sumRows(s[0], data, size, []uint32{1 + uint32(rows%n), 1 + uint32(rows>>4%n), 1 + uint32(rows>>8%n)},
				c&0x40 != 0)
			return data
		}
		compareLevels(t, run)
	})
}

func FuzzMatrices(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, data []byte, c byte, shape uint16) {
		p, k, add := 1+int(shape%14), 1+int(shape>>4%9), shape>>15 != 0
		rows, rows16 := make([][]byte, p), make([][]uint16, p)
		for i := range rows {
			rows[i], rows16[i] = make([]byte, k), make([]uint16, k)
			for j := range rows[i] {
				c = c*7 + 11
				rows[i][j], rows16[i][j] = c, uint16(c)<<8|uint16(c*13)
			}
		}
		run := func(l level) []byte {
			data := bytes.Clone(data)
			s := cut(data, p+k)
			m := NewMatrix(rows)
			m.level = l
			m.multiply(0, p, s[:p], s[p:], add)
			if len(s[0])%2 == 0 {
				l.newMatrix16(rows16, 0x1100B).multiply(0, p, s[:p], s[p:], !add)
			}
			return data
		}
		compareLevels(t, run)
	})
}

func compareLevels(t *testing.T, run func(l level) []byte) {
	t.Helper()
	want := run(portable)
	for _, l := range levels() {
		if !bytes.Equal(run(l), want) {
			t.Fatalf("%v differs", l)
		}
	}
}
