// Package iobench measures what nobody can beat: the processor time that this machine needs for the parts of which a
// file transfer consists, each alone. [Measure] returns a [Cost] for each: the digests, a copy, sending and receiving
// datagrams, reading and writing a file. Their sum, shared by the processors, is the least time that a transfer takes
// here, unless the disk alone takes longer ([Limit]).
//
// # Limitations
//
// Processor time is that of the thread that does the work, as Linux tells it; elsewhere it is the time that passes.
// What the kernel does later on a thread of its own, as it writes pages to a disk, is not in it. On the loopback
// interface the sender's thread carries a datagram up to the receiver's socket.
package iobench
