package store

import (
	"encoding/hex"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/flute-node/flute-node/internal/segment"
)

// Limits on names.
const (
	// maxSegments is how many segments a name may have: folders nested more deeply are an attack, not a file tree.
	maxSegments = 32
	// maxName is the length in bytes of the longest name. With the path of the root before it, it stays below the 4096
	// bytes of Linux.
	maxName = 1024
	// maxLocation bounds a Content-Location: a name of maxName in percent-encoding, and a long query.
	maxLocation = 16 << 10
)

const onWindows = runtime.GOOS == "windows"

// Name makes the name of a file from its Content-Location, which "identifies the file" with a URI (RFC 6726, section
// 3.4.2) that may be meant badly. The name is a relative path, slash separated, without "." and "..", valid as UTF-8,
// free of control characters, of at most 1024 bytes and 32 segments of at most 255. It is the same for the same
// Content-Location at any time.
//
//   - Scheme and authority are left out; the authority is used, though, where there is neither path nor query.
//   - The path is split at "/" and "\", percent-decoded once, and split at "/" again. A "\" that is not percent-encoded
//     is not allowed in a URI: it is how senders on Windows write a path. A percent-encoded one is a part of the name:
//     it stays "\", and "%5C" on Windows, where no name has one.
//   - Dot segments are resolved as in RFC 3986, section 5.2.4, and end at the root; empty segments are left out.
//   - The query distinguishes files, so it stays: "a?b=c". It is not decoded.
//   - "#" is an ordinary character: a Content-Location has no use for a fragment (RFC 2616, section 14.14), while files
//     do have such names.
//   - What cannot be part of a name, as a control character, stays or becomes percent-encoded.
//   - A segment that is too long is cut, and completed with a part of the Content-Location's SHA-256.
//
// The error wraps ErrName.
func Name(contentLocation string) (string, error) {
	return nameFor(contentLocation, onWindows)
}

// CheckName reports whether name can be published: whether it has the form that Name gives. The error wraps ErrName.
func CheckName(name string) error {
	switch {
	case len(name) > maxName:
		return fmt.Errorf("%w: %d bytes are more than %d", ErrName, len(name), maxName)
	case name == "." || !fs.ValidPath(name) || !filepath.IsLocal(filepath.FromSlash(name)) ||
		strings.ContainsRune(name, 0) || onWindows && strings.ContainsRune(name, '\\'):
		return fmt.Errorf("%w: %q is not a path within the store", ErrName, name)
	case strings.Count(name, "/") >= maxSegments:
		return fmt.Errorf("%w: %q has more than %d segments", ErrName, name, maxSegments)
	}
	for s := range strings.SplitSeq(name, "/") {
		if len(s) > segment.Max {
			return fmt.Errorf("%w: a segment of %q has more than %d bytes", ErrName, name, segment.Max)
		}
	}
	return nil
}

