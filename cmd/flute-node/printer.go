package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
)

// printer writes to standard output, whoever reads it. A reader that leaves (receive | head) and a full disk do not end
// the program: files that arrive matter more than what is told of them. It is safe for concurrent use. Only Write waits
// for who reads.
type printer struct {
	file   *os.File
	stderr *standardError

	writing sync.Mutex // held while lines are written
	torn    bool       // the last write ended in the middle of a line; guarded by writing

	mu     sync.Mutex
	w      io.Writer
	gone   bool   // nobody reads any more
	failed uint64 // writes
}

func newPrinter(file *os.File, stderr *standardError) *printer {
	return &printer{file: file, stderr: stderr, w: file}
}

// Write writes whole lines. It reports no error: the first one is told on stderr, and all are counted.
func (p *printer) Write(lines []byte) (int, error) {
	p.writing.Lock()
	defer p.writing.Unlock()
	w := p.target()
	if w == nil {
		return len(lines), nil
	}
	if p.torn {
		if _, err := w.Write([]byte{'\n'}); err != nil {
			p.fail(err)
			return len(lines), nil
		}
		p.torn = false
	}
	if n, err := w.Write(lines); err != nil {
		p.torn = n > 0
		p.fail(err)
	}
	return len(lines), nil
}

// target returns what is written to; nil: nobody reads any more.
func (p *printer) target() io.Writer {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gone {
		return nil
	}
	return p.w
}

// fail takes note of a write that has failed.
func (p *printer) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failed++
	p.gone = p.gone || errors.Is(err, syscall.EPIPE)
	if p.failed == 1 {
		_, _ = fmt.Fprintf(p.stderr, "flute-node: standard output cannot be written, it goes on without: %v\n", err)
	}
}

// redirect writes to standard error from now on: standard output has another use.
func (p *printer) redirect() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.w = p.stderr
}

// lost returns how many writes have failed.
func (p *printer) lost() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.failed
}
