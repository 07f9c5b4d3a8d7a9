// Package sending holds the actor of a sending session, over a core of package sender.
//
//	node ── Add, Finish, Close ─► session ── datagrams ─► Writer
//	                                │  └── hub.Publish ─► hub
//	                                └─ Work ─► lanes
//
// On each turn the session asks its core for the next packets, writes what the rate permits, and sets one timer. What
// it must not lose in a crash lies in its [Ledger]: an actor that crashed is made anew over it, under the same address.
// How the session went, and its end, goes to its [Outcome], past the hub.
//
// This package is plumbing of the node: embedders do not need it, and its names may change.
//
// # Limitations
//
// The session makes the repair symbols of small source blocks, below 256 KiB, on its own goroutine, between packets.
package sending
