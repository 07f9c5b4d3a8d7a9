package store

import (
	"fmt"
	"io"
)

const (
	// rowEnd is where a call ends at the latest: at a multiple of it in the object. A call for four pages costs three
	// quarters of four calls, one for more hardly less. And a system that holds a write in memory as one piece of its
	// size finds 512 KiB and more where the host of a virtual machine has taken the memory away, as long as there is
	// other memory for smaller ones (docs/adr/0124).
	rowEnd = 4 * pageSize
	// maxRow bounds the pieces of one call, which may be less than pages.
	maxRow = 16
)

// rowWriter is an Object that writes several pieces, one behind the other, in one call.
type rowWriter interface {
	// WriteRowAt does what WriteAt does with all of the pieces joined.
	WriteRowAt(pieces [][]byte, off int64) (int, error)
}

// Write writes the bytes to o.
func (t *Tail) Write(o io.WriterAt) error {
	if t == nil {
		return nil
	}
	rows, _ := o.(rowWriter)
	var pieces [maxRow][]byte
	for done := 0; done < len(t.chunks); {
		row := pieces[:0]
		first, size := t.chunks[done], 0
		for _, c := range t.chunks[done:min(len(t.chunks), done+maxRow)] {
			if len(row) > 0 && (rows == nil || c.off != first.off+int64(size)) {
				break
			}
			row = append(row, c.bytes)
			if size += len(c.bytes); (first.off+int64(size))%rowEnd == 0 {
				break
			}
		}
		if err := writeRow(o, rows, row, size, first.off); err != nil {
			return fmt.Errorf("store: buffer: write of %d bytes at %d: %w", size, first.off, err)
		}
		done += len(row)
	}
	return nil
}

// writeRow writes pieces of size bytes in all. rows may be nil, or o.
func writeRow(o io.WriterAt, rows rowWriter, row [][]byte, size int, off int64) (err error) {
	var n int
	if len(row) == 1 {
		n, err = o.WriteAt(row[0], off)
	} else {
		n, err = rows.WriteRowAt(row, off)
	}
	if err == nil && n < size {
		err = io.ErrShortWrite
	}
	return err
}
