package connection

import "time"

// Stats is what a connection has done so far, and where it is.
type Stats struct {
	Sent, Received           uint64 // datagrams
	BytesSent, BytesReceived uint64 // payload, each byte once
	Resent                   uint64 // datagrams
	Lost                     uint64 // packets that were taken for lost
	Spurious                 uint64 // of these, those that had arrived
	Cuts                     uint64 // of the congestion window
	Undone                   uint64 // cuts that were taken back
	Timeouts                 uint64
	TailProbes               uint64
	Probes                   uint64 // of the path's largest packet
	BlackHoles               uint64 // found

	RTT, LeastRTT, RTO time.Duration // zero: not known
	Delay, Target      time.Duration // queueing delay of the way to the peer, and the one that is aimed at
	Window             int           // congestion window, in bytes
	PeerWindow         int           // bytes
	InFlight           int           // bytes
	Packet             int           // bytes of a full UDP payload

	Dropped Drops
}

// Drops counts received datagrams that changed nothing, by reason.
type Drops struct {
	Malformed uint64 // no packet of uTP
	Foreign   uint64 // connection_id of another connection
	Early     uint64 // before the answer to our SYN
	Late      uint64 // after the end
	Ack       uint64 // acknowledges, or resets, what was never sent
	Duplicate uint64 // received before, or a SYN
	Far       uint64 // too many packets beyond the last in order
	NoRoom    uint64 // receive buffer full
	PastEOF   uint64 // beyond the peer's FIN
}

// HandshakeStats counts packets of no connection.
type HandshakeStats struct {
	HalfOpen  int    // entries
	Syns      uint64 // that were answered, repeated ones included
	Accepted  uint64 // connections
	Expired   uint64 // entries that were not completed in time
	Stateless uint64 // SYNs that were answered without an entry, where the table, or the prefix's part of it, is full
	Refused   uint64 // SYNs that are not well-formed, or that ask for what another one has asked for
	Forged    uint64 // packets that acknowledge something else than our answer
	Resets    uint64 // sent
	Stray     uint64 // packets of no connection, without an answer
	Malformed uint64 // no packet of uTP
}
