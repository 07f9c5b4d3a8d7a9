package source

import (
	"io"
	"mime"
	"net/http"
	"path"
	"sync"
)

// sniffed is how many bytes of a file ContentType looks at.
const sniffed = 512

var heads = sync.Pool{New: func() any { return new([sniffed]byte) }}

// ContentType returns the media type of a file, by the extension of its name or else by its first bytes; empty: nothing
// is known of it. head may be nil.
func ContentType(name string, head io.ReaderAt) string {
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	if head == nil {
		return ""
	}
	b := heads.Get().(*[sniffed]byte)
	defer heads.Put(b)
	n, err := head.ReadAt(b[:], 0)
	if n == 0 || err != nil && err != io.EOF {
		return ""
	}
	if t := http.DetectContentType(b[:n]); t != "application/octet-stream" {
		return t
	}
	return ""
}
