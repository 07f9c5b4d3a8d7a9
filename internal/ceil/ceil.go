// Package ceil rounds divisions up, as the partitioning of objects does (RFC 5052, section 9.1).
package ceil

// Div returns a/b rounded up, for b > 0, without overflow.
func Div(a, b uint64) uint64 {
	n := a / b
	if a%b != 0 {
		n++
	}
	return n
}
