// Package lease has one of several nodes send a session: the one that holds its lease in a [Bucket] that all of them
// reach. If the holder dies or is cut off, a node that waits takes over the same TSI, goes on after the FDT Instance
// IDs and TOIs that were used, and gives each file the TOI that it had.
//
//	l, err := lease.Acquire(ctx, lease.Config{Bucket: bucket, Name: "news", Site: "b", Session: key, TTL: ttl})
//	session.Keeper, session.Resume, session.KeepFirst = l, l.Numbers(), true
//	send.Permit = l.Permit
//
// Two nodes never send at once, whatever their clocks say, since neither compares its clock with another's:
//
//	holder    ├─ write ─► bucket ─┤ may send until write began + TTL − margin ├ stops
//	waiting              ├─ read ─┤ the same revision for the whole TTL        ├─► write, if it still is that one
//
// The holder counts from before its write, the other from after its read of that write, so that the holder stops first.
// It looks at its clock before each message to the system ([Lease.Permit]), so one that was stopped for longer than the
// TTL sends nothing when it goes on. Each write is refused by the bucket unless it follows the writer's latest one: a
// former holder changes nothing. See docs/adr/0085.
//
// # Limitations
//
// What the system has taken already goes out whenever it likes: a message of up to 64 datagrams, if the process is
// stopped between its look at the clock and the system call, and what waits in the queues of the interface. The clock
// is CLOCK_BOOTTIME, which goes on in a suspended machine (Linux; elsewhere the monotonic clock of Go). A virtual
// machine that is paused from outside may find its clocks paused, too: pause none that holds a lease for longer than
// the margin, a tenth of the TTL.
//
// Nobody may delete the record of a lease that is held: another node would take it at once, and the holder sends until
// it next renews, a third of the TTL later.
//
// The bucket must order writes, also when one of its servers dies (JetStream with three replicas does).
package lease
