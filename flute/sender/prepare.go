package sender

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"sync"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/internal/content"
)

// readStep is how much Prepare reads at once, and how often it looks at its context: large enough that the calls cost
// nothing beside the hashing, small enough to stay in the cache of a core.
const readStep = 256 << 10

// Scratch holds the encoded bytes of a file: an empty *os.File opened for reading and writing will do. It must live,
// and not be touched, as long as the object.
type Scratch interface {
	io.Writer
	io.ReaderAt
}

// ErrSource is wrapped by the errors of content that cannot be read, or that is shorter than its File says.
var ErrSource = errors.New("sender: content cannot be read")

// Prepare reads the content once, for its digests and, when f.CENC asks for it, to encode it into scratch; a nil
// scratch is memory. It blocks for as long as that takes: some seconds a gigabyte. It ends early with the error of ctx.
// A Source that changes meanwhile is read again, some times.
func Prepare(ctx context.Context, f File, scratch Scratch) (*Object, error) {
	if f.Source == nil {
		return prepare(ctx, f, scratch, nil)
	}
	return prepareSource(ctx, f, scratch, nil)
}

// prepareSource is Prepare for a Source. It holds cpu, if it is not nil, while it computes.
func prepareSource(ctx context.Context, f File, scratch Scratch, cpu sync.Locker) (*Object, error) {
	if err := checkFile(&f); err != nil {
		return nil, err
	}
	for tries := 1; ; tries++ {
		o, err := prepareVersion(ctx, f, scratch, cpu)
		if !errors.Is(err, ErrChanged) || tries == prepareTries {
			return o, err
		}
		if r, ok := scratch.(Renewer); ok {
			fresh, err := r.Renew()
			if err != nil {
				return nil, err
			}
			closeScratch(scratch)
			scratch = fresh
		} else if scratch != nil {
			return nil, err
		}
	}
}

// prepareVersion is Prepare for a Source as it is now.
func prepareVersion(ctx context.Context, f File, scratch Scratch, cpu sync.Locker) (*Object, error) {
	r, v, err := openVersion(f.Source)
	if err != nil {
		return nil, fmt.Errorf("sender: %s: %w", f.ContentLocation, err)
	}
	defer r.Close() //nolint:errcheck // nothing was written
	open := f
	open.Content, open.Size = r, v.Size
	o, err := prepare(ctx, open, scratch, cpu)
	if !isVersion(r, v) {
		return nil, fmt.Errorf("sender: %s: %w", f.ContentLocation, changedWhile("read"))
	}
	if err != nil {
		return nil, err
	}
	o.file.Content, o.version = nil, v
	if f.CENC == flute.Null {
		o.source = nil
	}
	return o, nil
}

func prepare(ctx context.Context, f File, scratch Scratch, cpu sync.Locker) (*Object, error) {
	if err := checkFile(&f); err != nil {
		return nil, err
	}
	o := &Object{file: f, source: f.Content, scratch: scratch, transferLength: f.Size}
	if f.Size == 0 {
		o.source = bytes.NewReader(nil) // Content may be nil
	}

	var sinks []io.Writer
	wanted := algorithms(f.Digests)
	digest := content.NewDigest(wanted)
	if wanted != 0 {
		sinks = append(sinks, digest)
	}
	var encoded *hashed
	var enc io.WriteCloser
	if f.CENC != flute.Null {
		if scratch == nil {
			scratch = new(memory)
		}
		encoded = &hashed{w: scratch, digest: content.NewDigest(wanted & content.SHA256)}
		var err error
		if enc, err = content.NewEncoder(encoded, f.CENC); err != nil {
			return nil, fmt.Errorf("sender: content encoding %v: %w", f.CENC, err)
		}
		sinks = append(sinks, enc)
	}

	if len(sinks) > 0 {
		if err := readAll(ctx, io.MultiWriter(sinks...), &f, cpu); err != nil {
			return nil, err
		}
	}
	if enc != nil {
		if err := enc.Close(); err != nil {
			return nil, fmt.Errorf("sender: %s: encode: %w", f.ContentLocation, err)
		}
		o.source, o.transferLength = scratch, encoded.digest.Done()
		if m, ok := scratch.(*memory); ok {
			o.source = bytes.NewReader(m.b)
		}
	}
	o.md5, o.sha256 = digest.Sum(content.MD5), digest.Sum(content.SHA256)
	o.transferSHA256 = o.sha256
	if encoded != nil {
		o.transferSHA256 = encoded.digest.Sum(content.SHA256)
	}
	return o, nil
}

// algorithms returns the digests that d asks for.
func algorithms(d Digests) (wanted content.Algorithms) {
	if d&DigestMD5 != 0 {
		wanted |= content.MD5
	}
	if d&DigestSHA256 != 0 {
		wanted |= content.SHA256
	}
	return wanted
}

// checkFile refuses what no session could send, and fills in the defaults of f.
func checkFile(f *File) error {
	if err := checkURI(f.ContentLocation); err != nil {
		return err
	}
	if f.Content == nil && f.Source == nil && f.Size != 0 {
		return fmt.Errorf("sender: %s: File.Content is missing", f.ContentLocation)
	}
	if f.Size > math.MaxInt64 {
		return fmt.Errorf("sender: %s: File.Size %d is out of range", f.ContentLocation, f.Size)
	}
	if f.TOI != nil && f.TOI.IsFDT() {
		return fmt.Errorf("sender: %s: TOI 0 is the FDT's", f.ContentLocation)
	}
	if f.Interleave < 0 || f.Interleave > maxInterleave {
		return fmt.Errorf("sender: %s: File.Interleave %d is not 1 to %d", f.ContentLocation, f.Interleave, maxInterleave)
	}
	fields := f.carousel()
	if err := fields.check("File"); err != nil {
		return fmt.Errorf("%w (%s)", err, f.ContentLocation)
	}
	if f.ContentType == "" {
		f.ContentType = defaultContentType
	}
	switch {
	case f.Digests == 0:
		f.Digests = DigestMD5 | DigestSHA256
	case f.Digests&NoDigest != 0:
		f.Digests = NoDigest
	}
	return nil
}

func readAll(ctx context.Context, w io.Writer, f *File, cpu sync.Locker) error {
	buf := make([]byte, min(readStep, f.Size))
	for off := uint64(0); off < f.Size; {
		if err := ctx.Err(); err != nil {
			return err
		}
		p := buf[:min(uint64(len(buf)), f.Size-off)]
		if err := readFull(f.Content, p, off); err != nil {
			return fmt.Errorf("sender: %s: %w", f.ContentLocation, err)
		}
		if err := compute(cpu, w, p); err != nil {
			return fmt.Errorf("sender: %s: encode: %w", f.ContentLocation, err)
		}
		off += uint64(len(p))
	}
	return nil
}

// compute writes p to w, which computes.
func compute(cpu sync.Locker, w io.Writer, p []byte) error {
	if cpu != nil {
		cpu.Lock()
		defer cpu.Unlock()
	}
	_, err := w.Write(p)
	return err
}

// readFull reads all of p at off. The error wraps ErrSource.
func readFull(r io.ReaderAt, p []byte, off uint64) error {
	n, err := r.ReadAt(p, int64(off))
	if n == len(p) {
		return nil // a ReaderAt may return io.EOF together with the last bytes
	}
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("%w: %d of %d bytes at offset %d: %w", ErrSource, max(n, 0), len(p), off, err)
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
