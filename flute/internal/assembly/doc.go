// Package assembly puts the encoding symbols of one object together: symbols into source blocks, source blocks into the
// bytes of the object (RFC 5052; RFC 5445, RFC 5510, RFC 5053, RFC 6330, RFC 6816 for the FEC schemes).
//
//	payload ─► Take ─► symbols ─► source block ─► store.Buffer ── Begin ─► store.Tail ── End
//	                                   └► Attempt ─ Run ─► Conclude
//
// An [Assembly] is what is held of one object. It knows no session, no FDT, no clock and no goroutine. What it finds
// out comes back as a value: an error of the packet, a [Failure] of the object, or [Effects], which the caller drains
// after each call.
//
// [State] and the received part of each source block are plain data, from which a reception could go on elsewhere. All
// else in an Assembly is live: buffers, decoders, budgets, attempts.
//
// A source block is decoded when its symbols may suffice: a small one by the call that brought the last symbol, a large
// one, or one that memory does not hold all of, by an [Attempt], which the caller runs on another goroutine.
//
// An Assembly does not call the store, but for that of an FDT Instance, which is memory (Sender.Inline). The caller has
// others write the tails that Begin returns, and run the Attempts, of which those that say so read (Attempt.Reads).
//
// # Limitations
//
// Sub-blocks save a receiver no memory here.
package assembly
