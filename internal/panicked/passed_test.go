package panicked_test

import (
	"errors"
	"io"
	"testing"

	"github.com/flute-node/flute-node/internal/panicked"
)

// TestPassed: it shows the value and where that was, and is the value if that is an error.
func TestPassed(t *testing.T) {
	p := &panicked.Passed{Value: "ouch", Stack: []byte("main.open")}
	if p.Error() != "ouch\n\nmain.open" || p.Unwrap() != nil {
		t.Errorf("%q, %v", p.Error(), p.Unwrap())
	}
	if p.Value = io.ErrNoProgress; !errors.Is(p, io.ErrNoProgress) {
		t.Error("an error is not the value")
	}
}
