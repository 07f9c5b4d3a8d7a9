package connection

import (
	"errors"
	"syscall"
)

// The errors that end a connection: bytes may be lost. After Close, errors are net.ErrClosed. To errors.Is, ErrRefused
// and ErrReset are syscall.ECONNREFUSED and syscall.ECONNRESET as well.
var (
	ErrReset   error = &peerError{"utp: connection reset by the peer", syscall.ECONNRESET}
	ErrRefused error = &peerError{"utp: connection refused by the peer", syscall.ECONNREFUSED}
	ErrTimeout       = errors.New("utp: peer does not answer")
	ErrAborted       = errors.New("utp: connection aborted by this end")
)

// peerError is what a peer has done, and what systems call that.
type peerError struct {
	text  string
	errno syscall.Errno
}

func (e *peerError) Error() string { return e.text }

// Unwrap returns what the system calls it.
func (e *peerError) Unwrap() error { return e.errno }
