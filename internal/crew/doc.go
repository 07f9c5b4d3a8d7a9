// Package crew runs functions on goroutines that are used again, any number at a time. A goroutine that has just run
// something has a stack of the right size, which a cache still has; a new one grows its stack several times.
//
//	c := crew.New()
//	c.Go(func() { … }) // does not wait
//	c.Close()
//	c.Wait()
//
// Functions do not wait for each other: one that hangs keeps its goroutine, and the next one gets another.
//
// # Limitations
//
// Nothing bounds how many functions run. Goroutines that are not needed for some seconds end; 64 at most wait for the
// next function.
package crew
