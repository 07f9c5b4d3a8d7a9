package content

import (
	"bufio"
	"errors"
	"io"
	"sync"

	"github.com/flute-node/flute-node/flute"
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

// decode undoes the content encoding of the transferred object into a second one. The error is a *Failure.
func (p *Publication) decode(cpu sync.Locker) (store.Object, *Digest, error) {
	limit := min(p.MaxSize, max(minDecoded, p.End*maxRatio))
	if n := p.File.ContentLength; n != nil {
		limit = min(limit, *n)
	}
	if p.File.Encoding == flute.Null { // chunks and a head only make it longer
		limit = min(limit, p.End-min(p.File.Head, p.End))
	}
	decoded, err := p.Object.Store().Create(limit)
	if err != nil {
		return nil, nil, failure(CauseStore, err)
	}
	whole := false
	defer func() { // also when a decoder panics
		if !whole {
			_ = decoded.Discard()
		}
	}()
	out := &hashingWriter{
		object: yieldingWriter{cpu, decoded}, digest: p.Digest.anew(), limit: limit,
	}
	if err := p.inflate(cpu, out); err != nil {
		cause := CauseEncoding
		if _, ok := errors.AsType[storeError](err); ok {
			cause = CauseStore
		}
		return nil, nil, failure(cause, err)
	}
	whole = true
	return decoded, out.digest, nil
}

// inflate writes the decoded content to out. It holds cpu but while it waits for the store.
func (p *Publication) inflate(cpu sync.Locker, out io.Writer) error {
	head := min(p.File.Head, p.End)
	transferred := yieldingReader{cpu, io.NewSectionReader(p.object, int64(head), int64(p.End-head))}
	lock(cpu)
	defer unlock(cpu)
	in := bufio.NewReaderSize(transferred, ReadSize)
	if p.File.Chunked {
		in = bufio.NewReaderSize(&dechunker{in: in}, ReadSize)
	}
	return Decode(out, in, p.File.Encoding)
}

// hashingWriter writes to an object in order and hashes what it writes, up to limit bytes.
type hashingWriter struct {
	object io.WriterAt
	digest *Digest
	limit  uint64
}

func (h *hashingWriter) Write(p []byte) (int, error) {
	if h.digest.done+uint64(len(p)) > h.limit {
		return 0, ErrTooLong
	}
	if _, err := h.object.WriteAt(p, int64(h.digest.done)); err != nil {
		return 0, storeError{err}
	}
	return h.digest.Write(p)
}

// storeError marks an error as the store's, not the content's.
type storeError struct{ error }

func (e storeError) Unwrap() error { return e.error }
