// Package segment cuts and marks the segments of file names.
package segment

import (
	"crypto/sha256"
	"encoding/hex"
	"path"
	"unicode/utf8"
)

// Max is the length in bytes of the longest segment of a name, as on all common file systems.
const Max = 255

// maxExtension is the length in bytes, with its dot, of what is taken for an extension.
const maxExtension = 16

// Mark puts a part of the SHA-256 of s before the extension of a segment, which is cut to fit into Max.
func Mark(segment, s string, digits int) string {
	sum := sha256.Sum256([]byte(s))
	ext := path.Ext(segment)
	if len(ext) > maxExtension || len(ext) == len(segment) {
		ext = ""
	}
	var hash [2 * sha256.Size]byte
	_ = hex.AppendEncode(hash[:0], sum[:])
	stem := Cut(segment[:len(segment)-len(ext)], Max-len("~")-digits-len(ext))
	return stem + "~" + string(hash[:digits]) + ext
}

// Cut cuts s to n bytes at most, between characters.
func Cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
