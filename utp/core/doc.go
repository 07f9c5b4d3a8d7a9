// Package core is a connection of uTP (BEP 29, http://bittorrent.org/beps/bep_0029.html) with LEDBAT (RFC 6817) as a
// state machine. It has no socket, no clock, no goroutine and no source of random numbers: datagrams and time go in,
// datagrams and events come out.
//
//	c, err := core.Dial(now, core.Config{}, id, seq) // id and seq from crypto/rand
//	n, err := c.Write(now, p)                        // accepts what the send buffer has room for
//	c.Handle(now, datagram)                          // for each datagram of the peer with connection_id c.ID()
//	n, err = c.Read(now, p)                          // io.EOF after the peer's last byte
//	c.CloseWrite(now)                                // or Close
//
// After each call, and at Deadline, the caller sends what there is to send, and looks what has happened:
//
//	for {
//		pkt, whole, ok := c.AppendNext(buf[:0], now)
//		if !ok {
//			break
//		}
//		send(pkt, whole) // whole: with "don't fragment"
//	}
//	switch e := c.Events(); {
//	case e&core.Closed != 0: // c.Err() tells why; until c.Done() the peer may still ask
//	}
//	wakeAt(c.Deadline())
//
// Several datagrams may be handled before the loop: they share an acknowledgement then.
//
// A connection that a peer begins comes from [Handshakes], which takes every datagram that belongs to no connection.
//
// # What differs from libutp
//
// A repeated SYN is answered again, and a handshake that is not completed is forgotten after 3 s. A RESET ends a
// connection only if it acknowledges one of the latest packets. Packets are paced. Losses are found by time as in RFC
// 8985, with a probe of the tail, and undone if they turn out to be none; the retransmission timeout is 200 ms at
// least. The mask of a selective acknowledgement is as long as the hole asks for, up to 128 bytes. The receive window
// counts every byte that is not read. LEDBAT's target is halved where the queue is shorter, until it is no longer than
// that. How it differs from RFC 6817: docs/adr/0025-utp-congestion.md.
//
// # Memory
//
// Buffers grow with what is in them, up to Config.SendBuffer and Config.ReceiveBuffer, and are given back when the
// connection is idle for Config.KeepAlive. What a packet claims allocates nothing. In steady state a packet costs no
// allocation.
//
// This package is plumbing of package utp: embedders do not need it, and its names may change.
//
// # Limitations
//
// A packet that was sent keeps its length: where the path then takes only shorter ones it is sent again without "don't
// fragment". A path that drops fragments, too, and never tells so, ends the connection. There is no ECN. The handshake
// has no secret but 16 bits of the peer's id and 16 of the answer: who sees the packets can forge them.
package core
