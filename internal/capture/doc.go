// Package capture reads and writes captures of network traffic: pcap and pcapng files, and UDP datagrams in them.
//
//	r, err := capture.NewReader(file)
//	var d capture.Datagram
//	for r.Next(&d) == nil {
//		use(d.Time, d.Src, d.Dst, d.Payload)
//	}
//
// A [Reader] takes pcap (microseconds and nanoseconds, both byte orders) and pcapng (several sections and interfaces),
// also compressed by gzip. It finds UDP in Ethernet, Linux cooked capture (SLL, SLL2), BSD loopback and raw IP, behind
// VLAN tags, MPLS labels and PPPoE, in IPv4 and IPv6 with their extension headers, in tunnels of GRE and of IP in IP,
// and joins fragments. It holds one record of at most 256 KiB and 4 MiB of fragments, whatever a file claims, and
// allocates nothing for a packet that is no fragment.
//
// A sending machine shows several datagrams of an LCT session as one packet: [Datagram.Pieces] splits them.
//
// A [Writer] makes pcapng files, with a comment for any packet. [Live] takes datagrams from an interface (Linux).
//
// Sources: the Internet-Drafts draft-ietf-opsawg-pcap and draft-ietf-opsawg-pcapng; RFC 791, 8200, 768, 2784, 2890.
//
// # Limitations
//
// A pcap file has no marks to find a record by: reading ends where a record cannot be one. Fragments of IPv4 and IPv6
// whose packets were cut by the capture are not joined. UDP checksums are not verified, since captures of a sending
// machine have none yet.
package capture
