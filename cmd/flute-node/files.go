package main

import (
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"github.com/flute-node/flute-node/flute/sender"
)

// lazyFile is an io.ReaderAt that has the file open only while it reads: a folder may hold more files than a process
// may have open. The sender reads far ahead, so the cost is small.
type lazyFile string

// ReadAt implements io.ReaderAt.
func (f lazyFile) ReadAt(p []byte, off int64) (int, error) {
	file, err := os.Open(string(f))
	if err != nil {
		return 0, err
	}
	defer file.Close() //nolint:errcheck // nothing was written
	return file.ReadAt(p, off)
}

// collect lists the regular files at and below the given paths. A file is named by its base name, a file below a folder
// by its path from the folder's parent. A path that cannot be read is an error.
func collect(paths []string) ([]sender.File, error) {
	var files []sender.File
	for _, p := range paths {
		parent := filepath.Dir(filepath.Clean(p))
		err := filepath.WalkDir(p, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			info, err := os.Stat(path) // follows links
			if err != nil {
				return err
			}
			if !info.Mode().IsRegular() {
				if path == p {
					return fmt.Errorf("%s is neither a file nor a folder", path)
				}
				return nil
			}
			f, err := os.Open(path) // what cannot be read is told before anything is sent
			if err != nil {
				return err
			}
			if err := f.Close(); err != nil {
				return err
			}
			name, err := filepath.Rel(parent, path)
			if err != nil {
				return err
			}
			files = append(files, sender.File{
				ContentLocation: (&url.URL{Scheme: "file", Path: "/" + filepath.ToSlash(name)}).String(),
				Content:         lazyFile(path), Size: uint64(info.Size()),
			})
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no files to send in %v", paths)
	}
	return files, nil
}
