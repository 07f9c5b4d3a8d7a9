// Package object is the actor that works on one receiving object (one TOI) of a transport session.
//
//	session ── Packets, Put, Describe, WorkDone ─► object ── Reported ─► session
//
// It runs on its session's goroutine, behind its own mailbox and guard: a crash loses the packets in its hands and
// nothing else. What was received lies in the session's receiver.Ledger, so the next incarnation goes on from the
// bitmap; reports and finished work lie in a [Ledger], and outlive a crash of either side. FEC, verification and
// publication are the core's (package receiver); what blocks goes out as a receiver.Work.
//
// This package is plumbing of the node: embedders do not need it, and its names may change.
//
// # Limitations
//
// Sending objects have no actor: the sending session is one for all of its files.
package object
