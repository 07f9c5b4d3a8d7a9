// Package session holds Sessions, the dynamic supervisor of all transport sessions. Package
// [github.com/flute-node/flute-node/actors/session/receiving] holds the actors of receiving sessions, package
// [github.com/flute-node/flute-node/actors/session/sending] those of sending sessions.
//
//	reader ── Open ──────────► Sessions ── Close ─► sessions
//	node ── Start, Drain ────────┘  ▲ └── hub.Publish ─► hub
//	                                └── receiving.Closed
//
// The [Ledger] knows each session and what it runs on. A session, or the whole of Sessions, that crashes is made anew
// over the same Ledger, under the same address.
//
// This package is plumbing of the node: embedders do not need it, and its names may change.
//
// # Limitations
//
// A session whose key is still in use by one that ends begins when that one is gone.
package session
