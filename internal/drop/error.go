package drop

import "errors"

// packetError is an error of the packet path. It carries its Reason, so that counting needs no text.
type packetError struct {
	reason Reason
	text   string
}

// Error returns a text that starts with the package which found the fault.
func (e *packetError) Error() string { return e.text }

// NewError returns a sentinel of which [Of] says r. It is meant for package-level variables, not for the packet path.
func NewError(r Reason, text string) error { return &packetError{r, text} }

// Of returns the Reason that err carries: None for nil, Fault for an error without one.
func Of(err error) Reason {
	if err == nil {
		return None
	}
	// The sentinels come unwrapped on the packet path: a type assertion is ten times cheaper than errors.As.
	if e, ok := err.(*packetError); ok { //nolint:errorlint // see above
		return e.reason
	}
	var e *packetError
	if errors.As(err, &e) {
		return e.reason
	}
	return Fault
}

// The sentinels that more than one package returns.
var (
	ErrTruncated    = NewError(Truncated, "flute: datagram is truncated")
	ErrHeaderLength = NewError(HeaderLength, "flute: header length contradicts its fields")
)

// ErrShortRaptorFTI is the error of fec.ParseFTI for what flute-rs up to 1.11.0 sends as EXT_FTI of Raptor: the layout
// of RaptorQ, whose Transfer Length has 40 bits, where RFC 5053, section 3.2.2, says 48. Its last source block is cut
// in another way too, so that such an object cannot be received.
var ErrShortRaptorFTI = NewError(OTI,
	"fec: EXT_FTI of Raptor has a Transfer Length of 40 bits, as flute-rs up to 1.11.0 sends it, not of 48 (RFC "+
		"5053, section 3.2.2)")
