// Package sum is changed by the tests of mutants.
package sum

import "slices"

// Until adds the numbers below n, if they are few and wanted.
func Until(n uint8, wanted bool) (total int) {
	if !wanted || n > 100 {
		return -1
	}
	for i := uint8(0); i < n; i++ {
		total += int(i)
	}
	return total
}

// Mask is what no test looks at.
func Mask(n uint16) uint16 {
	if n == 7 && n&1 != 0 {
		return n << 1
	}
	return n
}

// Twice doubles numbers. That the hint of capacity is there no test can tell, so that it is no place to change.
func Twice(numbers []int) (out []int) {
	out = slices.Grow(out, len(numbers))
	for _, n := range numbers {
		out = append(out, n+n)
	}
	return out
}
