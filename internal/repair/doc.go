// Package repair computes how many repair symbols of a source block a sender must send, so that receivers that lose
// packets independently of one another can decode it.
//
//	n := repair.For(k, repair.Extra(fec.RaptorQ, k, 0), 0.05, 1e-6) // 5 % lost; one block in a million fails
//
// # Limitations
//
// Losses in bursts are not modelled.
package repair
