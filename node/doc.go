// Package node is the FLUTE node for embedding: the supervision tree, and six verbs to use it: Start, Receive, Send,
// Subscribe, Snapshot, Stop. Each call that asks an actor takes a context, and waits no longer than that.
//
//	n, err := node.Start(node.Config{})
//	sub := n.Subscribe(node.SubscribeOptions{})
//	_, err = n.Receive(ctx, node.ReceiveConfig{Group: netip.MustParseAddrPort("239.1.1.1:3400"), Dir: "in"})
//	for e := range sub.Events() {
//		if c, ok := e.(event.ObjectCompleted); ok {
//			fmt.Println(c.Path, c.Size)
//		}
//	}
//
// All methods are safe for concurrent use. A node that gave up, because a part of it crashed again and again, says so
// on Failed; it never ends the process.
//
// # Faults
//
// Config.Faults injects faults into actors, to test what an application makes of them. A rule names an actor and a kind
// of message; both names are stable:
//
//	hub                  publish, flush, unsubscribe
//	sessions             open, start, drain, closed, child_gave_up
//	sockets              start, stop, child_gave_up
//	socket/1             tick, reader_ended
//	session/receiving-7  packets, tick, reported, ran, close, inspect, child_gave_up
//	session/sending-7    pump, ran, add, remove, finish, close, inspect
//	object/7-1           packets, describe, work_done
//
// Those of uTP (Node.UTP) are "sockets", "socket-1", "channels", "channel-2", numbered in the order that they are
// opened.
//
// The number of a socket is that of its reception, that of a session its TSI; an object has TSI and TOI. All of them
// get started, restarting, stopping, stopped and terminated too.
//
// # Limitations
//
// Configuration is given in Go; flags and files are the command's. Congestion control is that of a controlled network
// (RFC 6726, section 4): a fixed rate.
package node
