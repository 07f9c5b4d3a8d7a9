//go:build !unix

package binding

// wake is nothing here: a program asks for events.
type wake struct{}

func newWake() (*wake, error) { return &wake{}, nil }

func (*wake) set(bool) {}

func (*wake) fd() int { return -1 }

func (*wake) close() {}
