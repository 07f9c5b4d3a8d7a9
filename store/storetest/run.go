package storetest

import (
	"testing"

	"github.com/flute-node/flute-node/store"
)

// Read returns the bytes of a published file by its path, as Publish returned it; an error if there is no such file.
type Read func(path string) ([]byte, error)

// Run tests a Store. open returns one that is empty, and how to read what it publishes; it is called several times. Run
// closes each Store.
func Run(t *testing.T, open func(t *testing.T) (store.Store, Read)) {
	for _, test := range []struct {
		name string
		run  func(s *subject)
	}{
		{"Publish", publish},
		{"Staged", staged},
		{"Spent", spent},
		{"PublishAgain", publishAgain},
		{"Bytes", compareBytes},
		{"Claims", claims},
		{"Ranges", ranges},
		{"Strangers", strangers},
		{"Closed", closed},
		{"Concurrent", concurrent},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSubject(t, open)
			s.open = func() *subject { return newSubject(t, open) }
			test.run(s)
		})
	}
}

// subject is the Store under test.
type subject struct {
	*testing.T
	store store.Store
	read  Read
	open  func() *subject // another Store
}

func newSubject(t *testing.T, open func(t *testing.T) (store.Store, Read)) *subject {
	st, read := open(t)
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return &subject{T: t, store: st, read: read}
}

// create returns a staging object with content.
func (s *subject) create(content string) store.Object {
	s.Helper()
	o, err := s.store.Create(uint64(len(content)))
	if err != nil {
		s.Fatal(err)
	}
	if n, err := o.WriteAt([]byte(content), 0); n != len(content) || err != nil {
		s.Fatalf("WriteAt: %d, %v", n, err)
	}
	return o
}

// published publishes content under a name, and expects that to succeed.
func (s *subject) published(name, content string) {
	s.Helper()
	path, err := s.store.Publish(s.create(content), name)
	if err != nil {
		s.Fatal(err)
	}
	s.holds(path, content)
}

// holds expects a file of that content.
func (s *subject) holds(path, content string) {
	s.Helper()
	if got, err := s.read(path); err != nil || string(got) != content {
		s.Errorf("%q holds %.80q, %v; want %.80q", path, got, err, content)
	}
}

// lacks expects no file.
func (s *subject) lacks(path string) {
	s.Helper()
	if got, err := s.read(path); err == nil {
		s.Errorf("%q holds %.80q; want no file", path, got)
	}
}

// discarded discards an object twice, which does no harm.
func (s *subject) discarded(o store.Object) {
	s.Helper()
	for range 2 {
		if err := o.Discard(); err != nil {
			s.Errorf("Discard: %v", err)
		}
	}
}
