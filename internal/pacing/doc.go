// Package pacing spreads the datagrams of a session over time. [Bucket] tells when the next ones may be sent; it reads
// no clock.
//
//	for !bucket.Take(now, len(datagram)) {
//		now = wait(bucket.Deadline(now))
//	}
//	send(datagram)
//
// [Meter] measures a rate. [Frames] says what a rate counts: UDP payload, or what is on the wire.
//
// # Limitations
//
// The kernel's own pacing (SO_MAX_PACING_RATE, SO_TXTIME) is not used: for UDP it needs the fq or etf queueing
// discipline.
package pacing
