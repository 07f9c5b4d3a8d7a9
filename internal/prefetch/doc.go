// Package prefetch tells a processor which memory is going to be used.
//
// A copy to memory that no cache holds waits for it line by line: the processor reads each line before it changes it,
// and finds only a few of them ahead. Whoever knows where the next bytes will go names that memory some copies before:
//
//	prefetch.Lines(place[2*n : 3*n])
//	copy(place, symbol) // of n bytes
//
// It is a hint. No byte is read or changed as far as a program can see, and what is named need not be used.
package prefetch
