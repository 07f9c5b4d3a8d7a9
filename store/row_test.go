package store_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/flute-node/flute-node/store"
)

// rowArray is an array that takes rows.
type rowArray struct {
	array
	rows  []int // pieces of each
	short int   // by how much a row is written short
	err   error
}

func (a *rowArray) WriteRowAt(pieces [][]byte, off int64) (int, error) {
	a.rows = append(a.rows, len(pieces))
	if a.err != nil {
		return 0, a.err
	}
	n, err := a.array.WriteAt(slices.Concat(pieces...), off)
	return n - a.short, err
}

// TestRows: pieces that follow each other are written in one call, up to sixteen of them, where the object can; others
// are not, and of bytes that come twice the later ones stay.
func TestRows(t *testing.T) {
	for name, c := range map[string]struct {
		offs []int64
		rows []int // of several pieces
		ones int   // pieces written alone
	}{
		"one":           {offs: []int64{8}, ones: 1},
		"in order":      {offs: []int64{0, 4, 8, 12}, rows: []int{4}},
		"a gap":         {offs: []int64{0, 4, 12, 16, 20}, rows: []int{2, 3}},
		"backwards":     {offs: []int64{8, 4, 0}, ones: 3},
		"twice":         {offs: []int64{0, 4, 4, 8}, rows: []int{2, 2}},
		"the same":      {offs: []int64{4, 4}, ones: 2},
		"more than one": {offs: multiples(18), rows: []int{16, 2}},
		"and one":       {offs: multiples(17), rows: []int{16}, ones: 1},
	} {
		t.Run(name, func(t *testing.T) {
			o, alone := &rowArray{}, &array{}
			for _, to := range []io.WriterAt{o, alone} {
				b := store.NewBuffer(nil)
				for i, off := range c.offs {
					b.Lend([]byte(strings.Repeat(string(rune('a'+i)), 4)), off)
				}
				if err := b.Begin().Write(to); err != nil {
					t.Fatal(err)
				}
			}
			if !slices.Equal(o.rows, c.rows) || len(o.writes) != len(c.rows)+c.ones {
				t.Errorf("rows of %v pieces, %d calls; want rows %v, %d alone", o.rows, len(o.writes), c.rows, c.ones)
			}
			if string(o.bytes) != string(alone.bytes) {
				t.Errorf("%q, want %q", o.bytes, alone.bytes)
			}
		})
	}
}

func multiples(n int) (offs []int64) {
	for i := range n {
		offs = append(offs, int64(4*i))
	}
	return offs
}

// TestRowFails: an error of a row is told, and so is one that is written short without an error.
func TestRowFails(t *testing.T) {
	full := errors.New("full")
	for _, c := range []struct {
		o    *rowArray
		want error
	}{{&rowArray{err: full}, full}, {&rowArray{short: 1}, io.ErrShortWrite}} {
		b := store.NewBuffer(nil)
		b.Lend([]byte("one"), 0)
		b.Lend([]byte("two"), 3)
		err := b.Begin().Write(c.o)
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), "6 bytes at 0") {
			t.Errorf("%v, want %v", err, c.want)
		}
	}
}
