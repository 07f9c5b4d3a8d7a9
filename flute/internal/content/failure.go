package content

import "errors"

// Cause says why content was not published.
type Cause uint8

// The causes.
const (
	CauseStore    Cause = iota // the store
	CauseEncoding              // the content encoding is not what was announced
	CauseDigest                // a digest or a length is not what was announced
	CauseConsumer              // the Consumer
	CauseTurn                  // another version is published: ErrNewer, or ErrTurn
)

// Failure says that content was not published. Its text is that of Err.
type Failure struct {
	Cause Cause
	Err   error
}

// Error implements error.
func (f *Failure) Error() string { return f.Err.Error() }

// Unwrap returns what has happened.
func (f *Failure) Unwrap() error { return f.Err }

func failure(c Cause, err error) error { return &Failure{c, err} }

// CauseOf returns why err, which is not nil, came; CauseStore unless err is a *Failure.
func CauseOf(err error) Cause {
	if f, ok := errors.AsType[*Failure](err); ok {
		return f.Cause
	}
	return CauseStore
}
