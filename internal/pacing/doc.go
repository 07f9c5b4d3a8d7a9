// Package pacing spreads the datagrams of a session over time. [Bucket] tells when the next ones may be sent; it reads
// no clock.
//
//	for !bucket.Take(now, len(datagram)) {
//		now = wait(bucket.Deadline(now))
//	}
//	send(datagram)
//
// The schedule is absolute, so that the average rate is exact although timers are late. The depth bounds the burst that
// follows a pause of the process: credit older than that is lost.
//
// # Limitations
//
// Only the bytes that are given to Take are counted: UDP payload, not the headers of lower layers. The kernel's own
// pacing (SO_MAX_PACING_RATE, SO_TXTIME) is not used: for UDP it needs the fq or etf queueing discipline.
package pacing
