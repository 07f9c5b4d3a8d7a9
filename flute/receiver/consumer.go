package receiver

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"sync"

	"github.com/flute-node/flute-node/flute/internal/content"
	"github.com/flute-node/flute-node/internal/panicked"
)

// Consumer takes the bytes of one file in order, for whoever wants no file in a Store: a pipe, a program, memory of its
// own. It is given the file once that is whole and verified, in the background: its methods may block, and are called
// one after the other. What has come waits in Config.Store meanwhile, and other objects go on. A Consumer that returns
// an error, or panics, harms its file only, which then fails for good.
//
// A Consumer that has taken a file is not given it again, unless the object is received again, see [Selection], or a
// process that was killed starts again: whoever must not take a file twice notes which it has taken.
//
// For bytes as they come, at any offset, there is [store.Store].
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

// buffers are used by hand.
var buffers = sync.Pool{New: func() any { return new([consumeStep]byte) }}

// consume gives the Consumer a file of size bytes. A panic of the Consumer is an error: it harms its file only. What
// cannot be read is a failure of the store.
func consume(c Consumer, file io.ReaderAt, size uint64) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = consumerFailed(errors.New("receiver: consumer panicked: " + panicked.Of(v).Line()))
		}
	}()
	if err = hand(c, file, size); err != nil {
		c.Abort(err)
	}
	return err
}

func hand(c Consumer, file io.ReaderAt, size uint64) error {
	if err := c.Open(size); err != nil {
		return consumerFailed(err)
	}
	buffer := buffers.Get().(*[consumeStep]byte)
	defer buffers.Put(buffer)
	for at := uint64(0); at < size; {
		part := buffer[:min(consumeStep, size-at)]
		if n, err := file.ReadAt(part, int64(at)); n < len(part) {
			return &content.Failure{Cause: content.CauseStore, Err: err}
		}
		if _, err := c.Write(part); err != nil {
			return consumerFailed(err)
		}
		at += uint64(len(part))
	}
	if err := c.Commit(); err != nil {
		return consumerFailed(err)
	}
	return nil
}

func consumerFailed(err error) error { return &content.Failure{Cause: content.CauseConsumer, Err: err} }

// consumers is the lane of files that wait for each other while a Consumer, or Choice.Publish, has them.
type consumers struct{ key any }

// String returns the name of the lane for people.
func (c consumers) String() string {
	if s, ok := c.key.(fmt.Stringer); ok {
		return s.String()
	}
	return fmt.Sprintf("%T", c.key)
}

// Consumes tells the lane from that of a store.
func (consumers) Consumes() {}

// lane returns the lane of the Work that hands the file of e over; nil: it is that of the store.
func (e *entry) lane() any {
	c := e.choice
	switch {
	case c == nil || c.Consumer == nil && c.Publish == nil:
		return nil
	case c.Lane != nil && reflect.TypeOf(c.Lane).Comparable():
		return consumers{c.Lane}
	case c.Consumer != nil:
		return consumers{&alone{e, c.Consumer}}
	}
	return consumers{&alone{e, c.Publish}}
}

// alone is the key of what waits for no other.
type alone struct {
	e *entry
	c any
}

// String returns the name for people.
func (a *alone) String() string { return consumers{a.c}.String() }
