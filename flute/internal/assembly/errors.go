package assembly

import (
	"errors"

	"github.com/flute-node/flute-node/internal/drop"
)

// The sentinels of this package. They come from packets, so they carry the reason under which those are counted.
var (
	// ErrDuplicate says that a packet brought nothing new.
	ErrDuplicate = drop.NewError(drop.None, "receiver: nothing new")
	// ErrBudget says that a packet cannot be paid.
	ErrBudget = drop.NewError(drop.Budget, "receiver: budget is spent")

	errSBN          = drop.NewError(drop.SBN, "receiver: SBN beyond the last source block")
	errESI          = drop.NewError(drop.ESI, "receiver: ESI beyond the source block's encoding symbols")
	errSymbolLength = drop.NewError(drop.SymbolLength, "receiver: payload is not made of whole symbols")
)

// Cause says what makes an Assembly fail.
type Cause uint8

// The causes.
const (
	CauseStore Cause = iota // the store
	CauseCode               // the FEC code cannot do what the OTI says
	CauseCrash              // an Attempt could not be run, or it crashed and would again
)

// Failure says that an object cannot be put together. Its text is that of Err.
type Failure struct {
	Cause Cause
	Err   error
}

// Error implements error.
func (f *Failure) Error() string { return f.Err.Error() }

// Unwrap returns the error of the store or of the code.
func (f *Failure) Unwrap() error { return f.Err }

// AsFailure returns the Failure that err is; nil if it is none.
func AsFailure(err error) *Failure {
	if err == nil || err == ErrDuplicate { //nolint:errorlint // the usual answers, on the packet path
		return nil
	}
	f, _ := errors.AsType[*Failure](err)
	return f
}

func storeFailure(err error) error { return &Failure{CauseStore, err} }
func codeFailure(err error) error  { return &Failure{CauseCode, err} }
