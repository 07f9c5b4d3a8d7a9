// Package socket is the actor of one listening UDP socket, and its reader goroutine.
//
//	kernel ─► reader ── session.Packets ─► one Inbox per session
//	             └───── session.Open ────► Sessions, with the first datagram of a session
//
// The reader blocks in the kernel, parses the LCT header far enough to know the transport session, groups what one read
// brought into one batch per session, and posts it. An Inbox that is full makes it wait for a moment, once, with the
// datagrams in the kernel's buffer; then that Inbox drops, and counts, until it has room. The routing table belongs to the reader alone; a session that is over is seen by its closed Inbox.
//
// # Limitations
//
// A datagram of another source or TSI than wanted is counted for the socket as a whole, not for its sender.
package socket
