// Package socket is the actor of one UDP socket, and the loop that reads it. It knows no protocol: each protocol has a
// [Router], which decides whose datagram it is.
//
//	kernel ─► reader ── Route ─► Router
//	             └───── batch ─► one Feed per owner: a transport session, a connection
//
// The reader blocks in the kernel, asks the Router for the owner of each datagram, groups what one read brought into
// one batch per owner, and posts it. An owner that has no room makes it wait for a moment, with the datagrams in the
// kernel's buffer; then that owner drops, and counts, until it has room. An owner may hold no more slabs than are left
// for all others, and the wait for it is bounded within each second: one that is stuck or slow costs the others
// nothing.
//
// Where there are many owners, the batch of each may be kept over several reads, if its Feed says so: a turn of an
// owner costs more than the datagrams that it handles (docs/adr/0096).
//
// An [Endpoint] holds the open socket, its reader and its Routers. All outlive the socket's actor, which only
// starts a reader where there is none. A Source that cannot be opened again is tried each second.
//
// This package is plumbing of the node: embedders do not need it, and its names may change.
//
// # Limitations
//
// Datagrams that have no owner are counted by the Router for the socket as a whole, not for their sender.
package socket
