package store

import "io"

// Store stages objects and publishes them. Its methods are safe for concurrent use. A Store into which several
// receptions publish has a method Names() any, which returns the registry of names that they share (package
// store/names); one that wraps another Store passes that on.
type Store interface {
	// Create returns a new staging object, empty and without a name. size is what the object is expected to have, in
	// bytes: a claim of the sender's, for which nothing is allocated.
	Create(size uint64) (Object, error)

	// Publish makes the bytes of o, which this Store's Create returned, visible under name, whole, and durable as far
	// as the Store is. An older file of that name is replaced atomically. name is slash separated and relative, as Name
	// returns it. Publish returns the path it used, in the same form.
	//
	// After success o is spent: its Discard does nothing, its other methods fail. After an error nothing has changed:
	// the file that was there still is, and o remains to be published under another name or discarded. If the name
	// cannot be used, the error wraps ErrName: one that is no path within the store, or one that would make a folder of
	// a file or a file of a folder.
	Publish(o Object, name string) (path string, err error)

	// Close discards all objects that were not published. Published ones stay.
	Close() error
}

// Object is a staging object. ReadAt and WriteAt may be called concurrently, also with one another when their ranges
// do not overlap.
//
// An Object whose bytes are in memory may lend it, so that nothing is copied twice. It has a method
//
//	Window(off int64, n int, grow bool) []byte
//
// which never waits for long. It returns the memory of the n bytes from off on, which do not cross a multiple of
// 64 KiB. The caller may write there, as by WriteAt, until it publishes, truncates or discards the Object, or until
// something is written behind them in the same 64 KiB: the memory may move then. Window returns nil if there is no such
// memory yet, and grow is false or nobody pays for it.
type Object interface {
	// ReadAt reads what was written. Bytes below the highest one written that were not written themselves read as zero.
	io.ReaderAt
	// WriteAt writes at any offset, in any order. The object grows to hold it.
	io.WriterAt
	// Truncate sets the size of the object in bytes.
	Truncate(size int64) error
	// Sync makes what was written durable. Publish does so by itself.
	Sync() error
	// Discard removes the object and frees what it holds. It may be called more than once, after Publish, and after the
	// Close of the Store.
	Discard() error
}
