// Package assembly puts the encoding symbols of one object together: symbols into source blocks, source blocks into the
// bytes of the object (RFC 5052; RFC 5445, RFC 5510, RFC 5053, RFC 6330, RFC 6816 for the FEC schemes).
//
//	payload ─► Take ─► symbols ─► source block ─► store.Buffer ─► store.Object
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
// one by an [Attempt], which the caller runs on another goroutine.
//
// # Where the store is called
//
// On the goroutine of the caller: Take and Conclude write pages that are full (store.Buffer.WriteAt), and write pages
// when their number is at its limit; Take reads a source block that is decoded at once, Take, Retry and Conclude one
// that is put together for an Attempt (store.Buffer.ReadAt); Flush, FlushBefore and Adopt write pages; Release
// discards. An Attempt itself calls no store: it works in memory.
//
// # Limitations
//
// Sub-blocks save a receiver no memory here.
package assembly
