package sender

import (
	"bytes"
	"io"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/internal/content"
)

// tryEncoding is after how many bytes of a file a content encoding that has not made them smaller is given up.
const tryEncoding = 1 << 20

// encoding applies a content encoding to what is written to it.
type encoding struct {
	file    *File
	scratch Scratch
	to      hashed // what is in scratch
	enc     io.WriteCloser
	done    uint64 // bytes of the file
	void    bool   // the file is sent as it is
}

// newEncoding returns the encoding of f, into scratch; nil: into memory.
func newEncoding(f *File, scratch Scratch, wanted content.Algorithms) (*encoding, error) {
	if scratch == nil {
		scratch = new(memory)
	}
	e := &encoding{file: f, scratch: scratch}
	e.to = hashed{w: scratch, digest: content.NewDigest(wanted & content.SHA256)}
	var err error
	e.enc, err = content.NewEncoder(&e.to, f.CENC)
	return e, err
}

// Write implements io.Writer. The error is that of the scratch.
func (e *encoding) Write(p []byte) (int, error) {
	if e.void {
		return len(p), nil
	}
	if _, err := e.enc.Write(p); err != nil {
		return 0, e.file.fault("CENC", err)
	}
	e.done += uint64(len(p))
	if e.file.CENCIfSmaller && e.done >= tryEncoding && e.to.digest.Done() >= e.done {
		e.void = true
	}
	return len(p), nil
}

// end ends the encoding, and makes o what is to be sent.
func (e *encoding) end(o *Object) error {
	if !e.void {
		if err := e.enc.Close(); err != nil {
			return e.file.fault("CENC", err)
		}
		e.void = e.file.CENCIfSmaller && e.to.digest.Done() >= e.done
	}
	if e.void {
		o.file.CENC = flute.Null
		return nil
	}
	o.source, o.transferLength = e.scratch, e.to.digest.Done()
	if m, ok := e.scratch.(*memory); ok {
		o.source = bytes.NewReader(m.b)
	}
	o.transferSHA256 = e.to.digest.Sum(content.SHA256)
	return nil
}

// hashed counts and hashes what was written through it.
type hashed struct {
	w      io.Writer
	digest *content.Digest
}

func (h *hashed) Write(p []byte) (int, error) {
	n, err := h.w.Write(p)
	_, _ = h.digest.Write(p[:n])
	return n, err
}

// memory is the Scratch of callers that give none.
type memory struct{ b []byte }

// InMemory says that reading is a copy.
func (m *memory) InMemory() bool { return true }

func (m *memory) Write(p []byte) (int, error) { m.b = append(m.b, p...); return len(p), nil }

func (m *memory) ReadAt(p []byte, off int64) (int, error) { return bytes.NewReader(m.b).ReadAt(p, off) }
