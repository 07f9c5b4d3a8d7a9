package connection

import "errors"

// The errors that end a connection. After each but ErrClosed, bytes may be lost.
var (
	ErrClosed  = errors.New("utp: connection closed by this end")
	ErrReset   = errors.New("utp: connection reset by the peer")
	ErrRefused = errors.New("utp: connection refused by the peer")
	ErrTimeout = errors.New("utp: peer does not answer")
	ErrAborted = errors.New("utp: connection aborted by this end")
)
