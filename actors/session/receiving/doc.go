// Package receiving holds the actor of a receiving session, with an object actor below it for each TOI.
//
//	reader ── Packets ─► session ── object.Packets ─► object
//	                       │  ▲  └── hub.Publish ─► hub  │
//	                       │  └──── object.Reported ─────┘
//	                       └─ Work ─► lanes ── ran ─► session
//
// The session and its objects share an actors.Loop, which runs one of them at a time. Three parts live longer than the
// actor, each with one owner:
//
//   - [Inbox] joins the reader and the session. It is safe for concurrent use.
//   - [Feed] belongs to the reader: what it knows of the Inbox it posts to.
//   - [Ledger] belongs to the session: the core's receiver.Ledger, what objects have reported, which work is under way.
//
// An actor that crashes is made anew over the same Inbox and Ledger, under the same address. A session ends once: when
// its core has ended, or when it crashed too often. [Ledger.Finish] tells event.SessionClosed when the actor is gone,
// so that its counters are final.
//
// This package is plumbing of the node: embedders do not need it, and its names may change.
//
// # Limitations
//
// Datagrams that come after the session has ended are counted by the socket, not by the session.
package receiving
