// Package lct reads and writes the header of Layered Coding Transport (LCT, RFC 5651,
// https://www.rfc-editor.org/rfc/rfc5651#section-5): the identifiers, flags and header extensions of every packet of a
// transport session.
//
//	header, n, err := lct.Parse(datagram) // datagram[n:] follows the header
//	for rest := header.Extensions; ; {
//		extension, next, ok := rest.Next()
//		if !ok {
//			break
//		}
//		rest = next // extension.Type, extension.Content()
//	}
//
// [Parse] and [Peek] allocate nothing: extensions are views into the datagram and are valid as long as its bytes are.
// Their errors are bare sentinels that carry a [flute.DropReason]. [Header.AppendBinary] writes exactly the bytes that
// Parse has read, with reserved bits and unknown extensions.
//
// Headers of RFC 3451 (https://www.rfc-editor.org/rfc/rfc3451#section-5.1), as FLUTE version 1 uses them, carry the
// sender's time in two optional words, where RFC 5651 has reserved bits. The [Layout] RFC3451 reads them.
//
// All functions are safe for concurrent use; a Header is a plain value.
//
// This package is plumbing of the node: embedders do not need it, and its names may change.
//
// # Limitations
//
// EXT_AUTH is recognised and kept raw, not verified. The congestion control information is opaque. The PI-specific bits
// of EXT_TIME are not interpreted.
package lct
