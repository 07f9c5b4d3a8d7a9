package content

import "sync"

// steps is memory for steps of ReadSize, which are used again: each of many small files is read in one, and new memory
// costs more than the reading.
var steps stepPool

type stepPool struct{ pool sync.Pool }

// get returns ReadSize bytes of any content.
func (s *stepPool) get() []byte {
	if step, ok := s.pool.Get().(*[ReadSize]byte); ok {
		return step[:]
	}
	return new([ReadSize]byte)[:]
}

// put takes back what get has returned, or a part of its beginning; nil is nothing.
func (s *stepPool) put(step []byte) {
	if step != nil {
		s.pool.Put((*[ReadSize]byte)(step[:ReadSize]))
	}
}
