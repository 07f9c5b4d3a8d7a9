// Package flute is the vocabulary of FLUTE (RFC 6726) that the other packages share: the identifiers of a transport
// session and of its objects, the content encodings, and the reasons for which a datagram is not used.
//
// The words are those of the RFCs. A transport session is named by its source address and its TSI; an object by its TOI
// within the session; TOI 0 carries FDT Instances, each with an FDT Instance ID.
//
//	RFC 5651  LCT   package flute/lct
//	RFC 5775  ALC   package flute/alc
//	RFC 6726  FDT   package flute/fdt
//	RFC 5052  FEC   package fec
//
// All types are values and safe to copy. The package holds no state and imports only the standard library.
//
// Limitations: TOIs of more than 112 bits do not exist in LCT and cannot be held.
package flute
