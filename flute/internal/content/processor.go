package content

import (
	"io"
	"sync"
)

// The right to compute is a sync.Locker that a Work is given: of the goroutines that wait for a disk, no more compute
// at a time than there are processors. nil: nobody counts them.

func lock(cpu sync.Locker) {
	if cpu != nil {
		cpu.Lock()
	}
}

func unlock(cpu sync.Locker) {
	if cpu != nil {
		cpu.Unlock()
	}
}

// yieldingReader gives cpu, which is held, back while it reads from a store.
type yieldingReader struct {
	cpu sync.Locker
	io.Reader
}

func (r yieldingReader) Read(p []byte) (int, error) {
	unlock(r.cpu)
	defer lock(r.cpu)
	return r.Reader.Read(p)
}

// yieldingWriter gives cpu, which is held, back while it writes to a store.
type yieldingWriter struct {
	cpu sync.Locker
	io.WriterAt
}

func (w yieldingWriter) WriteAt(p []byte, off int64) (int, error) {
	unlock(w.cpu)
	defer lock(w.cpu)
	return w.WriterAt.WriteAt(p, off)
}
