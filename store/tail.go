package store

// Tail is what a Buffer held when it was taken from it: bytes of an Object that are to be written. It lets another
// goroutine write them, such as one that may wait for a disk. It is not safe for concurrent use. A nil Tail is empty.
type Tail struct{ buffer Buffer }

// Take takes all pages from b, which is empty afterwards: until the Tail is flushed, b does not see their bytes, and
// its owner must neither read nor write. The pages stay charged to the budget of b until the Tail is flushed or
// released. Take returns the error that sticks to b, if there is one.
func (b *Buffer) Take() (*Tail, error) {
	if b.err != nil {
		return nil, b.err
	}
	t := &Tail{buffer: *b}
	b.pages, b.last = nil, nil
	return t, nil
}

// Flush writes the bytes to the Object and frees the pages. After an error, Release frees what is left.
func (t *Tail) Flush() error {
	if t == nil {
		return nil
	}
	return t.buffer.Flush()
}

// Release frees the pages without writing them. It does nothing after a Flush without error.
func (t *Tail) Release() {
	if t != nil {
		t.buffer.free(len(t.buffer.pages))
	}
}
