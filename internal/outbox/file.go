package outbox

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/flute-node/flute-node/flute"
)

// File is a received and published file, as sinks are told of it.
type File struct {
	Unit            string           `json:"unit"` // section of the configuration that has received it
	Session         flute.SessionKey `json:"session"`
	TOI             flute.TOI        `json:"toi"`
	ContentLocation string           `json:"content_location"`
	ContentType     string           `json:"content_type,omitempty"`
	CacheControl    string           `json:"cache_control,omitempty"` // 3GPP: "no-cache", "max-stale", "expires=TIME"
	Dir             string           `json:"dir"`                     // folder of the unit, an absolute path
	Name            string           `json:"name"`                    // in Dir, slash separated
	Size            uint64           `json:"size"`                    // bytes
	// Digest is the strongest that the sender has announced, "sha-256:…", "sha-512:…" or "md5:…" in hex. If there is
	// none it is the SHA-256 of what was published.
	Digest  string `json:"digest"`
	Encoded bool   `json:"encoded,omitempty"` // Digest is of the object as it came, with a content encoding
	// Modified is the time of change that the file had when it was published: one that has another is another version.
	Modified time.Time `json:"modified"`
}

// Path returns where the file is.
func (f *File) Path() string { return filepath.Join(f.Dir, filepath.FromSlash(f.Name)) }

// Is reports whether what is at Path, of which info tells, is the version that was published.
func (f *File) Is(info fs.FileInfo) bool {
	return uint64(info.Size()) == f.Size && info.ModTime().Equal(f.Modified)
}

// same reports whether both tell of the same version in the same place.
func (f *File) same(other *File) bool {
	return f.Name == other.Name && f.Size == other.Size && f.Modified.Equal(other.Modified)
}

// Key returns the idempotency key: the same for each delivery of the same object, also by another process, also if it
// is received again. It is made of session, TOI, digest and Content-Location, and has 32 hexadecimal digits.
func (f *File) Key() string {
	return digestOfValues(f.Session.Source, f.Session.Group, f.Session.TSI, f.TOI, f.Digest, f.ContentLocation)
}

// place is a key for a file that has no digest yet.
func (f *File) place() string {
	return digestOfValues(f.Unit, f.Session.Source, f.Session.Group, f.Session.TSI, f.TOI, f.ContentLocation)
}

// digestOfValues returns 128 bits of the SHA-256 of values, each with its length.
func digestOfValues(values ...any) string {
	h := sha256.New()
	for _, v := range values {
		text := fmt.Sprint(v)
		fmt.Fprintf(h, "%d:%s,", len(text), text)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
