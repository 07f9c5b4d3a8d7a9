package simnet

import (
	"bytes"
	"math/rand/v2"
)

// diskFile is the content of a file.
type diskFile struct {
	data    []byte
	durable []byte      // data as of the last sync
	writes  []diskWrite // since then
}

// diskWrite is a write that was not synced. size is that of a Truncate; -1: it is none.
type diskWrite struct {
	off  int64
	data []byte
	size int64
}

func (w diskWrite) apply(b []byte) []byte {
	if w.size >= 0 {
		return resize(b, w.size)
	}
	if end := w.off + int64(len(w.data)); end > int64(len(b)) {
		b = resize(b, end)
	}
	copy(b[w.off:], w.data)
	return b
}

func resize(b []byte, size int64) []byte {
	if size <= int64(len(b)) {
		return b[:size]
	}
	return append(b, make([]byte, size-int64(len(b)))...)
}

// write does w. A write that is cut is done in part.
func (f *diskFile) write(w diskWrite) {
	f.data = w.apply(f.data)
	f.writes = append(f.writes, w)
}

func (f *diskFile) sync() {
	f.durable, f.writes = bytes.Clone(f.data), nil
}

// lose takes what power takes: of the writes since the last sync each one that chance wants.
func (f *diskFile) lose(rng *rand.Rand) (lost uint64) {
	b := bytes.Clone(f.durable)
	for _, w := range f.writes {
		switch rng.IntN(3) {
		case 0:
			lost++
			continue
		case 1: // torn
			w.data = w.data[:len(w.data)-rng.IntN(len(w.data)+1)]
			lost++
		}
		b = w.apply(b)
	}
	f.data = b
	f.sync()
	return lost
}
