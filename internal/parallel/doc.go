// Package parallel splits work over processors, for the FEC schemes of a node.
//
//	workers := parallel.New(runtime.GOMAXPROCS(0))
//	registry := schemes.New(workers.Do)
//
// # Limitations
//
// The goroutines are made for each call; they are for work of some 50 µs and more.
package parallel
