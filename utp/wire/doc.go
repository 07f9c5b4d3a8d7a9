// Package wire is the packet format of uTP (BEP 29, http://bittorrent.org/beps/bep_0029.html): reading and writing,
// without a connection.
//
//	p, err := wire.Parse(datagram)
//	b = p.AppendBinary(b[:0])
//
// Neither allocates: a parsed [Packet] holds views into the datagram.
//
// Some peers read less than the BEP allows. libutp drops a packet whose first extension is of type 3 or higher; other
// peers drop a packet with any extension but SACK. So write [Packet.CloseReason] only to a peer that has sent one.
//
// This package is plumbing of package utp: embedders do not need it, and its names may change.
//
// # Limitations
//
// Extension bits (type 2, left the BEP in 2012) and unknown extensions are skipped, not kept.
package wire
