// Package streamfiles moves files over a connection, such as one of uTP: names and bytes one way, how far each has come
// the other way. A file that is there in part goes on where it ended; one that is there whole is not sent again.
//
// # Protocol
//
// The sender begins with a line that names the protocol. What follows are lines of JSON, and the bytes of files:
//
//	sender                                        receiver
//	{"name":"a/b.bin","size":1000,…}  offer  ───►
//	                                         ◄─── {"have":400,"sha256":"…"}    the digest of the first 400 bytes
//	{"from":400}, 600 bytes, {"sha256":"…"}  ───►
//	                                         ◄─── {"done":true}                or {"error":"…"}
//	{"end":true}                             ───►
//
// Offers run up to 64 files ahead of bytes. Answers come in the order of offers, results in the order of bytes. The
// sender starts anew (from 0) where the digest is not that of its own first bytes.
//
// A receiver writes to a file beside the one that is to be, checks its SHA-256, and gives it its name: under a name
// there is a whole file or none.
//
// # Limitations
//
// Regular files only: their names, times and permissions, no links and no empty folders.
package streamfiles
