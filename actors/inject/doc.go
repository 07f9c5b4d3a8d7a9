// Package inject injects faults into the actors of a node, for tests: an actor panics, is slow, or loses or repeats a
// message. Rules name actors and messages by stable names, so that a test outlives what the code is called.
//
//	faults := inject.New(1, inject.Rule{
//		Actor: "session/receiving-*", Message: "packets", Nth: 3, Kind: inject.Panic,
//	})
//	n, err := node.Start(node.Config{Faults: faults})
//
// Injected faults are the same in each run with the same seed and the same messages for each actor, in whatever order
// the actors run.
//
// # Limitations
//
// The names of actors and messages are those of the node's tree: docs/architecture.md lists the actors, and messages.go
// of each actor the messages.
package inject
