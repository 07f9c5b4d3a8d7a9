package binding

import (
	"errors"
	"fmt"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/config"
	"github.com/flute-node/flute-node/internal/panicked"
	"github.com/flute-node/flute-node/internal/settings"
	"github.com/flute-node/flute-node/node"
	"github.com/flute-node/flute-node/store"
)

// Code is the class of an error: a FLUTE_ERR_… of flute_node.h.
type Code int32

// The codes. Their numbers are part of the ABI.
const (
	OK       Code = 0
	Again    Code = 1  // nothing to be had now
	End      Code = 2  // nothing will be had any more
	Handle   Code = -1 // the handle was freed, or is of another kind
	Value    Code = -2 // an argument or a configuration is wrong
	State    Code = -3 // the session does not take that any more
	NotFound Code = -4 // no such object
	Space    Code = -5 // the buffer is too small
	IO       Code = -6 // the system, a file or the network
	Timeout  Code = -7
	Memory   Code = -8  // a budget is spent
	Internal Code = -9  // a fault of this library
	Forked   Code = -10 // a child of fork cannot use the library of its parent
)

// Err returns the error that the code of a call says beside what it returns; nil if that is none.
func (c Code) Err() error {
	if c == Space {
		return errSpace
	}
	return nil
}

var (
	errHandle   = errors.New("the handle is closed")
	errNotFound = errors.New("there is no such object")
	errSpace    = errors.New("the buffer is too small")
	errTimeout  = errors.New("the time is over")
	errEnded    = errors.New("the session has ended")
)

// valueError is an argument that is wrong.
type valueError struct{ text string }

func (e *valueError) Error() string { return e.text }

// Wrong returns the error of an argument.
func Wrong(format string, args ...any) error { return &valueError{fmt.Sprintf(format, args...)} }

// CodeOf returns the class of err.
func CodeOf(err error) Code {
	var (
		value   *valueError
		word    *settings.Error
		section config.Errors
		one     *config.Error
		file    *sender.FileError
		fault   *faultError
	)
	switch {
	case err == nil:
		return OK
	case errors.As(err, &fault):
		return Internal
	case errors.Is(err, errHandle):
		return Handle
	case errors.Is(err, errSpace):
		return Space
	case errors.Is(err, errTimeout):
		return Timeout
	case errors.Is(err, errNotFound), errors.Is(err, node.ErrNoObject):
		return NotFound
	case errors.Is(err, sender.ErrClosed), errors.Is(err, sender.ErrComplete), errors.Is(err, node.ErrStopped),
		errors.Is(err, errEnded):
		return State
	case errors.Is(err, store.ErrBudget):
		return Memory
	case errors.As(err, &value), errors.As(err, &word), errors.As(err, &section), errors.As(err, &one),
		errors.Is(err, flute.ErrOTI), errors.Is(err, sender.ErrProfile), errors.Is(err, sender.ErrTarget):
		return Value
	case errors.As(err, &file):
		switch file.Field {
		case "", "Content", "Source": // it was not sent, or cannot be read: no argument is to blame
			return IO
		}
		return Value
	}
	return IO
}

// TextOf returns what an error says, its words spelled as keys.
func TextOf(err error) string { return config.Keyed(err).Error() }

// faultError is a panic that became an error.
type faultError struct{ reason any }

// Error returns one line, which says where a panic was that was passed on from another goroutine.
func (e *faultError) Error() string {
	reason := e.reason
	if p, ok := reason.(*panicked.Passed); ok {
		reason = p.Line()
	}
	return fmt.Sprintf("internal fault: %v", reason)
}

// Fault returns the error of a panic.
func Fault(reason any) error { return &faultError{reason} }

// Guard makes an error of a panic: whoever embeds the library lives on.
func Guard(err *error) {
	if r := recover(); r != nil {
		*err = &faultError{r}
	}
}
