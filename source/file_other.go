//go:build !unix

package source

import (
	"io/fs"
	"os"
)

const readOnly = os.O_RDONLY

// identity is not known here.
func identity(fs.FileInfo) string { return "" }
