// Package session holds the actors of transport sessions: Receiver, one for each session that is received, with an
// object actor below it for each TOI; Sender, one for each session that is sent; and Sessions, their dynamic
// supervisor.
//
//	reader ── Packets ─► Receiver ── object.Packets ─► object
//	                        │  ▲  └── hub.Publish ─► hub   │
//	                        │  └──── object.Reported ──────┘
//	                        └─ vault.Run ─► store ── vault.Ran ─► Receiver
//
// A receiving session and its objects share one goroutine (actors.Loop). What they know lies in the session's Inbox: the
// receiver.Ledger, what objects have reported, which work is under way. A sending session has the like. Memory holds them
// all: a session, or the whole of Sessions, that crashed is made anew over the same memory, under the same address. A
// session ends once: when its core has ended, or when it crashed too often; event.SessionClosed follows when its actor
// is gone, so that its counters are final.
//
// # Limitations
//
// A sending session makes the repair symbols of small source blocks, below 256 KiB, on its own goroutine, between packets.
package session
