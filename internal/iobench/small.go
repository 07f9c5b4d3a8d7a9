package iobench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// SmallFiles publishes n files of the given content below dir, one after the other, and returns what that took: each
// is written elsewhere, then renamed. If durable is set, each is synced before that, and its folder after it: that is
// what a program does that knows nothing of the others. It leaves the files.
func SmallFiles(ctx context.Context, dir string, n int, content []byte, durable bool) (took time.Duration, err error) {
	stage, to := filepath.Join(dir, "stage"), filepath.Join(dir, "files")
	if err := errors.Join(os.MkdirAll(stage, 0o700), os.MkdirAll(to, 0o700)); err != nil {
		return 0, err
	}
	folder, err := os.Open(to)
	if err != nil {
		return 0, err
	}
	defer folder.Close() //nolint:errcheck // nothing was written
	Settle()
	begin := time.Now()
	for i := 0; i < n && ctx.Err() == nil; i++ {
		name := fmt.Sprintf("f%d", i)
		if err := smallFile(filepath.Join(stage, name), content, durable); err != nil {
			return 0, err
		}
		if err := os.Rename(filepath.Join(stage, name), filepath.Join(to, name)); err != nil {
			return 0, err
		}
		if durable {
			if err := folder.Sync(); err != nil {
				return 0, err
			}
		}
	}
	return time.Since(begin), ctx.Err()
}

func smallFile(name string, content []byte, durable bool) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil && durable {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
