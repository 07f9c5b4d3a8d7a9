// Package store defines where the bytes of received objects live until they are complete, and how they become visible.
//
// An object is staged first: Create of a [Store] returns an [Object] without a name. Symbols are written to their
// places in it, in any order. When the object is whole and verified, Publish gives it a name, atomically: a reader
// finds the older file or the new one, complete. Package store/file keeps objects on a disk, package store/mem in
// memory.
//
// Three tools stand between the receiver and a Store:
//
//	Name    makes a path from a Content-Location (RFC 6726, section 3.4.2): its sender is not trusted
//	Buffer  gathers symbols of some 1400 bytes into pages of 64 KiB, since a write per symbol costs ten times as much
//	Budget  accounts for memory, per node, per source, per session, per object, and keeps a reserve for what is small
//
// A receiver uses them in this order:
//
//	o, err := st.Create(transferLength)
//	b := store.NewBuffer(o, budget)
//	b.WriteAt(symbol, offset)      // for each symbol
//	b.Flush()                      // then verify o
//	b.Release()
//	path, err := st.Publish(o, name)
//
// The package knows no packets and no FEC. Package store/storetest tests a Store against what its interface promises.
package store
