package sender

import (
	"bytes"
	"io"
	"strings"
)

// inMemoryContent is the optional interface of File.Content of which reading is a copy.
type inMemoryContent interface{ InMemory() bool }

// inMemory reports whether reading a symbol from r costs a copy and nothing else.
func inMemory(r io.ReaderAt) bool {
	switch r := r.(type) {
	case *bytes.Reader, *strings.Reader:
		return true
	case *io.SectionReader:
		outer, _, _ := r.Outer()
		return inMemory(outer)
	case inMemoryContent:
		return r.InMemory()
	}
	return false
}

// span is a range of an object.
type span struct{ off, n uint64 }

// piece is a span with its bytes.
type piece struct {
	off uint64
	buf []byte
	err error
}
