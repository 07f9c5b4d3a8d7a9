package panicked_test

import (
	"errors"
	"io"
	"strings"
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

// TestOf: a panic that was passed on keeps its stack, and is told in one line.
func TestOf(t *testing.T) {
	var first, again *panicked.Passed
	func() {
		defer func() { first = panicked.Of(recover()) }()
		fails()
	}()
	func() {
		defer func() { again = panicked.Of(recover()) }()
		panic(first)
	}()
	if again != first || first.Value != "ouch" {
		t.Errorf("%v, %v", first, again)
	}
	if line := again.Line(); !strings.HasPrefix(line, "ouch at panicked_test.fails (") || strings.Contains(line, "\n") {
		t.Errorf("%q", line)
	}
}

func fails() { panic("ouch") }
