package capture

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
)

// ErrFormat is wrapped by errors of a file that is no capture, or in which a record cannot be one.
var ErrFormat = errors.New("capture: not a pcap or pcapng file")

const (
	// maxRecord is the longest packet that is read: MAXIMUM_SNAPLEN of libpcap.
	maxRecord = 256 << 10
	// readAhead is what one read of the file may bring.
	readAhead = 512 << 10
)

// Reader reads the UDP datagrams of a capture. It is not safe for concurrent use.
type Reader struct {
	in     *bufio.Reader
	next   func(*Reader, *frame) error // of the format of the file
	order  binary.ByteOrder
	links  []link // pcap has one
	hold   int    // bytes at the front of in that belong to the frame before
	offset uint64 // of in, in the file or what gzip makes of it
	counts Counts
	joiner joiner
	frame  frame
	err    error // what ended it
}

// frame is one packet as the capture has it.
type frame struct {
	link   linkType
	bytes  []byte
	length int // as it was on the wire
	sec    int64
	nsec   int64
}

// NewReader reads the header of the capture. Its error wraps ErrFormat if r is none, io.ErrUnexpectedEOF if it ends in
// its header, or is that of r, or of gzip.
func NewReader(r io.Reader) (*Reader, error) {
	in := bufio.NewReaderSize(r, readAhead)
	if magic, _ := in.Peek(2); len(magic) == 2 && magic[0] == 0x1f && magic[1] == 0x8b {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrFormat, err)
		}
		in = bufio.NewReaderSize(z, readAhead)
	}
	c := &Reader{in: in}
	magic, err := in.Peek(4)
	if err != nil {
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%w: it has %d bytes", ErrFormat, len(magic))
		}
		return nil, fmt.Errorf("capture: %w", err)
	}
	if binary.BigEndian.Uint32(magic) == blockSection {
		c.next = (*Reader).nextBlock
		return c, nil
	}
	if err := c.readFileHeader(); err != nil {
		return nil, err
	}
	c.next = (*Reader).nextRecord
	return c, nil
}

// Next reads packets up to the next UDP datagram and fills d with it. At the end of the capture it returns io.EOF; an
// error that wraps io.ErrUnexpectedEOF where the capture ends within a packet, and one that wraps ErrFormat where
// nothing can be read further. What it has returned, it returns again.
func (r *Reader) Next(d *Datagram) error {
	if r.err != nil {
		return r.err
	}
	f := &r.frame
	for {
		if err := r.release(); err != nil {
			return r.end(err)
		}
		if err := r.next(r, f); err != nil {
			return r.end(err)
		}
		r.counts.Packets++
		d.Number = r.counts.Packets
		if r.dissect(f, d) {
			r.counts.Datagrams++
			d.Time = timeOf(f.sec, f.nsec)
			return nil
		}
	}
}

// Counts returns what became of the packets until now.
func (r *Reader) Counts() Counts {
	c := r.counts
	c.Incomplete += uint64(len(r.joiner.parts))
	return c
}

// Offset returns how many bytes were read; of a file that gzip has compressed, of what is in it.
func (r *Reader) Offset() uint64 { return r.offset }

func (r *Reader) end(err error) error {
	if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, ErrFormat) {
		err = fmt.Errorf("capture: at byte %d: %w", r.offset, err)
	}
	r.err = err
	return err
}

// release frees what the frame before has taken of the buffer.
func (r *Reader) release() error {
	n := r.hold
	r.hold = 0
	if j := &r.joiner; j.used != nil {
		j.spare, j.used = j.used, nil
	}
	return r.skip(uint64(n))
}

// peek returns the next n bytes, of at most maxRecord and some header, or io.EOF if there is none, or
// io.ErrUnexpectedEOF.
func (r *Reader) peek(n int) ([]byte, error) {
	b, err := r.in.Peek(n)
	if err == nil {
		return b, nil
	}
	if errors.Is(err, io.EOF) && len(b) > 0 || errors.Is(err, io.ErrUnexpectedEOF) {
		return b, fmt.Errorf("capture: it ends within a packet, at byte %d: %w", r.offset+uint64(len(b)),
			io.ErrUnexpectedEOF)
	}
	return b, err
}

// skip leaves out n bytes.
func (r *Reader) skip(n uint64) error {
	for n > 0 {
		d, err := r.in.Discard(int(min(n, readAhead)))
		r.offset += uint64(d)
		n -= uint64(d)
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("capture: it ends within a block, at byte %d: %w", r.offset, io.ErrUnexpectedEOF)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *Reader) formatError(format string, args ...any) error {
	return fmt.Errorf("%w: at byte %d: %s", ErrFormat, r.offset, fmt.Sprintf(format, args...))
}
