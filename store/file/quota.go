package file

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/flute-node/flute-node/store"
)

const (
	// recountAfter is the least time between two looks at all files below the root.
	recountAfter = time.Second
	// freeStep is how much the objects grow until the disk is asked again how much is free.
	freeStep = 4 << 20
)

// quota holds to Options.MaxFiles, MaxBytes and MinFree. What others put below the root, or remove, is seen when it
// would be exceeded. nil has no bounds.
type quota struct {
	maxFiles          int
	maxBytes, minFree uint64
	path              string // of the root
	disk              string // whose room is looked at: that of the root, or of Options.Stage
	free              func(path string) (uint64, error)

	mu      sync.Mutex
	counted time.Time // when all files were looked at
	files   int       // below the root
	bytes   uint64    // of these
	staged  uint64    // bytes of objects that are being received
	grown   uint64    // bytes that objects have grown since the disk was asked
}

func newQuota(path string, opts *Options) *quota {
	if opts.MaxFiles == 0 && opts.MaxBytes == 0 && opts.MinFree == 0 {
		return nil
	}
	return &quota{
		maxFiles: opts.MaxFiles, maxBytes: opts.MaxBytes, minFree: opts.MinFree, path: path,
		disk: cmp.Or(opts.Stage, path), free: freeBytes,
	}
}

// fits returns an error if there is no place for another object of size bytes. It takes none.
func (q *quota) fits(root *os.Root, size uint64) error {
	if q == nil {
		return nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.within(root, 1, size); err != nil {
		return err
	}
	return q.leavesFree(q.disk, size)
}

// within returns an error if so many more files and bytes are too many.
func (q *quota) within(root *os.Root, files int, bytes uint64) error {
	exceeds := func() error {
		switch {
		case q.maxFiles > 0 && files > 0 && q.files+files > q.maxFiles:
			return fmt.Errorf("store/file: %w: there are %d files in %s, the maximum is %d",
				store.ErrFull, q.files, q.path, q.maxFiles)
		case q.maxBytes > 0 && q.bytes+q.staged+bytes > q.maxBytes:
			return fmt.Errorf("store/file: %w: %d bytes more are too many for %s: it has %d, and %d that are being "+
				"received; the maximum is %d", store.ErrFull, bytes, q.path, q.bytes, q.staged, q.maxBytes)
		}
		return nil
	}
	if q.counted.IsZero() && (q.maxFiles > 0 || q.maxBytes > 0) {
		q.count(root)
	}
	err := exceeds()
	if err != nil && time.Since(q.counted) >= recountAfter {
		q.count(root)
		err = exceeds()
	}
	return err
}

// leavesFree returns an error if the disk of a folder has no more than minFree besides so many bytes.
func (q *quota) leavesFree(disk string, bytes uint64) error {
	if q == nil || q.minFree == 0 {
		return nil
	}
	free, err := q.free(disk)
	if err != nil || free >= q.minFree && free-q.minFree >= bytes {
		return nil // also if nobody can tell: the write finds out
	}
	return fmt.Errorf("store/file: %w: the disk of %s has %d bytes free, of which %d stay free",
		store.ErrFull, disk, free, q.minFree)
}

// grow takes bytes for an object that grows.
func (q *quota) grow(root *os.Root, bytes uint64) error {
	if q == nil || bytes == 0 {
		return nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.within(root, 0, bytes); err != nil {
		return err
	}
	if q.grown += bytes; q.grown >= freeStep {
		if err := q.leavesFree(q.disk, 0); err != nil {
			return err // and it is asked again at once
		}
		q.grown = 0
	}
	q.staged += bytes
	return nil
}

// shrink gives back what an object has taken.
func (q *quota) shrink(bytes uint64) {
	if q != nil {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.staged -= min(bytes, q.staged)
	}
}

// admit takes the place of a file that is going to be published under name. undo gives it back.
func (q *quota) admit(root *os.Root, name string, size int64) (undo func(), err error) {
	if q == nil {
		return func() {}, nil
	}
	files, bytes := 1, size
	if info, err := root.Lstat(name); err == nil && info.Mode().IsRegular() {
		files, bytes = 0, size-info.Size()
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.within(root, files, 0); err != nil {
		return nil, err
	}
	add := func(files int, bytes int64) {
		q.files = max(0, q.files+files)
		q.bytes = uint64(max(0, int64(q.bytes)+bytes))
	}
	add(files, bytes)
	return func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		add(-files, -bytes)
	}, nil
}

// count looks at all files below the root.
func (q *quota) count(root *os.Root) {
	q.files, q.bytes, q.counted = 0, 0, time.Now()
	_ = fs.WalkDir(root.FS(), ".", func(_ string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return nil // what cannot be read is not counted
		case d.IsDir() && d.Name() == stageName:
			return fs.SkipDir
		case d.Type().IsRegular():
			q.files++
			if info, err := d.Info(); err == nil {
				q.bytes += uint64(info.Size())
			}
		}
		return nil
	})
}
