package store_test

import (
	"bytes"
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
	short int   // by how much a row is written short, if it begins at from or later
	from  int64
	err   error
}

func (a *rowArray) WriteRowAt(pieces [][]byte, off int64) (int, error) {
	a.rows = append(a.rows, len(pieces))
	if a.err != nil {
		return 0, a.err
	}
	n, err := a.array.WriteAt(slices.Concat(pieces...), off)
	if off >= a.from {
		n -= a.short
	}
	return n, err
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

// TestRowsEnd: a row of pages ends at a multiple of 256 KiB, wherever it begins; if a later row fails, its place is
// told.
func TestRowsEnd(t *testing.T) {
	const page = 64 << 10
	for _, c := range []struct {
		from, pages int
		rows        []int
		fails       string
	}{
		{0, 16, []int{4, 4, 4, 4}, "262144 bytes at 262144"},
		{2, 9, []int{2, 4, 3}, "262144 bytes at 262144"},
		{7, 7, []int{4, 2}, "262144 bytes at 524288"}, // the first is written alone
		{5, 3, []int{3}, ""},
	} {
		write := func(o io.WriterAt) error {
			b := store.NewBuffer(nil)
			for i := range c.pages {
				b.Lend(bytes.Repeat([]byte{byte(i + 1)}, page), int64(c.from+i)*page)
			}
			return b.Begin().Write(o)
		}
		o, alone := &rowArray{}, &array{}
		if err := errors.Join(write(o), write(alone)); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(o.rows, c.rows) || !bytes.Equal(o.bytes, alone.bytes) {
			t.Errorf("%d pages from %d on: rows of %v, want %v", c.pages, c.from, o.rows, c.rows)
		}
		if c.fails == "" {
			continue
		}
		err := write(&rowArray{short: 1, from: int64(c.from/4+1) * 4 * page})
		if !errors.Is(err, io.ErrShortWrite) || !strings.Contains(err.Error(), c.fails) {
			t.Errorf("%v, want one of %s", err, c.fails)
		}
	}
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
