package streamfiles

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Find lists the files of paths: of a folder all regular files in it, below the folder's own name. skipped are the
// paths that are neither. Two files of one name are an error.
func Find(paths []string) (files []File, skipped []string, err error) {
	names := map[string]string{}
	for _, top := range paths {
		abs, err := filepath.Abs(top)
		if err != nil {
			return nil, nil, err
		}
		base := filepath.Dir(abs)
		err = filepath.WalkDir(abs, func(at string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir():
				return nil
			}
			info, err := d.Info()
			if at == abs && err == nil {
				info, err = os.Stat(at) // a link that is named is followed
			}
			if err != nil {
				return err
			}
			if !info.Mode().IsRegular() {
				skipped = append(skipped, at)
				return nil
			}
			rel, err := filepath.Rel(base, at)
			if err != nil {
				return err
			}
			name := filepath.ToSlash(rel)
			if other, ok := names[name]; ok {
				return fmt.Errorf("%s and %s would both be %s", other, at, name)
			}
			names[name] = at
			files = append(files, File{
				Name: name, Size: info.Size(), Mode: info.Mode(), Time: info.ModTime(),
				Open: func() (io.ReadSeekCloser, error) { return os.Open(at) },
			})
			return nil
		})
		if err != nil {
			return nil, nil, err
		}
	}
	return files, skipped, nil
}
