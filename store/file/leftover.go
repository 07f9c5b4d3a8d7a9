package file

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"time"
)

// removeLeftovers removes what processes that died, or have closed their Store, have staged, but for files with notes
// that are younger than keepFor. What cannot be removed does no harm and stays.
func removeLeftovers(root *os.Root, keepFor time.Duration) {
	oldest := time.Now().Add(-keepFor)
	_ = eachLeftover(root, func(dir string) { // an error: there are none
		removeUnkept(root, dir)
		for _, name := range keptIn(root, dir) {
			info, err := root.Lstat(path.Join(dir, name+noteExt))
			if err == nil && info.ModTime().Before(oldest) {
				_ = root.Remove(path.Join(dir, name))
				_ = root.Remove(path.Join(dir, name+noteExt))
			}
		}
		dropEmpty(root, dir)
	})
}

// eachLeftover calls do with the path in root of each stage whose process has ended; meanwhile nobody else has it.
func eachLeftover(root *os.Root, do func(dir string)) error {
	entries, err := fs.ReadDir(root.FS(), stageName)
	if err != nil {
		return err
	}
	for _, e := range entries {
		p := path.Join(stageName, e.Name())
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
	if locked, err := tryLock(f); err == nil && locked {
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
