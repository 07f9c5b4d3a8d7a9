// Package lct reads and writes the header of the Layered Coding Transport (RFC 5651): identifiers, flags and header
// extensions of every packet of a transport session.
//
//	header, n, err := lct.Parse(datagram) // datagram[n:] is what follows the header
//	for rest := header.Extensions; ; {
//		extension, next, ok := rest.Next()
//		if !ok {
//			break
//		}
//		rest = next // extension.Type, extension.Content()
//	}
//
// Parse and Peek allocate nothing: the extensions are views into the datagram, valid as long as its bytes are. Errors
// on this path are bare sentinels that carry their flute.DropReason. AppendBinary writes exactly the bytes that Parse
// has read, reserved bits and unknown extensions included.
//
// Headers of RFC 3451 (as FLUTE version 1 uses them) carry the sender's time in two optional words where RFC 5651 has
// reserved bits; the Layout RFC3451 reads those.
//
// All functions are safe for concurrent use; a Header is a plain value.
//
// Limitations: EXT_AUTH is recognised and kept raw, not verified. The congestion control information is opaque. The
// PI-specific bits of EXT_TIME are not interpreted.
package lct
