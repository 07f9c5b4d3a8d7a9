// Package channel is the actor of one uTP connection, and the supervisor of all of them.
//
// A [Channel] is the connection itself: the core's state, the calls of its user that wait, and what the user has asked
// for. It outlives its actor, which only works on it: one that panics is restarted over the same Channel and goes on;
// one that panics again within a minute resets its own connection, and touches no other.
//
//	user ── Call, wishes, wake ─► channel ─► Outbox ─► socket
//	socket ── Batch, tick ──────► channel ── Done, Released ─► socket
//
// The channels of one socket share a [Line]: the Loop that all of them and the socket's actor run on, the timer
// wheel, and the Outbox. What the Line holds belongs to what runs on that Loop.
//
// This package is plumbing of package utp: embedders do not need it, and its names may change.
package channel
