package main

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
)

// printer writes to standard output, whoever reads it. A reader that leaves (receive | head) and a full disk do not end
// the program: files that arrive matter more than what is told of them. It is safe for concurrent use.
type printer struct {
	file   *os.File
	stderr *os.File

	mu   sync.Mutex
	gone bool  // nobody reads any more
	err  error // the first one
	torn bool  // the last write ended in the middle of a line
	lost int   // writes that failed, since it was told
}

func newPrinter(file, stderr *os.File) *printer { return &printer{file: file, stderr: stderr} }

// Write writes whole lines. It reports no error: the first one is told on stderr, and failed remembers it.
func (p *printer) Write(lines []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gone {
		return len(lines), nil
	}
	if p.torn {
		if _, err := p.file.Write([]byte{'\n'}); err != nil {
			p.lost++
			return len(lines), nil
		}
		p.torn = false
	}
	n, err := p.file.Write(lines)
	if err == nil {
		return len(lines), nil
	}
	p.torn = n > 0
	p.lost++
	p.gone = errors.Is(err, syscall.EPIPE)
	if p.err == nil {
		p.err = err
		_, _ = fmt.Fprintf(p.stderr, "flute-node: standard output cannot be written, it goes on without: %v\n", err)
	}
	return len(lines), nil
}

// redirect writes to standard error from now on: standard output has another use.
func (p *printer) redirect() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.file = p.stderr
}

// failed reports whether something could not be written.
func (p *printer) failed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err != nil
}

// takeLost returns how many writes have failed since the last call.
func (p *printer) takeLost() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := p.lost
	p.lost = 0
	return n
}
