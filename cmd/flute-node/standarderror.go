package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/flute-node/flute-node/internal/spool"
)

const (
	// maxBehind bounds the lines that wait for whoever reads standard error, in bytes.
	maxBehind = 1 << 20
	// readerPatience is how long a command that ends waits for who reads what it tells, and one that was interrupted
	// for who reads standard output.
	readerPatience = 2 * time.Second
	// killPatience is the same for one that a second interrupt kills.
	killPatience = 200 * time.Millisecond
	// saidPatience is how long a program of --exec is held up by who reads what it prints and is slow.
	saidPatience = time.Second
)

// standardError writes lines to standard error. Whoever reads that holds nobody up: files matter more than what is told
// of them.
type standardError struct {
	*spool.Writer

	file *os.File
}

func newStandardError(file *os.File) *standardError {
	return &standardError{spool.New(file, maxBehind, func(lost uint64) []byte {
		return fmt.Appendf(nil, "flute-node: %s for standard error, which nobody read in time, %s lost\n",
			count(int(lost), "line"), wasOrWere(lost))
	}), file}
}

func wasOrWere(n uint64) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

// flush waits for who reads standard error, until all is written or its patience is over.
func (s *standardError) flush(patience time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	s.Flush(ctx)
}

// said writes a line that a program has printed. A reader who is slow has it wait, one who stands still does not.
func (s *standardError) said(ctx context.Context, line string) {
	ctx, cancel := context.WithTimeout(ctx, saidPatience)
	defer cancel()
	s.WriteWait(ctx, []byte(line+"\n"))
}
