// Package content is what happens to the bytes of a whole object: digests, content encodings (RFC 6726, sections 3.4.2
// and 3.4.3), comparison with what its sender announced, and publication. Both cores use it; it knows no session, no
// FDT and no event. What it finds out comes back as a value: a [Result], or a [Failure].
//
//	store.Tail ─► store.Object ─► Digest ─► decode ─► verify ─► Turn ─► store.Publish
//
// A [Publication] does all of this, in this order. A [Hashing] does no more than read ahead for it. Both wait for a
// store, so they run on another goroutine than a session's; their Run holds the processor while it computes, and gives
// it back while it waits for the store.
//
// [Announced] is plain data, and so is a [Digest]: its hashes have a binary form.
package content
