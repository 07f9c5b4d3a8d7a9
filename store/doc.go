// Package store is where the bytes of objects live: staged while they arrive in any order, then published under a name,
// whole and at once. It knows no packets and no FEC.
//
//	symbols ─► Buffer (pages of 64 KiB) ─► Object (staged) ── verified ─► Store.Publish ─► path
//
// A Store is a folder (store/file), memory (store/mem), or what an application makes of the interface. Name turns the
// Content-Location of a file, which comes from the network, into a path that stays below the store's root. A Budget
// bounds the memory of Buffers; it is charged before anything is allocated.
//
// # Limitations
//
// What was staged does not outlive the process.
package store
