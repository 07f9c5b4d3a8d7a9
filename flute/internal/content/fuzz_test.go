package content

import (
	"bufio"
	"bytes"
	"testing"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/internal/allocbound"
)

// capped takes so many bytes.
type capped struct{ left int }

func (c *capped) Write(p []byte) (int, error) {
	if len(p) > c.left {
		return 0, ErrTooLong
	}
	c.left -= len(p)
	return len(p), nil
}

// FuzzDecode: whatever is called encoded content takes the memory of a decoder, however much it claims to inflate to,
// and not a byte beyond the bound is written.
func FuzzDecode(f *testing.F) {
	encodings := []flute.ContentEncoding{flute.Null, flute.ZLIB, flute.DEFLATE, flute.GZIP}
	for i, c := range encodings[1:] {
		for _, size := range []int{0, 300, 8 << 20} { // the last one is a bomb
			var b bytes.Buffer
			enc, err := NewEncoder(&b, c)
			if err != nil {
				f.Fatal(err)
			}
			_, _ = enc.Write(make([]byte, size))
			_ = enc.Close()
			f.Add(b.Bytes(), uint8(i+1))
			if c == flute.GZIP && size == 0 { // many members of nothing
				f.Add(bytes.Repeat(b.Bytes(), 500), uint8(i+1))
			}
		}
	}
	bound := allocbound.Bound{PerByte: 16, Fixed: 2*ReadSize + 128<<10}
	f.Fuzz(func(t *testing.T, b []byte, which uint8) {
		c := encodings[int(which)%len(encodings)]
		bound.Check(t, len(b), func() {
			_ = Decode(&capped{left: 1 << 20}, bufio.NewReaderSize(bytes.NewReader(b), ReadSize), c)
		})
	})
}
