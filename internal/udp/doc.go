// Package udp sends and receives datagrams in batches: IPv4 and IPv6, any-source and source-specific multicast,
// unicast.
//
//	group := netip.MustParseAddrPort("232.1.1.1:3400")
//	r, err := udp.Listen(udp.Config{Group: group, Source: source, Interface: "eth0"})
//	pool := slab.NewPool(64*2048, 256)
//	datagrams := make([]slab.Datagram, 64)
//	for {
//		s := pool.Get()
//		n, err := r.ReadBatch(s, datagrams)
//		…use datagrams[:n]…
//		s.Release()
//	}
//
// A Receiver is bound to its group and joined on one interface, so it gets that group's datagrams only; any number of
// them may listen to one group and port, and each gets every datagram. A Sender is connected, which spares the kernel a
// route look-up for each datagram, and on Linux it is not in Go's netpoller: what leaves its buffer wakes no thread
// that waits for something else. Datagrams of one length in a row are one message to the kernel (UDP_SEGMENT), as long
// as it takes that; else they are sent one by one, and nothing is lost. Nothing is allocated for a datagram.
//
// A Sender without a rate (SendConfig.Unpaced) whose receivers are on this machine waits for them: it looks at what
// waits in their buffers, since over a loopback interface the system drops what they have no room for.
//
// With Config.Offload the kernel joins the datagrams of a sender that follow each other (UDP_GRO), so that one read
// brings hundreds of them. That spares a receiver half of its time in the kernel, and more where the sender's kernel
// cuts.
//
// A [Socket] is not connected: it reads from anybody and writes to anybody, for protocols with many peers on one port.
//
// Multicast on the loopback interface needs neither privileges nor, for IPv4, a route: name the interface on both
// sides. IPv6 on Linux refuses it until there is a route of type local ("ip -6 route add local ff00::/8 dev lo"); Dial
// says so.
//
// # Limitations
//
// Batches, and the count of kernel drops, are for Linux on amd64 and arm64; elsewhere each call moves one datagram.
// Only Linux binds a socket to its group: elsewhere a Receiver also gets datagrams of other groups on its port if
// another program has joined them. A Socket does not reach link-local IPv6 addresses, which need a zone. Windows has no
// source-specific multicast (x/net). An interface that is removed and comes back is joined again on Linux, and if it
// was named: see [Receiver.Rejoin]. Linux 7.0 to 7.1.4 with some drivers send wrong checksums when all datagrams of a
// message are of one length: SendConfig.NoOffload avoids it.
package udp
