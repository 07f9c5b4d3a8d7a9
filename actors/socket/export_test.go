package socket

// NewReader returns what reads once from the source of an Endpoint and posts what came, on the caller's goroutine.
func NewReader(e *Endpoint) (read func() error) {
	return e.reader().next
}

// OwnerFirst reports whether a reader of that source would yield to an owner whose sender may wait.
func OwnerFirst(s Source) bool { return (&reader{source: s, yields: true}).ownerFirst() }
