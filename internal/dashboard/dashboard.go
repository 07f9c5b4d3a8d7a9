package dashboard

import (
	"embed"
	"io/fs"
)

//go:embed page/*.html page/*.css page/*.js page/*.svg
var page embed.FS

// File returns a file of the page. The error wraps fs.ErrNotExist, or fs.ErrInvalid if it is no name of a file.
func File(name string) ([]byte, error) { return fs.ReadFile(page, "page/"+name) }
