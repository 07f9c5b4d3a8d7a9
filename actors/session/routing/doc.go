// Package routing sorts the datagrams of one socket by FLUTE's transport sessions: it is the socket.Router of FLUTE.
//
//	reader ── Route ─► Router ── Flow ─► Inbox of the session
//	                     └────── Open, with the first datagram of a session
//
// A Router looks at the fixed part of the LCT header (RFC 5651, section 5.1): a session is known by its source address,
// its destination and its TSI (RFC 6726, section 3). When there are more sessions than places, those give way that have
// shown no FDT Instance, first those of a source that has many of them. Such a source also begins others at a pace.
//
// This package is plumbing of the node: embedders do not need it, and its names may change.
//
// # Limitations
//
// A datagram of another source or TSI than wanted is counted for the socket as a whole, not for its sender.
package routing
