package connection

import "time"

// Congestion names a congestion control.
type Congestion uint8

// The congestion controls.
const (
	LEDBAT         Congestion = iota // RFC 6817: yields to other traffic
	LEDBATPlusPlus                   // draft-irtf-iccrg-ledbat-plus-plus: the same with a shorter queue, and slower
	Cubic                            // RFC 9438: takes its share, as TCP does
)

// Config configures connections. The zero value of a field is its default. It is not changed after it was handed over.
type Config struct {
	SendBuffer    int // bytes that Write accepts beyond what is acknowledged; 1 MiB
	ReceiveBuffer int // bytes that are received and not read, in order or not; 1 MiB
	MaxFlight     int // packets sent and not acknowledged; 1000, at most 16384: peers drop what is further ahead

	Congestion Congestion
	// Target is the queueing delay that LEDBAT aims at; 100 ms, of LEDBAT++ 60 ms; at least 1 ms. RFC 6817 does not
	// allow more than 100 ms.
	Target time.Duration
	// FixedTarget keeps Target where a queue turns out to be shorter than it. By default Target is halved then, until
	// it is no longer: LEDBAT does not yield before the queue overflows, otherwise.
	FixedTarget bool
	// LossTolerant keeps LEDBAT's window at a loss while the queueing delay is below a quarter of the target: for links
	// that lose packets without congestion.
	LossTolerant bool

	NoDelay  bool          // sends short packets at once: Nagle's algorithm off
	NoPacing bool          // sends as much as the window allows at once
	AckDelay time.Duration // how long a packet waits for another to be acknowledged with; 10 ms; negative: not at all

	MinPacket int           // bytes of a UDP payload that each path takes; 1200, at least 170
	MaxPacket int           // bytes of a UDP payload to try; 1452; MinPacket: no search
	Reprobe   time.Duration // from one search for the largest packet to the next; 30 min

	MinRTO       time.Duration // least retransmission timeout; 200 ms
	MaxRTO       time.Duration // 6 s
	InitialRTO   time.Duration // before the round-trip time is known, and of a SYN; 1 s
	MaxTimeouts  int           // in a row, after which the connection fails with ErrTimeout; 8
	ConnectTries int           // SYNs; 6

	KeepAlive time.Duration // silence of ours after which a packet keeps NATs open; 29 s; negative: none
	Idle      time.Duration // silence of the peer after which it fails with ErrTimeout; 2 min; negative: never
	Linger    time.Duration // from Close until the connection fails with ErrTimeout; 30 s

	// Of handshakes that peers begin.
	HalfOpen       int           // entries; 4096
	HalfOpenPrefix int           // entries of one IPv4 /24 or IPv6 /48; 256
	HalfOpenLife   time.Duration // 3 s
	Resets         int           // resets a second in answer to packets of no connection; 100; negative: none
}
