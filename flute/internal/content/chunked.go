package content

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// maxChunkLine bounds a line of the chunked transfer coding, and maxTrailer the lines behind its last chunk.
const (
	maxChunkLine = 4 << 10
	maxTrailer   = 64
)

var errChunk = errors.New("receiver: chunked transfer coding")

// dechunker undoes the chunked transfer coding (RFC 9112, section 7.1), which objects of ROUTE in entity mode may have
// (RFC 9223, section 4.2). Bytes behind it are an error, as everywhere.
type dechunker struct {
	in   *bufio.Reader
	rest uint64 // of the chunk
	any  bool   // there was one
	err  error
}

// Read implements io.Reader.
func (d *dechunker) Read(p []byte) (n int, err error) {
	for d.rest == 0 {
		if d.err == nil {
			d.err = d.next()
		}
		if d.err != nil {
			return 0, d.err
		}
	}
	n, err = d.in.Read(p[:min(uint64(len(p)), d.rest)])
	d.rest -= uint64(n)
	if errors.Is(err, io.EOF) {
		err = fmt.Errorf("%w: ends in a chunk", errChunk)
	}
	return n, err
}

// next reads what stands between two chunks; io.EOF behind the last one.
func (d *dechunker) next() error {
	if d.any {
		if end, err := d.line(); err != nil || end != "" {
			return fmt.Errorf("%w: a chunk is longer than it says", errChunk)
		}
	}
	size, err := d.line()
	if err != nil {
		return err
	}
	size, _, _ = strings.Cut(size, ";") // chunk extensions
	if d.rest, err = strconv.ParseUint(strings.TrimSpace(size), 16, 64); err != nil {
		return fmt.Errorf("%w: size %.20q", errChunk, size)
	}
	if d.any = true; d.rest > 0 {
		return nil
	}
	for range maxTrailer {
		line, err := d.line()
		if err != nil {
			return err
		}
		if line != "" {
			continue
		}
		if _, err := d.in.ReadByte(); !errors.Is(err, io.EOF) {
			return fmt.Errorf("%w: bytes follow its end", errChunk)
		}
		return io.EOF
	}
	return fmt.Errorf("%w: more than %d lines at its end", errChunk, maxTrailer)
}

// line reads a line without its end.
func (d *dechunker) line() (string, error) {
	var b []byte
	for len(b) <= maxChunkLine {
		c, err := d.in.ReadByte()
		switch {
		case errors.Is(err, io.EOF):
			return "", fmt.Errorf("%w: ends between two chunks", errChunk)
		case err != nil:
			return "", err
		case c == '\n':
			return strings.TrimSuffix(string(b), "\r"), nil
		}
		b = append(b, c)
	}
	return "", fmt.Errorf("%w: a line of more than %d bytes", errChunk, maxChunkLine)
}
