//go:build !amd64 || purego

package md5many

// levels lists the implementations that may be used.
func levels() []level { return []level{portable} }

// blocks is never called: crypto/md5 does all.
func (level) blocks(*[4][most]uint32, *[most]*byte, int) { panic("md5many: no assembly") }
