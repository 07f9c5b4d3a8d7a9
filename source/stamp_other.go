//go:build !unix

package source

import (
	"io/fs"
	"os"
)

const readOnly = os.O_RDONLY

// stampOf returns the stamp of a file. Device and inode are not known here.
func stampOf(info fs.FileInfo) stamp {
	return stamp{size: info.Size(), nanoseconds: info.ModTime().UnixNano()}
}
