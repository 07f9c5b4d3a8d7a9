package storetest_test

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/mem"
	"github.com/flute-node/flute-node/store/storetest"
)

// faulty is a Store with a fault.
type faulty struct {
	*mem.Store
	create  func(st *mem.Store, size uint64) (store.Object, error)
	publish func(st *mem.Store, o store.Object, name string) (string, error)
	object  func(o object) store.Object
}

func (f *faulty) Create(size uint64) (store.Object, error) {
	create := f.create
	if create == nil {
		create = (*mem.Store).Create
	}
	o, err := create(f.Store, size)
	if err != nil || f.object == nil {
		return o, err
	}
	return f.object(object{o}), nil
}

func (f *faulty) Publish(o store.Object, name string) (string, error) {
	if inner, ok := o.(interface{ unwrap() store.Object }); ok {
		o = inner.unwrap()
	}
	if f.publish != nil {
		return f.publish(f.Store, o, name)
	}
	return f.Store.Publish(o, name)
}

// object is what objects with a fault are made of.
type object struct{ store.Object }

func (o object) unwrap() store.Object { return o.Object }

// short loses the last byte of a long write.
type short struct{ object }

func (o short) WriteAt(p []byte, off int64) (int, error) {
	if len(p) < 1000 {
		return o.object.WriteAt(p, off)
	}
	_, err := o.object.WriteAt(p[:len(p)-1], off)
	return len(p), err
}

// shameless takes any offset.
type shameless struct{ object }

func (o shameless) WriteAt(p []byte, off int64) (int, error) {
	return o.object.WriteAt(p, max(0, off))
}

// undead can be synced for ever.
type undead struct{ object }

func (undead) Sync() error { return nil }

// once is discarded once only.
type once struct {
	object
	gone *bool
}

func (o once) Discard() error {
	if *o.gone {
		return errors.New("discarded already")
	}
	*o.gone = true
	return o.object.Discard()
}

// faults are Stores with a fault, by the test that finds it.
var faults = map[string]faulty{
	"Publish": {publish: func(st *mem.Store, o store.Object, name string) (string, error) {
		return st.Publish(o, strings.TrimPrefix(name, "../"))
	}},
	"PublishAgain": {publish: func(st *mem.Store, o store.Object, name string) (string, error) {
		path, err := st.Publish(o, name)
		if err != nil {
			_ = o.Discard()
		}
		return path, err
	}},
	"Spent":  {object: func(o object) store.Object { return undead{o} }},
	"Staged": {object: func(o object) store.Object { return once{o, new(bool)} }},
	"Bytes":  {object: func(o object) store.Object { return short{o} }},
	"Ranges": {object: func(o object) store.Object { return shameless{o} }},
	"Claims": {create: func(st *mem.Store, size uint64) (store.Object, error) {
		if size > math.MaxUint32 {
			return nil, errors.New("too large")
		}
		return st.Create(size)
	}},
	"Strangers": {publish: func(st *mem.Store, o store.Object, name string) (string, error) {
		path, err := st.Publish(o, name)
		if err != nil && strings.Contains(err.Error(), "another store") {
			return name, nil
		}
		return path, err
	}},
	"Closed": {create: func(st *mem.Store, size uint64) (store.Object, error) {
		o, err := st.Create(size)
		if errors.Is(err, store.ErrClosed) {
			err = errors.New("no")
		}
		return o, err
	}},
	"Concurrent": {publish: func(st *mem.Store, o store.Object, name string) (string, error) {
		if strings.HasPrefix(name, "p/q1/") {
			_ = o.Truncate(4000)
		}
		return st.Publish(o, name)
	}},
}

// TestFaults runs this program again for each fault, since a test that fails cannot be told from here: TestFaulty.
func TestFaults(t *testing.T) {
	for name := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := exec.Command(os.Args[0], "-test.run=^TestFaulty$")
			c.Env = append(os.Environ(), "STORETEST_FAULT="+name)
			if out, err := c.CombinedOutput(); err == nil ||
				!strings.Contains(string(out), "--- FAIL: TestFaulty/"+name+" ") {
				t.Errorf("the fault is not found: %v\n%s", err, out)
			}
		})
	}
}

// TestFaulty is run by TestFaults.
func TestFaulty(t *testing.T) {
	fault, ok := faults[os.Getenv("STORETEST_FAULT")]
	if !ok {
		t.Skip("run by TestFaults")
	}
	storetest.Run(t, func(*testing.T) (store.Store, storetest.Read) {
		f := fault
		f.Store = mem.New()
		return &f, read(f.Store)
	})
}

// read returns the storetest.Read of a Store.
func read(st *mem.Store) storetest.Read {
	return func(path string) ([]byte, error) {
		if b, ok := st.Get(path); ok {
			return b, nil
		}
		return nil, fs.ErrNotExist
	}
}

// TestSound: a Store without a fault passes.
func TestSound(t *testing.T) {
	storetest.Run(t, func(*testing.T) (store.Store, storetest.Read) {
		st := mem.New()
		return st, read(st)
	})
}
