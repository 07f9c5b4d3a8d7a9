package main

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"
)

// TestStreamBreaks: when a file is cut off on standard output, those that wait for their turn fail with it.
func TestStreamBreaks(t *testing.T) {
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	_ = out.Close() // nobody reads
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s := newStream(ctx, in)
	first, second := &streamed{stream: s}, &streamed{stream: s}
	if err := first.Open(1); err != nil {
		t.Fatal(err)
	}
	waits := make(chan error, 1)
	go func() { waits <- second.Open(1) }()
	_, cause := first.Write([]byte("x"))
	if cause == nil {
		t.Fatal("it was written")
	}
	first.Abort(cause)
	if err := <-waits; !errors.Is(err, cause) {
		t.Errorf("the second file: %v, want %v", err, cause)
	}
	if err := <-s.broken; !errors.Is(err, cause) {
		t.Errorf("the stream: %v, want %v", err, cause)
	}
}
