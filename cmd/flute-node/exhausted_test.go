package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
)

// TestRemedy: an error of something that has run out names what to raise, however deep it is wrapped.
func TestRemedy(t *testing.T) {
	for _, test := range []struct {
		cause error
		want  string
	}{
		{syscall.EMFILE, "ulimit -n"},
		{syscall.ENFILE, "fs.file-max"},
		{syscall.ENOMEM, "--memory"},
		{syscall.ENOSPC, ""},
		{errors.New("too many open files"), ""},
	} {
		err := failure{fmt.Errorf("node: %w", &os.PathError{Op: "open", Path: "x", Err: test.cause})}
		if got := remedy(err); !strings.Contains(got, test.want) || (got == "") != (test.want == "") {
			t.Errorf("%v: %q, want %q", err, got, test.want)
		}
	}
}
