// Package parallel splits work over processors, for the FEC schemes of a node.
//
//	workers := parallel.New(runtime.GOMAXPROCS(0))
//	registry := schemes.New(workers.Do)
//
// # Limitations
//
// Each call starts goroutines, which pays for work of some 50 µs and more.
package parallel
