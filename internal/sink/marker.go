package sink

import (
	"context"
	"errors"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/flute-node/flute-node/internal/outbox"
)

// Marker writes a file NAME and Suffix beside each file, with a [Message]. Who sees it knows that the file is whole.
type Marker struct {
	Suffix string // such as ".done"
}

// partial is added to the name of a marker that is being written.
const partial = ".tmp"

// Reserves reports whether a received file of this name could be taken for a marker, or be replaced by one.
func (m Marker) Reserves(name string) bool {
	lower, suffix := strings.ToLower(name), strings.ToLower(m.Suffix) // some disks do not tell them apart
	return strings.HasSuffix(lower, suffix) || strings.HasSuffix(lower, suffix+partial)
}

// Close implements [outbox.Sink].
func (Marker) Close() {}

// Deliver implements [outbox.Sink].
func (m Marker) Deliver(_ context.Context, key string, f *outbox.File) (err error) {
	text, err := message(key, f)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(f.Dir)
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // nothing was written to it
	// Hidden until it is whole: somebody may watch the folder.
	folder, base := path.Split(f.Name)
	temporary := filepath.FromSlash(folder + "." + base + m.Suffix + partial)
	t, err := root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return err
	}
	_, err = t.Write(append(text, '\n'))
	if err = errors.Join(err, t.Sync(), t.Close()); err == nil {
		err = root.Rename(temporary, filepath.FromSlash(f.Name)+m.Suffix)
	}
	if err != nil {
		_ = root.Remove(temporary)
	}
	return err
}