// nameFor is Name for the file systems of Windows, or of all others.
func nameFor(location string, windows bool) (string, error) {
	if len(location) > maxLocation {
		return "", fmt.Errorf("%w: Content-Location of %d bytes is longer than %d", ErrName, len(location), maxLocation)
	}
	authority, rest := cutAuthority(cutScheme(strings.TrimSpace(location)))
	path, query, hasQuery := strings.Cut(rest, "?")
	segments := resolve(path)
	if len(segments) == 0 && !hasQuery {
		segments = resolve(authority)
	}
	if len(segments) == 0 && !hasQuery {
		return "", fmt.Errorf("%w: Content-Location %.80q names no file", ErrName, location)
	}
	for i, s := range segments {
		segments[i] = escape(s, windows)
	}
	if hasQuery {
		if len(segments) == 0 {
			segments = append(segments, "")
		}
		segments[len(segments)-1] += escape("?"+strings.ReplaceAll(query, `\`, "%5C"), windows)
	}
	for i, s := range segments {
		segments[i] = shorten(s, location)
	}
	if len(segments) > maxSegments {
		return "", fmt.Errorf("%w: Content-Location %.80q has %d segments, more than %d",
			ErrName, location, len(segments), maxSegments)
	}
	name := strings.Join(segments, "/")
	if len(name) > maxName {
		return "", fmt.Errorf("%w: Content-Location %.80q makes a name of %d bytes, more than %d", ErrName, location,
			len(name), maxName)
	}
	return name, nil
}

// cutScheme removes the scheme (RFC 3986, section 3.1), and a drive letter, which looks like one.
func cutScheme(s string) string {
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c|0x20 && c|0x20 <= 'z':
		case i > 0 && c == ':':
			return s[i+1:]
		case i > 0 && ('0' <= c && c <= '9' || c == '+' || c == '-' || c == '.'):
		default:
			return s
		}
	}
	return s
}

// cutAuthority separates the authority (RFC 3986, section 3.2), returned without user information, from what follows.
func cutAuthority(s string) (authority, rest string) {
	s, ok := strings.CutPrefix(s, "//")
	if !ok {
		return "", s
	}
	authority, rest = s, ""
	if i := strings.IndexAny(s, "/?"); i >= 0 {
		authority, rest = s[:i], s[i:]
	}
	return authority[strings.LastIndexByte(authority, '@')+1:], rest
}

// decode undoes percent-encoding, once (RFC 3986, section 2.4). A percent sign that encodes nothing stands for itself.
func decode(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			var c [1]byte
			if _, err := hex.Decode(c[:], []byte(s[i+1:i+3])); err == nil {
				b = append(b, c[0])
				i += 2
				continue
			}
		}
		b = append(b, s[i])
	}
	return string(b)
}

// resolve splits a path in percent-encoding into segments without it, and resolves dot segments.
func resolve(path string) []string {
	var segments []string
	path = decode(strings.ReplaceAll(path, `\`, "/"))
	for s := range strings.FieldsFuncSeq(path, func(r rune) bool { return r == '/' }) {
		switch s {
		case ".":
		case "..":
			segments = segments[:max(0, len(segments)-1)]
		default:
			segments = append(segments, s)
		}
	}
	return segments
}

// escape percent-encodes what cannot be part of a segment.
func escape(s string, windows bool) string {
	if !windows && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !inName(r) }) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		trailing := i+n == len(s) && (r == '.' || r == ' ')
		device := i == 0 && isDevice(s)
		reserved := windows && (trailing || device || strings.ContainsRune(`<>:"|?*\`, r))
		if (r == utf8.RuneError && n == 1) || !inName(r) || reserved {
			for _, c := range []byte(s[i : i+n]) {
				fmt.Fprintf(&b, "%%%02X", c)
			}
		} else {
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}

// inName reports whether r may be part of a segment: it neither separates, nor controls, nor turns around what a person
// reads.
func inName(r rune) bool {
	switch {
	case r == '/', unicode.IsControl(r), r == '\u2028', r == '\u2029':
		return false
	case '\u202a' <= r && r <= '\u202e', '\u2066' <= r && r <= '\u2069':
		return false // explicit directional formatting (Unicode Annex 9): "gpj.exe" shown as "exe.jpg"
	}
	return true
}

// isDevice reports whether Windows takes segment s for a device, whatever its extension.
func isDevice(s string) bool {
	base, _, _ := strings.Cut(s, ".")
	base = strings.ToUpper(strings.TrimRight(base, " "))
	switch base {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	port, ok := strings.CutPrefix(base, "COM")
	if !ok {
		port, ok = strings.CutPrefix(base, "LPT")
	}
	return ok && utf8.RuneCountInString(port) == 1 && strings.Contains("0123456789¹²³", port)
}

// shorten cuts a segment that is too long, before its extension, and marks it with a hash of the whole
// Content-Location, so that two of them keep two names.
func shorten(s, location string) string {
	if len(s) <= segment.Max {
		return s
	}
	return segment.Mark(s, location, 16)
}
