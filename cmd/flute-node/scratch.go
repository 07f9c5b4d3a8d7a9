package main

import (
	"io"
	"os"
	"sync"

	"github.com/flute-node/flute-node/flute/sender"
)

// pageSize is how much of a scratchpad is given to a scratch at once. What of it is not written takes no place on
// common file systems.
const pageSize = 1 << 20

// scratchpad is one file, without a name, that holds all files in their content encoding: thousands of them need no
// more than one descriptor, and no trace is left of them. It is safe for concurrent use.
type scratchpad struct {
	file *os.File

	mu   sync.Mutex
	free []int64 // offsets of pages that are in no use
	end  int64
}

// newScratchpad returns an empty scratchpad, which ends with the process.
func newScratchpad() (*scratchpad, error) {
	f, err := os.CreateTemp("", "flute-node-*")
	if err != nil {
		return nil, err
	}
	return &scratchpad{file: f}, os.Remove(f.Name())
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
		wrote, err = s.pad.file.WriteAt(b[:min(int64(len(b)), pageSize-in)], s.pages[len(s.pages)-1]+in)
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
		read, err := s.pad.file.ReadAt(b[:min(int64(len(b)), pageSize-in, s.length-off)], s.pages[off/pageSize]+in)
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
func (s *scratch) Renew() (sender.Scratch, error) { return &scratch{pad: s.pad}, nil }

// Close gives the pages back.
func (s *scratch) Close() error {
	s.pad.mu.Lock()
	defer s.pad.mu.Unlock()
	s.pad.free = append(s.pad.free, s.pages...)
	s.pages, s.length = nil, 0
	return nil
}
