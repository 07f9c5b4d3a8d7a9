package iobench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// leanRound is how many files share one sync. Larger rounds have taken longer on a disk, since nothing is written
// while they are synced; smaller ones too.
const leanRound = 1024

// LeanFiles publishes n files of the given content below dir, durably, with as few calls as that takes: rounds of many
// files are written, synced together, renamed, and the folder synced. As many rounds are under way as there are
// processors. Whole transfers are measured against it. It returns what that took, and leaves the files. It fails with
// the errors of the system and that of ctx, and where files with the same names are there already.
func LeanFiles(ctx context.Context, dir string, n int, content []byte) (took time.Duration, err error) {
	l := lean{content: content, left: n, round: max(1, min(leanRound, n/(2*runtime.GOMAXPROCS(0))))}
	for name, folder := range map[string]**os.File{"stage": &l.stage, "files": &l.files} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(path, 0o700); err != nil {
			return 0, err
		}
		if *folder, err = os.Open(path); err != nil {
			return 0, err
		}
		defer (*folder).Close() //nolint:errcheck // nothing was written
	}
	Settle()
	begin := time.Now()
	var all sync.WaitGroup
	errs := make([]error, runtime.GOMAXPROCS(0))
	for i := range errs {
		all.Go(func() { errs[i] = l.publish(ctx) })
	}
	all.Wait()
	return time.Since(begin), errors.Join(append(errs, ctx.Err())...)
}

// lean is what the rounds of LeanFiles share.
type lean struct {
	content      []byte
	stage, files *os.File
	round        int

	mu   sync.Mutex
	left int // files of which no round has begun
}

// take takes the next files: their numbers are below end.
func (l *lean) take() (begin, end int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	end = l.left
	l.left = max(0, l.left-l.round)
	return l.left, end
}

// publish runs rounds until nothing is left.
func (l *lean) publish(ctx context.Context) error {
	stage, files := int(l.stage.Fd()), int(l.files.Fd())
	for ctx.Err() == nil {
		begin, end := l.take()
		if begin == end {
			return nil
		}
		for i := begin; i < end; i++ {
			// A file system without a journal has the disk write out its cache too early: the last sync is later.
			if err := l.write(stage, strconv.Itoa(i), i == end-1); err != nil {
				return err
			}
		}
		for i := begin; i < end; i++ {
			name := strconv.Itoa(i)
			if err := unix.Renameat(stage, name, files, name); err != nil {
				return err
			}
		}
		if err := unix.Fsync(files); err != nil {
			return err
		}
	}
	return nil
}

// write writes a file. If it is the last one of its round, all of that are durable.
func (l *lean) write(stage int, name string, last bool) (err error) {
	const how = unix.O_WRONLY | unix.O_CREAT | unix.O_EXCL | unix.O_CLOEXEC
	fd, err := unix.Openat(stage, name, how, 0o600)
	if err != nil {
		return err
	}
	n, err := unix.Write(fd, l.content)
	if err == nil && n < len(l.content) {
		err = fmt.Errorf("iobench: %d of %d bytes were written", n, len(l.content))
	}
	if err == nil && last {
		err = errors.Join(unix.Syncfs(stage), unix.Fsync(fd))
	}
	return errors.Join(err, unix.Close(fd))
}
