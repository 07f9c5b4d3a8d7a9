// Package vault is the store actor: it runs blocking work on objects.
//
//	session ── Run ─► store actor ── pool of workers ── Ran ─► session
//
// It has source blocks encoded and decoded, and objects hashed, verified and published, on a bounded pool, so that none of this
// delays a packet. A Job
// outlives a crash of whoever sent or took it: it is run once, however often it is sent.
//
// # Limitations
//
// A store that blocks for ever holds a worker for ever, and the stop of the node.
package vault
