package store

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The limits of a name: those of the file systems in use, and a depth that no honest sender reaches.
const (
	maxSegment  = 255 // bytes
	maxSegments = 32
	maxName     = 1024 // bytes
)

// Name returns the path, relative and slash separated, under which a file with this Content-Location is published. The
// URI is the network's: whatever it holds, the result stays below the root, is not empty, and has no control characters
// and no segment that is hidden, special to a file system, or too long to be created.
//
// The path of the URI is percent-decoded once and split at slashes. Empty segments and "." are dropped; ".." takes the
// segment before it away, and nothing more. A query and a fragment stay part of the last segment, since two URIs that
// differ only there are two files (RFC 6726, section 3.4.2). The error wraps ErrName.
func Name(contentLocation string) (string, error) {
	path, query := uriPath(contentLocation)
	decoded, err := url.PathUnescape(path)
	if err != nil {
		decoded = path // a stray % is a character like others
	}
	var segments []string
	for s := range strings.FieldsFuncSeq(decoded, func(r rune) bool { return r == '/' || r == '\\' }) {
		switch s {
		case ".":
		case "..":
			segments = segments[:max(0, len(segments)-1)]
		default:
			segments = append(segments, clean(s))
		}
	}
	if len(segments) == 0 {
		return "", fmt.Errorf("%w: Content-Location %.100q names no file", ErrName, contentLocation)
	}
	if query != "" {
		segments[len(segments)-1] = clean(segments[len(segments)-1] + query)
	}
	for _, s := range segments {
		if len(s) > maxSegment {
			return "", fmt.Errorf("%w: Content-Location %.100q has a segment of %d bytes, at most %d", ErrName, contentLocation,
				len(s), maxSegment)
		}
	}
	name := strings.Join(segments, "/")
	if len(segments) > maxSegments || len(name) > maxName {
		return "", fmt.Errorf("%w: Content-Location %.100q has %d segments and %d bytes, at most %d and %d", ErrName,
			contentLocation, len(segments), len(name), maxSegments, maxName)
	}
	return name, nil
}

// uriPath returns the path of a URI, still encoded, and what follows it from the ? or # on. A scheme and an authority are taken off; what is no
// URI at all is all path.
func uriPath(uri string) (path, query string) {
	if i := schemeEnd(uri); i > 0 {
		uri = uri[i:]
	}
	if i := strings.IndexAny(uri, "?#"); i >= 0 {
		uri, query = uri[:i], uri[i:]
	}
	if rest, ok := strings.CutPrefix(uri, "//"); ok {
		_, uri, _ = strings.Cut(rest, "/")
	}
	return uri, query
}

// schemeEnd returns the length of a scheme with its colon, 0 if there is none (RFC 3986, section 3.1). One letter is no
// scheme but a drive.
func schemeEnd(uri string) int {
	for i, r := range uri {
		switch {
		case r == ':':
			if i > 1 {
				return i + 1
			}
			return 0
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z':
		case i > 0 && (r >= '0' && r <= '9' || r == '+' || r == '-' || r == '.'):
		default:
			return 0
		}
	}
	return 0
}

// clean makes a segment safe on every file system: what cannot stand in a name becomes an underscore.
func clean(segment string) string {
	var b strings.Builder
	for _, r := range segment {
		if r == utf8.RuneError || unicode.IsControl(r) || !unicode.IsPrint(r) || strings.ContainsRune(`<>:"|?*/\`, r) {
			r = '_'
		}
		b.WriteRune(r)
	}
	s := b.String()
	// A leading dot hides a file, a trailing dot or space vanishes on Windows.
	if strings.HasPrefix(s, ".") {
		s = "_" + s[1:]
	}
	if strings.HasSuffix(s, ".") || strings.HasSuffix(s, " ") {
		s = s[:len(s)-1] + "_"
	}
	if isDevice(s) {
		s = "_" + s
	}
	return s
}

// isDevice reports whether Windows takes the name for a device, with or without an extension.
func isDevice(s string) bool {
	base, _, _ := strings.Cut(strings.ToUpper(s), ".")
	switch base = strings.TrimRight(base, " "); base {
	case "CON", "PRN", "AUX", "NUL":
		return true
	}
	return len(base) == 4 && (strings.HasPrefix(base, "COM") || strings.HasPrefix(base, "LPT")) &&
		base[3] >= '0' && base[3] <= '9'
}
