// Package pacing spreads the datagrams of a session over time: Bucket, which reads no clock, says when the next ones may
// be sent, and Sleep waits for that moment more exactly than time.Sleep does.
//
//	for _, d := range datagrams {
//		for !bucket.Take(time.Now(), len(d)) {
//			now := time.Now()
//			if err := pacing.Sleep(ctx, bucket.Deadline(now).Sub(now)); err != nil {
//				return err
//			}
//		}
//		send(d)
//	}
//
// The schedule is absolute, so that the average rate is exact although timers are late. The depth bounds the burst that
// follows a pause of the process: credit older than that is lost.
//
// # Limitations
//
// Only the bytes that are given to Take are counted: UDP payload, not the headers of lower layers. The kernel's own
// pacing (SO_MAX_PACING_RATE, SO_TXTIME) is not used: for UDP it needs the fq or etf queueing discipline.
package pacing
