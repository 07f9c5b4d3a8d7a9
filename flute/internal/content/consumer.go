package content

import (
	"fmt"
	"io"
	"sync"

	"github.com/flute-node/flute-node/store"
)

// Consumer takes the bytes of one file in order. Its methods are called one after the other.
type Consumer interface {
	// Open is called first, with the length of the file in bytes.
	Open(size uint64) error
	io.Writer
	// Commit is called after the last byte: the file is whole and verified.
	Commit() error
	// Abort is called in place of Commit, after an error of another method too.
	Abort(cause error)
}

// consumeStep is how many bytes a Consumer is given at a time.
const consumeStep = 256 << 10

// buffers are used by consume.
var buffers = sync.Pool{New: func() any { return new([consumeStep]byte) }}

// consume gives the Consumer the first size bytes of object. A panic of the Consumer is an error: it harms its file
// only. What cannot be read is a failure of the store.
func consume(c Consumer, object store.Object, size uint64) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = failure(CauseConsumer, fmt.Errorf("receiver: consumer panicked: %v", v))
		}
	}()
	if err = feed(c, object, size); err != nil {
		c.Abort(err)
	}
	return err
}

func feed(c Consumer, object store.Object, size uint64) error {
	if err := c.Open(size); err != nil {
		return failure(CauseConsumer, err)
	}
	buffer := buffers.Get().(*[consumeStep]byte)
	defer buffers.Put(buffer)
	for at := uint64(0); at < size; {
		part := buffer[:min(consumeStep, size-at)]
		if n, err := object.ReadAt(part, int64(at)); n < len(part) {
			return failure(CauseStore, err)
		}
		if _, err := c.Write(part); err != nil {
			return failure(CauseConsumer, err)
		}
		at += uint64(len(part))
	}
	if err := c.Commit(); err != nil {
		return failure(CauseConsumer, err)
	}
	return nil
}
