// Package simulator searches for seeds that break a promise of the node (docs/robustness.md). A seed makes a [Plan];
// [Run] lets it happen to whole nodes, on virtual time, and returns what was broken.
//
//	for seed := range uint64(1000) {
//		result := simulator.Run(t, simulator.NewPlan(seed))
//		…
//	}
//
// A sending node sends carousels over a network that loses, damages, reorders and repeats datagrams (package simnet),
// beside a forger. A receiving node takes them to a disk that fails, is full, hangs or lies about what is durable.
// Nodes are killed and started again, actors crash, files change. In the end all faults are over, and every file that
// is sent must arrive. Other sessions, bystanders, are sent once on a group of their own, and must not notice.
//
// In a strict plan no file changes, and the network withholds every symbol that the receiver has stored before: so
// what was stored must not be needed again.
//
// # Limitations
//
// A seed decides what happens and when, not in which order goroutines run that are ready at the same moment: a seed
// that fails rarely may need some runs to fail again. Virtual time is that of package testing/synctest, so that Run
// needs a testing.T. The wall clock is not set. The store is that of package simnet: what package store/file makes of
// system calls is tested there.
package simulator
