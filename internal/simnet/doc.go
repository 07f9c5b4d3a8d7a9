// Package simnet is a network, and disks, in memory for tests. The network loses, duplicates, reorders and delays
// datagrams as configured; with the same seed, the same datagrams in each run.
//
// A test of a core carries its datagrams over a [Link], which has no clock and starts no goroutines:
//
//	link := simnet.Link{Seed: 1, Loss: 0.05, Reorder: 0.1, Depth: 8}
//	for _, d := range datagrams {
//		for _, arrived := range link.Carry(d) {
//			receiver.Handle(now, arrived)
//		}
//	}
//
// A test of actors or of a node gives them the Sender and the Receivers of a [Network] in place of sockets. In a bubble
// of [testing/synctest] delays take no time; the Network must be made in the bubble, too.
//
// A [Disk] is a disk in memory that may be full, slow, failing, or lie about what is durable. Processes have it as a
// store, and die; power is lost, at any write.
//
// What happens to the nth datagram of a flow (one Sender to one Receiver) depends on n, on the seeds, and on the order
// in which the ends were made: neither on other flows nor on the scheduler. Each of Loss, Duplicate and Reorder draws
// from a sequence of its own, so that changing one does not change the others.
//
// # Limitations
//
// No corrupted datagrams (UDP's checksum drops them), no maximum transfer unit, no bandwidth: a sender that does not
// pace itself overruns a Receiver like a real one. Datagrams are copied and allocated.
package simnet
