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

// Scratch holds the encoded bytes of a file: an empty *os.File opened for reading and writing will do. It must live,
// and not be touched, as long as the object.
type Scratch interface {
	io.Writer
	io.ReaderAt
}

// errSource is wrapped by the errors of content that cannot be read, or that is shorter than its File says.
var errSource = errors.New("sender: content cannot be read")

// Prepare reads the content once, for its digests and, when f.CENC asks for it, to encode it into scratch; a nil
// scratch is memory. It blocks for as long as that takes: some seconds a gigabyte. If neither is needed now, see
// DigestLater, it reads nothing. It ends early with the error of ctx. A Source that changes meanwhile is read again,
// some times. Errors that are not those of ctx or of scratch are a *FileError; of content
// that cannot be read, changes again and again, or is shorter than f says, it is that of the Field Content or Source.
func Prepare(ctx context.Context, f File, scratch Scratch) (*Object, error) {
	return Preparer{}.Prepare(ctx, f, scratch)
}

// Preparer is Prepare with help. The zero value has none.
type Preparer struct {
	// Spawn is called with functions to be run on a goroutine each, if that makes it faster. They return before
	// Prepare, or soon after.
	Spawn func(f func())
	// Scratches has the Scratch of a file that needs one and has none. The session closes it in the end.
	Scratches Renewer
	// MD5 is called with the content of a file that is read in one step and sent without content encoding, once nothing
	// else is to be read or computed, and returns its MD5. nil: crypto/md5 does.
	MD5 func(content []byte) [16]byte
}

// Prepare is the function Prepare, with help.
func (p Preparer) Prepare(ctx context.Context, f File, scratch Scratch) (*Object, error) {
	run := preparation{file: f, scratch: scratch, spawn: p.Spawn, md5: p.MD5}
	if scratch == nil && f.isEncoded() && p.Scratches != nil {
		var err error
		if run.scratch, err = p.Scratches.Renew(); err != nil {
			if f.Owned {
				closeContent(f.Content)
			}
			return nil, f.fault("CENC", err)
		}
		run.renewed = true
	}
	o, err := run.run(ctx)
	if err != nil && f.Owned {
		closeContent(f.Content)
	}
	if err != nil && (f.Owned || run.renewed) {
		closeScratch(run.scratch)
	}
	if err != nil {
		return nil, err
	}
	o.spend()
	return o, nil
}

// preparation makes an Object.
type preparation struct {
	file    File
	scratch Scratch
	cpu     sync.Locker // held while it computes; may be nil
	spawn   func(f func())
	md5     func(content []byte) [16]byte // of Preparer
	renewed bool                          // scratch is not the one that was given
}

func (p *preparation) run(ctx context.Context) (*Object, error) {
	if err := checkFile(&p.file); err != nil {
		return nil, err
	}
	if p.file.Source == nil {
		return p.prepare(ctx, &p.file)
	}
	for tries := 1; ; tries++ {
		o, err := p.version(ctx)
		if !errors.Is(err, errChanged) || tries == prepareTries {
			return o, err
		}
		if r, ok := p.scratch.(Renewer); ok {
			fresh, err := r.Renew()
			if err != nil {
				return nil, err
			}
			closeScratch(p.scratch)
			p.scratch, p.renewed = fresh, true
		} else if p.scratch != nil {
			return nil, err
		}
	}
}

// version prepares the Source as it is now.
func (p *preparation) version(ctx context.Context) (*Object, error) {
	f := p.file
	r, v, err := openVersion(f.Source)
	if err != nil {
		return nil, f.fault("Source", err)
	}
	defer r.Close() //nolint:errcheck // nothing was written
	f.Content, f.Size = r, v.Size
	o, err := p.prepare(ctx, &f)
	if !isVersion(r, v) {
		return nil, f.fault("Source", changedWhile("read"))
	}
	if err != nil {
		return nil, err
	}
	o.file.Content, o.version = nil, v
	if !o.file.isEncoded() {
		o.source = nil
	}
	return o, nil
}

