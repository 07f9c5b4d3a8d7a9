// Package reuse keeps values that would be made again and again, such as the batches between a reader and an actor.
// Unlike a sync.Pool it has a bound, and the collector of garbage does not empty it.
//
// # Limitations
//
// What is put back must be empty: a List does not look at it.
package reuse
