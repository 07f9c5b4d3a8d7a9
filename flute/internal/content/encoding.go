package content

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"

	"github.com/flute-node/flute-node/flute"
)

var (
	// ErrTooLong reports content that decodes to more than its bounds.
	ErrTooLong = errors.New("receiver: decoded content exceeds its announced or permitted length")

	errUnsupported = errors.New("not supported")
)

// EncodingName returns the name of c for an event: empty without encoding.
func EncodingName(c flute.ContentEncoding) string {
	if c == flute.Null {
		return ""
	}
	return c.String()
}

// NewEncoder returns a writer that applies c to what goes to w; its Close ends the encoded content. DEFLATE is raw RFC
// 1951, as EXT_CENC numbers it (RFC 6726, section 3.4.3). flute.Null is an error.
func NewEncoder(w io.Writer, c flute.ContentEncoding) (io.WriteCloser, error) {
	switch c {
	case flute.ZLIB:
		return zlib.NewWriter(w), nil
	case flute.DEFLATE:
		return flate.NewWriter(w, flate.DefaultCompression)
	case flute.GZIP:
		return gzip.NewWriter(w), nil
	case flute.Null: // nothing to apply
	}
	return nil, errUnsupported
}

// Decode copies in to out and undoes the content encoding c. Bytes after the end of the encoded content are an error:
// they would be lost in silence.
func Decode(out io.Writer, in *bufio.Reader, c flute.ContentEncoding) error {
	r, err := newDecoder(in, c)
	if err != nil {
		return fmt.Errorf("receiver: content encoding %v: %w", c, err)
	}
	if _, err := io.CopyBuffer(struct{ io.Writer }{out}, struct{ io.Reader }{r}, make([]byte, ReadSize)); err != nil {
		return fmt.Errorf("receiver: content encoding %v: %w", c, err)
	}
	if _, err := in.ReadByte(); err != io.EOF {
		return fmt.Errorf("receiver: content encoding %v: bytes follow the end of the content", c)
	}
	return nil
}

// newDecoder returns a reader of the decoded content. The decoders read byte by byte from a bufio.Reader, so none takes
// more than its own.
func newDecoder(in *bufio.Reader, c flute.ContentEncoding) (io.Reader, error) {
	switch c {
	case flute.Null:
		return in, nil
	case flute.ZLIB:
		return zlib.NewReader(in)
	case flute.GZIP:
		return gzip.NewReader(in)
	case flute.DEFLATE:
		// EXT_CENC means raw DEFLATE (RFC 6726, section 3.4.3), the word "deflate" in an FDT means HTTP's, which is
		// zlib's format (RFC 2616, section 3.5): two bytes tell them apart.
		if head, _ := in.Peek(2); isZLIB(head) {
			return zlib.NewReader(in)
		}
		return flate.NewReader(in), nil
	}
	return nil, errUnsupported
}

// isZLIB reports whether head is what content in zlib's format begins with: a method, 8, and a check (RFC 1950, section
// 2.2).
func isZLIB(head []byte) bool {
	return len(head) == 2 && head[0]&0x0f == 8 && binary.BigEndian.Uint16(head)%31 == 0
}
