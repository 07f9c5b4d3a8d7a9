// Package session holds the actors of transport sessions: Receiver, one for each session that is received, with an
// object actor below it for each TOI; Sender, one for each session that is sent; and Sessions, their dynamic
// supervisor.
//
//	reader ── Packets ─► Receiver ── object.Packets ─► object
//	                        │  ▲  └── hub.Publish ─► hub
//	                        │  └───── object.Report ── object
//	                        └─ Run ─► store ── WorkRan ─► Receiver
//
// A receiving session and its objects share one goroutine (actors.Loop). What it knows lies in a receiver.Ledger that
// the Vault keeps: a session, or the whole of Sessions, that crashed is made anew over the same Ledger.
//
// # Limitations
//
// A sending session encodes source blocks on its own goroutine, between packets.
package session
