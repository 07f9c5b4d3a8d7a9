package receiver

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/store"
)

// Bounds on content decoding, against content that inflates without end.
const (
	// maxRatio is what the decoded content may exceed the encoded one by, when no Content-Length bounds it. DEFLATE
	// cannot do better than 1032 to 1.
	maxRatio = 1032
	// minDecoded is permitted in any case: ratios of small objects mean nothing.
	minDecoded = 1 << 20
)

// decode undoes the content encoding of the transferred object into a second one.
func (w *Work) decode() (store.Object, uint64, *digest, event.FailReason, error) {
	limit := min(w.maxSize, max(minDecoded, w.end*maxRatio))
	if f := w.file; f.ContentLength != nil {
		limit = min(limit, *f.ContentLength)
	}
	in := bufio.NewReaderSize(io.NewSectionReader(w.object, 0, int64(w.end)), readSize)
	decoded, err := w.store.Create(limit)
	if err != nil {
		return nil, 0, nil, failReason(err), err
	}
	whole := false
	defer func() { // also when a decoder panics
		if !whole {
			_ = decoded.Discard()
		}
	}()
	out := &hashingWriter{object: decoded, digest: newDigest(w.file), limit: limit}
	if err = decodeContent(out, in, w.file.ContentEncoding); err != nil {
		reason := event.FailEncoding
		if e := (storeError{}); errors.As(err, &e) {
			reason = failReason(err)
		}
		return nil, 0, nil, reason, err
	}
	whole = true
	return decoded, out.digest.done, out.digest, "", nil
}

// decodeContent copies in to out and undoes the content encoding c. Bytes after the end of the encoded content are an
// error: they would be lost in silence.
func decodeContent(out io.Writer, in *bufio.Reader, c flute.ContentEncoding) error {
	r, err := contentReader(in, c)
	if err != nil {
		return fmt.Errorf("receiver: content encoding %v: %w", c, err)
	}
	if _, err := io.CopyBuffer(struct{ io.Writer }{out}, struct{ io.Reader }{r}, make([]byte, readSize)); err != nil {
		return fmt.Errorf("receiver: content encoding %v: %w", c, err)
	}
	if _, err := in.ReadByte(); err != io.EOF {
		return fmt.Errorf("receiver: content encoding %v: bytes follow the end of the content", c)
	}
	return nil
}

// contentReader returns a reader of the decoded content. The decoders read byte by byte from a bufio.Reader, so none
// takes more than its own.
func contentReader(in *bufio.Reader, c flute.ContentEncoding) (io.Reader, error) {
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
		if head, err := in.Peek(2); err == nil && head[0]&0x0f == 8 && (uint(head[0])<<8|uint(head[1]))%31 == 0 {
			return zlib.NewReader(in)
		}
		return flate.NewReader(in), nil
	}
	return nil, errors.New("not supported")
}

// hashingWriter writes to a store.Object in order and hashes what it writes, up to limit bytes.
type hashingWriter struct {
	object io.WriterAt
	digest *digest
	limit  uint64
}

// errTooLong reports content that decodes to more than its bounds.
var errTooLong = errors.New("receiver: decoded content exceeds its announced or permitted length")

func (h *hashingWriter) Write(p []byte) (int, error) {
	if h.digest.done+uint64(len(p)) > h.limit {
		return 0, errTooLong
	}
	if _, err := h.object.WriteAt(p, int64(h.digest.done)); err != nil {
		return 0, storeError{err}
	}
	h.digest.write(p)
	return len(p), nil
}

// storeError marks an error as the store's, not the content's.
type storeError struct{ error }

func (e storeError) Unwrap() error { return e.error }
