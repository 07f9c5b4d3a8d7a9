package file

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/flute-node/flute-node/internal/flock"
)

// removeLeftovers removes what processes that died, or have closed their Store, have staged, but for files with notes
// that are younger than opts.KeepFor, as long as they are no larger than opts.KeepBytes together: the oldest go first.
// What cannot be removed does no harm and stays.
func removeLeftovers(root *os.Root, folder string, opts *Options) {
	var kept []unfinished
	_ = eachLeftover(root, folder, func(dir string) { // an error: there are none
		removeUnkept(root, dir)
		for _, name := range keptIn(root, dir) {
			notes, err := root.Lstat(path.Join(dir, name+noteExt))
			if err != nil {
				continue
			}
			if file, err := root.Lstat(path.Join(dir, name)); err == nil {
				kept = append(kept, unfinished{dir, name, notes.ModTime(), allocated(file)})
			}
		}
		dropEmpty(root, dir)
	})
	slices.SortFunc(kept, func(a, b unfinished) int { return b.noted.Compare(a.noted) })
	oldest, n, removed, bytes := time.Now().Add(-opts.KeepFor), 0, uint64(0), uint64(0)
	for _, u := range kept {
		if bytes += u.bytes; !u.noted.Before(oldest) && (opts.KeepBytes == 0 || bytes <= opts.KeepBytes) {
			continue
		}
		bytes -= u.bytes
		withLock(root, u.dir, func(dir string) {
			if root.Remove(path.Join(dir, u.name)) == nil {
				n, removed = n+1, removed+u.bytes
			}
			_ = root.Remove(path.Join(dir, u.name+noteExt))
			dropEmpty(root, dir)
		})
	}
	if n > 0 && opts.Warn != nil {
		why := fmt.Sprintf("they are older than %v", opts.KeepFor)
		if opts.KeepBytes > 0 {
			why += fmt.Sprintf(", or have more than %d bytes together", opts.KeepBytes)
		}
		opts.Warn(fmt.Sprintf("store: %d unfinished objects of earlier processes, with %d bytes, were removed from "+
			"%s: %s", n, removed, root.Name(), why))
	}
}

// unfinished is a staged file with notes that a process has left.
type unfinished struct {
	dir, name string
	noted     time.Time // when its notes were written last
	bytes     uint64    // that it takes on the disk
}

// eachLeftover calls do with the path in root of each stage in folder whose process has ended; meanwhile nobody else
// has it.
func eachLeftover(root *os.Root, folder string, do func(dir string)) error {
	entries, err := fs.ReadDir(root.FS(), folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		p := path.Join(folder, e.Name())
		if dir, ok := strings.CutSuffix(p, lockExt); ok {
			withLock(root, dir, do)
		} else if _, err := root.Lstat(p + lockExt); errors.Is(err, fs.ErrNotExist) {
			_ = root.RemoveAll(p)
		}
	}
	return nil
}

// withLock calls do while it holds the lock of the stage dir, unless another has it.
func withLock(root *os.Root, dir string, do func(dir string)) {
	f, err := root.OpenFile(dir+lockExt, os.O_RDWR, 0)
	if err != nil {
		return
	}
	defer f.Close() //nolint:errcheck // nothing was written
	if locked, err := flock.Try(f); err == nil && locked {
		do(dir)
	}
}

// keptIn returns the names of the staged files of a stage that have notes.
func keptIn(root *os.Root, dir string) (names []string) {
	entries, err := fs.ReadDir(root.FS(), dir)
	if err != nil {
		return nil
	}
	there := func(name string) bool {
		_, found := slices.BinarySearchFunc(entries, name, func(e fs.DirEntry, name string) int {
			return strings.Compare(e.Name(), name)
		})
		return found
	}
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), noteExt); ok && there(name) {
			names = append(names, name)
		}
	}
	return names
}

// removeUnkept removes the files of a stage that nobody goes on with.
func removeUnkept(root *os.Root, dir string) {
	entries, err := fs.ReadDir(root.FS(), dir)
	if err != nil {
		return
	}
	kept := keptIn(root, dir)
	for _, e := range entries {
		if e.Name() != deliveredName && !slices.Contains(kept, strings.TrimSuffix(e.Name(), noteExt)) {
			_ = root.RemoveAll(path.Join(dir, e.Name()))
		}
	}
}

// dropEmpty removes the stage dir, whose lock is held, if nothing is left in it.
func dropEmpty(root *os.Root, dir string) {
	if err := root.Remove(dir); err == nil || errors.Is(err, fs.ErrNotExist) {
		_ = root.Remove(dir + lockExt)
	}
}
