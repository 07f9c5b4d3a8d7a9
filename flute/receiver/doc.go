// Package receiver is the core of a FLUTE receiver (RFC 6726): FDT database, source blocks in any order, FEC, content
// decoding, digests. It opens no socket, starts no goroutine and reads no clock.
//
// Receiver is the whole of it for a program that has its own packets and its own loop. One that has several datagrams
// in memory hands them over together (Receiver.HandleBatch), which is up to twice as fast. Session and Object are its
// two halves for a program, such as package node, that runs each object apart: Session.Route tells which Object a
// datagram is for, Object.Handle takes it. Both keep everything that must survive in a Ledger, so that one which
// crashed can be made anew and go on where it was.
//
//	                   Session ──────── FDT Instances ───► database ┐
//	datagram ─► Route ─┤                                            ├ Ledger
//	                   Object.Handle ─► symbols ─► holding ─────────┘
//	                        └► Work (write, decode, publish) ─► Object.Done
//
// What is held of an object is an assembly (package flute/internal/assembly), which makes bytes of its symbols, and the
// digest of the bytes that are final (package flute/internal/content).
//
// Object bytes go to a store.Store as they come; a file becomes visible only when it is whole and agrees with every
// digest and length that the sender announced. Each Content-Location has a name of its own there (names.Registry).
// Nothing is allocated because a header claims a size.
//
// The store is called by Works only. The first Work of an object creates it; others write what its write buffer wants
// written, one at a time, read what memory does not hold of a source block that is to be decoded, and read for the
// digests; the last one writes the rest, undoes the content encoding and publishes; another one discards what is not
// published. What the store does not take in time waits in memory. When that is spent, Session.IsShort says so, and
// packets should wait.
//
// Of the versions of one file, the newest stays: a session publishes under one Content-Location in turn, and no version
// over a newer one.
//
// Every datagram is counted once (flute.Counters). Every object that an FDT Instance announces ends in one of
// event.ObjectCompleted and event.ObjectFailed.
//
// A session is complete (event.SessionComplete) when its sender said that no file will follow, all that it described
// has its end, and no FDT Instance may be missing: the one that said so has come again twice without news, or nothing
// comes at all, or the sender has closed the session.
//
// Time-outs follow the pauses of the sender, as far as Config leaves them open: a session ends, and a try to receive an
// object, after a silence three times as long as the longest after which packets came again, and of an hour at least.
// A Warning tells of a silence of 30 s, or of three pauses, while objects are not whole.
//
// A failure whose reason may pass ends a try, not the object, and its event says Retry: wrong bytes, a store or a
// budget that is full, a description that has expired, a B flag before all symbols came. The next packet or
// announcement of the object begins another try. Symbols are kept for it after an expiry and after a B flag, unless the
// memory is needed; wrong bytes and errors of the store begin anew. An object that fails again and again rests longer
// each time, for ten minutes at most. A file that cannot be described for want of memory fails in the same way; the
// next repetition of its FDT Instance is read again.
//
// What an object lacks (Ledger.Missing) can be put when it came another way than in packets, at any time: Object.Put
// takes bytes, Object.PutSymbols symbols.
//
// Memory is charged to Config.Budget before it is taken, and costs no more than some times what was received: symbols,
// bitmaps, packets that wait for the FDT, FDT Instances, and the descriptions of objects, of ended ones too. When it is
// spent, packets are dropped under their reason and the oldest of what has ended is forgotten. A source symbol costs no
// allocation; repair symbols and the recovery of a source block do. A source block that cannot be paid is decoded when
// it can.
//
// Packets of objects that no FDT Instance describes yet are kept in memory as they came, up to Config.UndescribedBytes
// and Config.MaxUndescribed; only large objects, and of them a few, are received into the store at once. What is whole
// is kept as long as there is room.
//
// What an FDT Instance costs to read depends on its document, which compression may hide in one datagram. Some bytes of
// it are paid for by each byte received; for longer ones a source has an allowance, which time fills up: what is beyond
// waits. The memory to read lies outside of the budget, and is bounded for all sessions that share a Config.
//
// Small source blocks are decoded where the packet is handled that makes them solvable, large ones by Works: first
// whether the symbols suffice, then, with the block in memory, the lost ones.
//
// A sender that is started again often uses IDs and TOIs a second time. After a silence, after an A flag, and when
// packets come from another UDP source port, packets of known objects are held apart until an FDT Instance tells whose
// they are: one that is known shows that the sender goes on. An FDT Instance that contradicts what is known takes its
// place when it is heard again and again while the sender before is not; see event.FDTRejected. A file has no bytes of
// two senders.
//
// Sessions of ROUTE (RFC 9223, https://www.rfc-editor.org/rfc/rfc9223) are received too, if Config.ROUTE says so: their
// packets say where bytes begin, extended FDT Instances describe files one by one or by a template, and objects in
// entity mode describe themselves.
//
// # Limitations
//
// Of ROUTE, repair flows are not used, packages are not unpacked, and a sender that begins anew with the same TOIs is
// not told from the one before. Of its loss nothing is told. An object whose length is told by its last packets only is
// kept in memory until then, up to a quarter of Config.UndescribedBytes.
//
// An object without a digest that a silence of 0.4 s interrupts is published once an FDT Instance was heard after it; a
// sender that sends none any more loses it. A sender that is started again in less, from the same port, with the same
// IDs, TOIs and FEC OTI and no digest, whose data come before its FDT, is not told from the one before until then.
// EXT_AUTH is recognised and not verified. Sub-blocks save a receiver no memory here. When the sender's variant of
// Reed-Solomon is not known and neither a surplus symbol nor a digest tells it, an object is published as the first
// variant has it, with nothing verified.
package receiver
