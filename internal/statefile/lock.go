package statefile

import (
	"errors"
	"fmt"
	"os"

	"github.com/flute-node/flute-node/internal/flock"
)

// Lock locks a file beside one that is replaced, such as a state file. The lock ends with the process, however that
// ends. The error wraps ErrInUse if another process has it. It locks nothing on systems that have no locks.
func Lock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	locked, err := flock.Try(f)
	switch {
	case locked, errors.Is(err, errors.ErrUnsupported):
		return f, nil
	case err == nil:
		err = fmt.Errorf("%w: %s", ErrInUse, path)
	default:
		err = fmt.Errorf("statefile: %s: %w", path, err)
	}
	return nil, errors.Join(err, f.Close())
}
