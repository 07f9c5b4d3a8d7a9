package receiver

import (
	"fmt"
	"io"
	"reflect"
)

// Consumer takes the bytes of one file in order, for whoever wants no file in a Store: a pipe, a program, memory of its
// own. It is given the file once that is whole and verified, in the background: its methods may block, and are called
// one after the other. What has come waits in Config.Store meanwhile, and other objects go on. A Consumer that returns
// an error, or panics, harms its file only, which then fails for good.
//
// Files wait for each other, eight at a time, if their Consumers have a method Lane() any that returns the same
// comparable value; for none if they have no such method.
//
// For bytes as they come, at any offset, there is [store.Store].
type Consumer interface {
	// Open is called first, with the length of the file in bytes.
	Open(size uint64) error
	io.Writer
	// Commit is called after the last byte.
	Commit() error
	// Abort is called in place of Commit, after an error of another method too.
	Abort(cause error)
}

// consumers is the lane of Consumers that wait for each other.
type consumers struct{ key any }

// String returns the name of the Consumers for people.
func (c consumers) String() string {
	if s, ok := c.key.(fmt.Stringer); ok {
		return s.String()
	}
	return fmt.Sprintf("%T", c.key)
}

// Consumes tells the lane from that of a store.
func (consumers) Consumes() {}

// laneOf returns the lane of c, which takes the file of e.
func laneOf(e *entry, c Consumer) any {
	if c, ok := c.(interface{ Lane() any }); ok {
		if key := c.Lane(); key != nil && reflect.TypeOf(key).Comparable() {
			return consumers{key}
		}
	}
	return consumers{&alone{e, c}}
}

// alone is the key of a Consumer that waits for no other.
type alone struct {
	e *entry
	c Consumer
}

// String returns the name of the Consumer for people.
func (a *alone) String() string { return consumers{a.c}.String() }
