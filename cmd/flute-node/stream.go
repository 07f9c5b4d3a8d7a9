package main

import (
	"context"
	"fmt"
	"os"
)

// stream is standard output, to which files are written one after the other.
type stream struct {
	ctx    context.Context // ends what waits for a reader or a turn: with the command, or once nothing can be written
	cancel context.CancelCauseFunc
	file   *os.File
	turn   chan struct{} // has a place for the file that is being written
	broken chan error    // has a place for an error after which no file can be written
}

func newStream(ctx context.Context, file *os.File) *stream {
	ctx, cancel := context.WithCancelCause(ctx)
	return &stream{ctx: ctx, cancel: cancel, file: file, turn: make(chan struct{}, 1), broken: make(chan error, 1)}
}

// String returns the name of the stream for people.
func (*stream) String() string { return "standard output" }

// streamed is a receiver.Consumer that writes one file to a stream.
type streamed struct {
	*stream
	open   bool
	torn   bool   // a part of it was written
	buffer []byte // of the write under way
}

// Open implements [receiver.Consumer].
func (s *streamed) Open(uint64) error {
	select {
	case s.turn <- struct{}{}:
	case <-s.ctx.Done():
		return context.Cause(s.ctx)
	}
	s.open, s.torn = true, false
	return nil
}

// Write implements [io.Writer]. A write to a pipe that nobody reads cannot be interrupted: it is left behind.
func (s *streamed) Write(b []byte) (int, error) {
	s.buffer = append(s.buffer[:0], b...)
	s.torn = true
	written := make(chan error, 1)
	go func(b []byte) {
		_, err := s.file.Write(b)
		written <- err
	}(s.buffer)
	select {
	case err := <-written:
		if err != nil {
			s.fail(fmt.Errorf("standard output cannot be written: %w", err))
		}
		return len(b), err
	case <-s.ctx.Done():
		s.buffer = nil
		return 0, context.Cause(s.ctx)
	}
}

// fail tells that nothing more can be written, also the files that wait for their turn: it will not come.
func (s *stream) fail(err error) {
	s.cancel(err)
	select {
	case s.broken <- err:
	default:
	}
}

// Commit implements [receiver.Consumer].
func (s *streamed) Commit() error {
	s.close()
	return nil
}

// Abort implements [receiver.Consumer]. Whoever reads could not tell a file that was cut off from the next one.
func (s *streamed) Abort(cause error) {
	if s.open && s.torn {
		s.fail(fmt.Errorf("a file on standard output is not whole: %w", cause))
	} else {
		s.close()
	}
}

func (s *streamed) close() {
	if s.open {
		s.open = false
		<-s.turn
	}
}
