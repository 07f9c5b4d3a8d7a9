package store

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

// ReadAt implements [io.ReaderAt]. It sees all that was written. Bytes that were not read as zero below the highest one
// that was.
func (b *Buffer) ReadAt(p []byte, off int64) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if off < 0 || off > math.MaxInt64-int64(len(p)) {
		return 0, fmt.Errorf("store: buffer: %d bytes at offset %d are out of range", len(p), off)
	}
	if b.covers(off, len(p)) {
		b.overlay(p, off)
		return len(p), nil
	}
	n, err := b.object.ReadAt(p, off)
	if n < len(p) && err != nil && !errors.Is(err, io.EOF) {
		return n, fmt.Errorf("store: buffer: read of %d bytes at %d: %w", len(p), off, err)
	}
	clear(p[n:])
	b.overlay(p, off)
	if end := min(b.end()-off, int64(len(p))); int64(n) < end {
		n = int(end)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// covers reports whether all n bytes at off are in one run of one page each.
func (b *Buffer) covers(off int64, n int) bool {
	for n > 0 {
		at, found := b.find(off / pageSize)
		if !found {
			return false
		}
		start := uint32(off % pageSize)
		part := min(n, pageSize-int(start))
		runs := b.pages[at].runs
		i, _ := slices.BinarySearchFunc(runs, start+1, func(r run, v uint32) int { return int(r.end) - int(v) })
		if i == len(runs) || runs[i].start > start || runs[i].end < start+uint32(part) {
			return false
		}
		off += int64(part)
		n -= part
	}
	return true
}

// overlay copies what pages hold of the bytes at off over p.
func (b *Buffer) overlay(p []byte, off int64) {
	at, _ := b.find(off / pageSize)
	for _, pg := range b.pages[at:] {
		base := pg.index*pageSize - off // where the page begins in p
		if base >= int64(len(p)) {
			return
		}
		for _, r := range pg.runs {
			from, to := base+int64(r.start), base+int64(r.end)
			if to <= 0 {
				continue
			}
			if from >= int64(len(p)) {
				break
			}
			skip := max(0, -from)
			copy(p[from+skip:], pg.bytes[int64(r.start)+skip:r.end])
		}
	}
}

// end returns the offset after the last byte that a page holds.
func (b *Buffer) end() int64 {
	for _, p := range slices.Backward(b.pages) {
		if n := len(p.runs); n > 0 {
			return p.index*pageSize + int64(p.runs[n-1].end)
		}
	}
	return 0
}
