package file

import (
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// WriteRowAt writes pieces, one behind the other and the first at off, with one call of the system: it takes larger
// folios for the bytes then, and has less to do for each. See store.Tail.
func (o *object) WriteRowAt(pieces [][]byte, off int64) (int, error) {
	var size int64
	for _, p := range pieces {
		size += int64(len(p))
	}
	return o.write(off, size, func(f *os.File) (int, error) { return writeRow(f, pieces, off) })
}

// pwritev is replaced in tests.
var pwritev = unix.Pwritev

func writeRow(f *os.File, pieces [][]byte, off int64) (n int, err error) {
	err = control(f, func(fd int) (err error) {
		n, err = pwritev(fd, pieces, off)
		return err
	})
	if err != nil {
		return 0, &fs.PathError{Op: "pwritev", Path: f.Name(), Err: err}
	}
	// A disk that is full, or a signal, may end the call early. The rest is written piece by piece, which tells why.
	begin := 0
	for _, p := range pieces {
		end := begin + len(p)
		if n < end {
			more, err := f.WriteAt(p[n-begin:], off+int64(n))
			if n += more; err != nil {
				return n, err
			}
		}
		begin = end
	}
	return n, nil
}
