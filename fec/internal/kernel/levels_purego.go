//go:build purego

package kernel

// levels lists the implementations that may be used.
func levels() []level { return []level{portable} }
