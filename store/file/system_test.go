package file

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"testing"

	"github.com/flute-node/flute-node/store"
)

// TestErrorsOfTheSystem: what the system says of a name, of links and of descriptors is understood, also wrapped.
func TestErrorsOfTheSystem(t *testing.T) {
	if onWindows {
		t.Skip("it has other errors")
	}
	for err, want := range map[error]string{
		syscall.EISDIR: "name", syscall.ENOTDIR: "name", syscall.ENOTEMPTY: "name", syscall.ENAMETOOLONG: "name",
		syscall.EILSEQ: "name",
		syscall.EPERM:  "links", syscall.EMLINK: "links", syscall.EXDEV: "links", errors.ErrUnsupported: "links",
		syscall.EINVAL: "links invalid",
		syscall.EMFILE: "exhausted", syscall.ENFILE: "exhausted",
		syscall.ENOENT: "gone", syscall.ESTALE: "gone",
		syscall.EIO: "", syscall.ENOSPC: "", syscall.EACCES: "",
	} {
		wrapped := fmt.Errorf("a call: %w", &fs.PathError{Op: "rename", Path: "a", Err: err})
		got := ""
		for _, k := range []struct {
			name string
			is   bool
		}{
			{"name", errors.Is(nameError(wrapped), store.ErrName)},
			{"links", hasNoLinks(wrapped)},
			{"invalid", isInvalid(wrapped)},
			{"exhausted", isExhausted(wrapped)},
			{"gone", isGone(wrapped)},
		} {
			if k.is && got != "" {
				got += " "
			}
			if k.is {
				got += k.name
			}
		}
		if got != want || !errors.Is(nameError(wrapped), err) {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
}
