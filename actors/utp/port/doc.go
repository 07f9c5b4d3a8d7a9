// Package port is the actor of one UDP socket that speaks uTP, and the supervisor of all of them.
//
//	reader ── Batch ─► socket ── Batch ─► channel, by address and connection_id
//	                     └── Handshakes: SYNs, and the packets of no connection
//
// A [Port] is the socket itself: its descriptor and reader (a socket.Endpoint), the table of connections, the
// handshakes under way and the datagrams that wait to be sent. It outlives its actor. All of it but what says otherwise
// belongs to what runs on the Loop of its Line: the actor, and the channels of the socket.
//
// Datagrams that are not uTP go to [Others], for another protocol on the same port.
//
// This package is plumbing of package utp: embedders do not need it, and its names may change.
package port
