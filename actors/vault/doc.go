// Package vault keeps what must survive a crashed actor, and is the actor that runs blocking work on objects.
//
//	session ── Run ─► store actor ── pool of workers ── Ran ─► session
//
// Vault is the memory: the receiver.Ledger of every transport session. The node makes it once; a session that was
// restarted finds its Ledger there. The actor verifies and publishes objects on a bounded pool, so that hashing and
// fsync delay no packet.
//
// # Limitations
//
// The Vault lives in memory: what was received of unfinished objects does not outlive the process.
package vault
