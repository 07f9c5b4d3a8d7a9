//go:build !linux

package iobench

import "os"

// reserve does nothing: other systems are not asked.
func reserve(*os.File, int64) {}

// beginWriting does nothing: the system decides by itself when it writes.
func beginWriting(*os.File, int64, int64) {}
