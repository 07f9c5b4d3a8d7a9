package main

// noise is an endless source of bytes that look random: the SplitMix64 sequence of its seed.
type noise uint64

// ReadAt implements io.ReaderAt.
func (n noise) ReadAt(p []byte, off int64) (int, error) {
	for i := range p {
		at := uint64(off) + uint64(i)
		z := uint64(n) + (at/8+1)*0x9e3779b97f4a7c15
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		p[i] = byte((z ^ z>>31) >> (at % 8 * 8))
	}
	return len(p), nil
}
