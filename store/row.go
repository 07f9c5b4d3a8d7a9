package store

import (
	"fmt"
	"io"
)

// maxRow bounds the bytes that are written in one call by the number of their pieces: 1 MiB of whole pages. A call for
// four pages costs three quarters of four calls, one for more hardly less.
const maxRow = 16

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
			size += len(c.bytes)
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
