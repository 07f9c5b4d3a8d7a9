package storetest

import (
	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/names"
)

// Faulty is a Store with faults: before each call of a method of Store, or of an object that it created, Before is
// asked. If that returns an error, the call does nothing but return it. Before may also wait, or panic. Close has no
// faults.
type Faulty struct {
	store.Store
	Before func(c Call) error // required
}

// Call is a call that Faulty asks about.
type Call struct {
	Method string // Create, Publish, ReadAt, WriteAt, Truncate, Sync, Discard
	Size   uint64 // that the object was created with, in bytes
	Off    int64  // of ReadAt and WriteAt, in bytes
	Name   string // of Publish
}

// Create implements store.Store.
func (f *Faulty) Create(size uint64) (store.Object, error) {
	if err := f.Before(Call{Method: "Create", Size: size}); err != nil {
		return nil, err
	}
	o, err := f.Store.Create(size)
	if err != nil {
		return nil, err
	}
	return &faultyObject{o, f, size}, nil
}

// Publish implements store.Store.
func (f *Faulty) Publish(o store.Object, name string) (string, error) {
	own, ok := o.(*faultyObject)
	if !ok {
		return f.Store.Publish(o, name)
	}
	if err := f.Before(Call{Method: "Publish", Size: own.size, Name: name}); err != nil {
		return "", err
	}
	return f.Store.Publish(own.Object, name)
}

// Names passes on the registry of Store; see [names.Of].
func (f *Faulty) Names() any { return names.Of(f.Store) }

// faultyObject is an object of a Faulty.
type faultyObject struct {
	store.Object
	store *Faulty
	size  uint64
}

// ReadAt implements store.Object.
func (o *faultyObject) ReadAt(p []byte, off int64) (int, error) {
	if err := o.store.Before(Call{Method: "ReadAt", Size: o.size, Off: off}); err != nil {
		return 0, err
	}
	return o.Object.ReadAt(p, off)
}

// WriteAt implements store.Object.
func (o *faultyObject) WriteAt(p []byte, off int64) (int, error) {
	if err := o.store.Before(Call{Method: "WriteAt", Size: o.size, Off: off}); err != nil {
		return 0, err
	}
	return o.Object.WriteAt(p, off)
}

// Truncate implements store.Object.
func (o *faultyObject) Truncate(size int64) error {
	if err := o.store.Before(Call{Method: "Truncate", Size: o.size}); err != nil {
		return err
	}
	return o.Object.Truncate(size)
}

// Sync implements store.Object.
func (o *faultyObject) Sync() error {
	if err := o.store.Before(Call{Method: "Sync", Size: o.size}); err != nil {
		return err
	}
	return o.Object.Sync()
}

// Discard implements store.Object.
func (o *faultyObject) Discard() error {
	if err := o.store.Before(Call{Method: "Discard", Size: o.size}); err != nil {
		return err
	}
	return o.Object.Discard()
}