// prepare prepares what Content is.
func (p *preparation) prepare(ctx context.Context, f *File) (*Object, error) {
	if err := checkSize(f); err != nil {
		return nil, err
	}
	f.Digests = f.Digests.of(f, f.Size)
	o := &Object{
		file: *f, cenc: f.CENC, source: f.Content, transferLength: f.Size,
		scratch: p.scratch, owned: f.Owned || p.renewed, holder: new(holder),
	}
	if f.Size == 0 {
		o.source = bytes.NewReader(nil) // Content may be nil
	}
	wanted := f.Digests.algorithms()
	if f.Digests&DigestLater != 0 {
		o.later = wanted
		return o, nil
	}
	var md5 wholeMD5
	if p.md5 != nil && wanted&content.MD5 != 0 && !f.isEncoded() && 0 < f.Size && f.Size <= content.ReadSize {
		md5.of = p.md5
		wanted &^= content.MD5
	}
	digests := newDigester(wanted)
	consumers := digests.consumers()
	if md5.of != nil {
		consumers = append(consumers, &md5) // the last one
	}
	var e *encoding
	if f.isEncoded() {
		var err error
		if e, err = newEncoding(f, p.scratch, wanted); err != nil {
			return nil, f.fault("CENC", err)
		}
		consumers = append(consumers, e)
	}
	if err := p.read(ctx, f, consumers); err != nil {
		return nil, err
	}
	o.setDigests(digests)
	if md5.of != nil {
		o.md5 = md5.sum[:]
	}
	if e != nil {
		if err := e.end(o); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// read reads all, with help.
func (p *preparation) read(ctx context.Context, f *File, consumers []io.Writer) error {
	pass := content.NewPass(f.Size, func(b []byte, off uint64) error {
		return f.fault("Content", readFull(f.Content, b, off))
	}, consumers...)
	if p.spawn != nil {
		for range pass.Helpers() {
			p.spawn(func() { pass.Help(ctx, p.cpu) })
		}
	}
	return pass.Run(ctx, p.cpu)
}

// checkFile refuses what no session could send, and fills in the defaults of f.
func checkFile(f *File) error {
	if err := checkURI(f.ContentLocation); err != nil {
		return f.fault("ContentLocation", err)
	}
	switch {
	case f.Content == nil && f.Source == nil && f.Size != 0:
		return f.fault("Content", errors.New("is missing"))
	case f.TOI != nil && f.TOI.IsFDT():
		return f.fault("TOI", errors.New("0 is the FDT's"))
	case f.CENC > flute.GZIP:
		return f.fault("CENC", fmt.Errorf("%v is not known", f.CENC))
	case math.IsNaN(f.Redundancy) || f.Redundancy > maxRedundancy:
		return f.fault("Redundancy", fmt.Errorf("%v is not at most %d", f.Redundancy, maxRedundancy))
	}
	if f.Interleave < 0 || f.Interleave > maxInterleave {
		return f.fault("Interleave", fmt.Errorf("%d is not 1 to %d", f.Interleave, maxInterleave))
	}
	if f.Order > Spread {
		return f.fault("Order", fmt.Errorf("%d is not known", f.Order))
	}
	fields := f.carousel()
	if field, err := fields.check(); err != nil {
		return f.fault(field, err)
	}
	if f.ContentType == "" {
		f.ContentType = defaultContentType
	}
	return checkSize(f)
}

func checkSize(f *File) error {
	if f.Size > math.MaxInt64 {
		return f.fault("Size", fmt.Errorf("%d is out of range", f.Size))
	}
	return nil
}

// readFull reads all of p at off. The error wraps errSource.
func readFull(r io.ReaderAt, p []byte, off uint64) error {
	n, err := r.ReadAt(p, int64(off))
	if n == len(p) {
		return nil // a ReaderAt may return io.EOF together with the last bytes
	}
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("%w: %d of %d bytes at offset %d: %w", errSource, max(n, 0), len(p), off, err)
}
