package connection

import "errors"

// The errors that end a connection: bytes may be lost. After Close, errors are net.ErrClosed.
var (
	ErrReset   = errors.New("utp: connection reset by the peer")
	ErrRefused = errors.New("utp: connection refused by the peer")
	ErrTimeout = errors.New("utp: peer does not answer")
	ErrAborted = errors.New("utp: connection aborted by this end")
)
