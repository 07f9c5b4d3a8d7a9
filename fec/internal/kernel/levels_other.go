//go:build !purego && !(amd64 || arm64)

package kernel

// levels lists the implementations that this CPU can run, the fastest last.
func levels() []level { return []level{portable, library} }
