// Package utp is uTP (BEP 29, http://bittorrent.org/beps/bep_0029.html) with LEDBAT (RFC 6817): reliable streams of
// bytes over UDP that yield to other traffic. A connection is a net.Conn, a listener is a net.Listener.
//
//	l, err := utp.Listen("127.0.0.1:4000")
//	c, err := l.Accept()
//
//	c, err := utp.Dial("127.0.0.1:4000")
//	_, err = c.Write(p)
//	err = c.Close() // nil: the peer has got all of it
//
// A [Stack] runs all of it in a supervision tree of actors: a socket actor for each UDP socket, a channel actor for
// each connection. One that crashes goes on; one that crashes again resets its own connection, and touches no other.
// Listen and Dial each start a Stack of their own; a program with many connections starts one, opens a [Socket], and
// dials and listens there, as many times as it likes. A FLUTE node has a Stack in its tree (node.Node.UTP).
//
// A connection is read by its user (Read, ReadFull), or by messages to a [Controller], an actor or a channel of Go, in
// active mode, as in Erlang: docs/utp.md has the words of both.
//
// # Closing
//
// Close waits until the peer has got all bytes, for 3 s by default, and returns an error unless it has. SetLinger says
// otherwise. What was written to a connection whose program exits before is lost: there is no kernel that goes on.
//
// # Limitations
//
// An address is of one family: ":4000" and "0.0.0.0:4000" are IPv4, "[::]:4000" is IPv6. There are no zones. The limits
// of the protocol itself are those of package core.
package utp
