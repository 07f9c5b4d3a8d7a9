package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/flute-node/flute-node/store"
)

// publish: files replace files; what is no name, or would make a folder of a file or a file of a folder, wraps ErrName.
func publish(s *subject) {
	for _, step := range []struct {
		name, content string
		want          error
	}{
		{"a", "one", nil},
		{"a", "two", nil}, // replaces
		{"a/b", "below a file", store.ErrName},
		{"a/b/c", "deep below a file", store.ErrName},
		{"d/e/f", "three", nil},
		{"d", "a file for a folder", store.ErrName},
		{"d/e", "a file for a folder", store.ErrName},
		{"d/e/g", "four", nil},
		{"empty", "", nil},
		{"hello world=1#y.txt", "five", nil},
		{"", "x", store.ErrName},
		{".", "x", store.ErrName},
		{"..", "x", store.ErrName},
		{"../x", "x", store.ErrName},
		{"d/../x", "x", store.ErrName},
		{"/x", "x", store.ErrName},
		{"x/", "x", store.ErrName},
		{"a\x00b", "x", store.ErrName},
		{strings.Repeat("x", 255+1), "x", store.ErrName},
	} {
		o := s.create(step.content)
		path, err := s.store.Publish(o, step.name)
		if !errors.Is(err, step.want) || (err == nil) != (step.want == nil) {
			s.Errorf("Publish(%q): %v, want %v", step.name, err, step.want)
		}
		if err == nil {
			s.holds(path, step.content)
		}
		s.discarded(o)
	}
	for path, content := range map[string]string{"a": "two", "d/e/f": "three", "d/e/g": "four", "empty": ""} {
		s.holds(path, content)
	}
}

// staged: before Publish there is nothing to see, and the file that is replaced is there until then.
func staged(s *subject) {
	o := s.create("new")
	s.lacks("x")
	s.published("x", "old")
	s.holds("x", "old")
	if _, err := s.store.Publish(o, "x"); err != nil {
		s.Error(err)
	}
	s.holds("x", "new")
	gone := s.create("gone")
	s.discarded(gone)
	if _, err := s.store.Publish(gone, "y"); !errors.Is(err, store.ErrClosed) {
		s.Errorf("Publish after Discard: %v, want ErrClosed", err)
	}
	s.lacks("y")
}

// spent: a published object can no longer be used, and cannot change its file.
func spent(s *subject) {
	o := s.create("content")
	if _, err := s.store.Publish(o, "x"); err != nil {
		s.Fatal(err)
	}
	s.isClosed(o)
	if _, err := s.store.Publish(o, "y"); !errors.Is(err, store.ErrClosed) {
		s.Errorf("second Publish: %v, want ErrClosed", err)
	}
	s.discarded(o)
	s.holds("x", "content")
	s.lacks("y")
}

// isClosed expects that all methods but Discard fail with ErrClosed.
func (s *subject) isClosed(o store.Object) {
	s.Helper()
	_, read := o.ReadAt(make([]byte, 1), 0)
	_, write := o.WriteAt([]byte("X"), 0)
	for method, err := range map[string]error{
		"ReadAt": read, "WriteAt": write, "Truncate": o.Truncate(0), "Sync": o.Sync(),
	} {
		if !errors.Is(err, store.ErrClosed) {
			s.Errorf("%s: %v, want ErrClosed", method, err)
		}
	}
}

// publishAgain: after an error nothing has changed, and the object can have another name.
func publishAgain(s *subject) {
	s.published("folder/file", "file")
	o := s.create("content")
	if _, err := s.store.Publish(o, "folder"); !errors.Is(err, store.ErrName) {
		s.Errorf("a file for a folder: %v, want ErrName", err)
	}
	s.holds("folder/file", "file")
	if _, err := o.WriteAt([]byte("C"), 0); err != nil {
		s.Error(err)
	}
	if _, err := s.store.Publish(o, "other"); err != nil {
		s.Fatal(err)
	}
	s.holds("other", "Content")
}

// strangers: an object of another Store is not published.
func strangers(s *subject) {
	o := s.open().create("x")
	if _, err := s.store.Publish(o, "x"); err == nil {
		s.Error("an object of another Store was published")
	}
	s.lacks("x")
	s.discarded(o)
}

// closed: Close discards what is staged, and keeps what is published.
func closed(s *subject) {
	s.published("kept", "kept")
	o := s.create("lost")
	for range 2 {
		if err := s.store.Close(); err != nil {
			s.Fatal(err)
		}
	}
	if _, err := s.store.Create(1); !errors.Is(err, store.ErrClosed) {
		s.Errorf("Create: %v, want ErrClosed", err)
	}
	if _, err := s.store.Publish(o, "x"); !errors.Is(err, store.ErrClosed) {
		s.Errorf("Publish: %v, want ErrClosed", err)
	}
	s.isClosed(o)
	s.discarded(o)
	s.holds("kept", "kept")
	s.lacks("x")
}

// concurrent publishes from many goroutines to few names: each file is whole at any time.
func concurrent(s *subject) {
	const size = 5000
	whole := func(name string) {
		if b, err := s.read(name); err == nil && (len(b) != size || !bytes.Equal(b, bytes.Repeat(b[:1], size))) {
			s.Errorf("a file of %d bytes is a part or a mix", len(b))
		}
	}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 20 {
				o, err := s.store.Create(size)
				if err != nil {
					s.Error(err)
					return
				}
				if _, err := o.WriteAt(bytes.Repeat([]byte{byte(g)}, size), 0); err != nil {
					s.Error(err)
				}
				if i%3 == 0 {
					s.discarded(o)
					continue
				}
				if _, err := s.store.Publish(o, fmt.Sprintf("p/q%d/x", i%5)); err != nil {
					s.Error(err)
				}
				whole("p/q1/x")
			}
		})
	}
	wg.Wait()
	for i := range 5 {
		if _, err := s.read(fmt.Sprintf("p/q%d/x", i)); err != nil {
			s.Error(err)
		}
	}
}
