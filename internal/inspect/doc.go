// Package inspect judges captured FLUTE traffic (RFC 6726): which sessions there are, what their FDT Instances say and
// how they change, which objects are complete, what the path has lost, reordered and repeated, and which rules the
// sender breaks, with the numbers of the packets.
//
//	in := inspect.New(inspect.Config{})
//	for … { in.Datagram(&datagram) }
//	report := in.Report()
//
// An [Inspector] does no I/O of its own and reads no clock: times are those of the capture. What it finds out rests on
// two things. Its own account of each packet tells what came in which order; the core of the receiver (flute/receiver)
// reads FDT Instances, decodes, and verifies digests.
//
// The ids of rules are those of docs/conformance.md. Only rules that the wire can show are judged: a rule that is not
// listed in a report was not found to be broken, which does not say that it is kept.
//
// What is held is bounded by Config.Memory and by the constants of this package, whatever comes. What was not judged
// for want of memory is counted in the report.
//
// # Limitations
//
// LCT has no sequence numbers. Loss is told from the ESIs of each source block, which senders count up; of a sender
// that shuffles its symbols, loss is what is missing in the end. A packet that came twice is told from a repetition by
// the sender by how soon it came. EXT_AUTH is not verified.
package inspect
