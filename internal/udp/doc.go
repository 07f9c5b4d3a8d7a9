// Package udp sends and receives datagrams in batches: IPv4 and IPv6, any-source and source-specific multicast, unicast.
//
// A Receiver is bound to its group (Linux) and joined on one interface, so it gets that group's datagrams only. A Sender
// is connected, which spares the kernel a route look-up for each datagram.
//
// # Limitations
//
// Batches are recvmmsg and sendmmsg on Linux, one datagram at a time elsewhere. Kernel drops are known on 64-bit Linux
// only. Segmentation offload (GSO, GRO) is not used yet.
package udp
