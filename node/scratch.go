package node

import (
	"errors"
	"io"
	"os"
	"sync"

	"github.com/flute-node/flute-node/flute/sender"
)

// pageSize is how much of a scratchpad is given to a scratch at once. What of it is not written takes no place on
// common file systems.
const pageSize = 1 << 20

// scratchpad is one file, without a name, that holds all files in their content encoding: thousands of them need no
// more than one descriptor, and no trace is left of them. It is made when it is needed. It is safe for concurrent use.
// The zero value is ready to use.
type scratchpad struct {
	mu   sync.Mutex
	file *os.File // nil: it was not needed yet
	free []int64  // offsets of pages that are in no use
	end  int64
}

// Renew implements sender.Renewer: it returns an empty scratch.
func (p *scratchpad) Renew() (sender.Scratch, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.file == nil {
		f, err := os.CreateTemp("", "flute-node-*")
		if err != nil {
			return nil, err
		}
		if err := os.Remove(f.Name()); err != nil {
			return nil, errors.Join(err, f.Close())
		}
		p.file = f
	}
	return &scratch{pad: p, file: p.file}, nil
}

// close frees the file.
func (p *scratchpad) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.file == nil {
		return nil
	}
	return p.file.Close()
}

// page returns the offset of a page that is in no use.
func (p *scratchpad) page() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.free); n > 0 {
		at := p.free[n-1]
		p.free = p.free[:n-1]
		return at
	}
	p.end += pageSize
	return p.end - pageSize
}

// scratch is a sender.Scratch on some pages of a scratchpad. It is written first, then read.
type scratch struct {
	pad    *scratchpad
	file   *os.File
	pages  []int64
	length int64
}

// Write implements io.Writer.
func (s *scratch) Write(b []byte) (n int, err error) {
	for len(b) > 0 && err == nil {
		in := s.length % pageSize
		if in == 0 {
			s.pages = append(s.pages, s.pad.page())
		}
		var wrote int
		wrote, err = s.file.WriteAt(b[:min(int64(len(b)), pageSize-in)], s.pages[len(s.pages)-1]+in)
		s.length += int64(wrote)
		n += wrote
		b = b[wrote:]
	}
	return n, err
}

// ReadAt implements io.ReaderAt.
func (s *scratch) ReadAt(b []byte, off int64) (n int, err error) {
	for len(b) > 0 {
		if off >= s.length {
			return n, io.EOF
		}
		in := off % pageSize
		read, err := s.file.ReadAt(b[:min(int64(len(b)), pageSize-in, s.length-off)], s.pages[off/pageSize]+in)
		n += read
		if err != nil {
			return n, err
		}
		off += int64(read)
		b = b[read:]
	}
	return n, nil
}

// Renew implements sender.Renewer.
func (s *scratch) Renew() (sender.Scratch, error) { return s.pad.Renew() }

// Close gives the pages back.
func (s *scratch) Close() error {
	s.pad.mu.Lock()
	defer s.pad.mu.Unlock()
	s.pad.free = append(s.pad.free, s.pages...)
	s.pages, s.length = nil, 0
	return nil
}
