package staging

import (
	"sync"

	"github.com/flute-node/flute-node/store"
)

// Object is an object that is created in the Store by the first Work that opens it, and discarded by the last one that
// leaves it, if it is not wanted any more. Its methods never wait for the store, except for Open and Leave, which are
// for Works. They are safe for concurrent use, but for the first Open: no other may begin before its Work has come
// back.
type Object struct {
	store store.Store
	size  uint64

	mu     sync.Mutex // never held over a call of the store
	object store.Object
	users  int
	left   bool // nobody wants it any more
	keep   bool // but perhaps a later process
}

// New returns an object which is expected to have size bytes. It does not call the Store.
func New(s store.Store, size uint64) *Object { return &Object{store: s, size: size} }

// Adopt returns an object that was staged in s before.
func Adopt(s store.Store, o store.Object) *Object { return &Object{store: s, object: o} }

// Store returns the Store that it is staged in.
func (o *Object) Store() store.Store { return o.store }

// Use notes that a Work is going to use the object, which stays until the Work calls Leave.
func (o *Object) Use() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.users++
}

// Open returns the staged object, created if it was not.
func (o *Object) Open() (store.Object, error) {
	if created := o.created(); created != nil {
		return created, nil
	}
	created, err := o.store.Create(o.size)
	if err != nil {
		return nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.object = created
	return created, nil
}

func (o *Object) created() store.Object {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.object
}

// Window returns the memory in which the object has the n bytes from off on, for its only writer to put them there.
// Nil: it was not created yet, the Store keeps it elsewhere, or it has no memory there, and grow is false or it gives
// none.
func (o *Object) Window(off int64, n int, grow bool) []byte {
	w, ok := o.created().(lender)
	if !ok {
		return nil
	}
	return w.Window(off, n, grow)
}

// NeverLends reports whether the object was created in a Store that keeps it elsewhere: it has no Window.
func (o *Object) NeverLends() bool {
	created := o.created()
	_, ok := created.(lender)
	return created != nil && !ok
}

// lender is a store.Object whose Store may have it in memory.
type lender interface {
	Window(off int64, n int, grow bool) []byte
}

// Leave ends a use. The last one discards the object if nobody wants it any more.
func (o *Object) Leave() {
	if gone := o.leave(); gone != nil {
		// Its name was never published, so a failure leaves only a file that the next start removes.
		if k, ok := gone.(interface{ Leave() error }); ok && o.isKept() {
			_ = k.Leave()
			return
		}
		_ = gone.Discard()
	}
}

// Keep has the last one who leaves the object leave it to a later process, if the Store can, in place of discarding it.
func (o *Object) Keep() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.keep = true
}

func (o *Object) isKept() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.keep
}

func (o *Object) leave() store.Object {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.users--
	return o.gone()
}

// gone takes the object that is to be discarded; nil: there is none, or somebody uses it.
func (o *Object) gone() store.Object {
	if !o.left || o.users > 0 {
		return nil
	}
	gone := o.object
	o.object = nil
	return gone
}

// Forget tells that nobody wants the object any more. It reports whether it is left to be discarded, by a Work that
// does nothing but Use and Leave; else it is not there, or the last of those that use it discards it.
func (o *Object) Forget() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.left = true
	return o.users == 0 && o.object != nil
}
