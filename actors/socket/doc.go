// Package socket is the actor of one listening UDP socket, and its reader goroutine.
//
//	kernel ─► reader ── receiving.Packets ─► one Inbox per session
//	             └───── session.Open ────► Sessions, with the first datagram of a session
//
// The reader blocks in the kernel, parses the LCT header far enough to know the transport session, groups what one read
// brought into one batch per session, and posts it. An Inbox that is full makes it wait for a moment, with the
// datagrams in the kernel's buffer; then that Inbox drops, and counts, until it has room. A session may hold no more
// slabs than are left for all others, and the wait for it is bounded within each second: one that is stuck or slow
// costs the others nothing. An Endpoint holds the open socket and its reader. Both outlive the socket's actor, which
// only starts a reader where there is none. The routing table belongs to one reader after the other; a session that is
// over is seen by its closed Inbox. When there are more sessions than places in the table, those give
// way that have shown no FDT Instance, first those of a source that has many of them (places.go). A source that cannot
// be opened again is tried each second.
//
// # Limitations
//
// A datagram of another source or TSI than wanted is counted for the socket as a whole, not for its sender.
package socket
