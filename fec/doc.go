// Package fec implements the FEC building block (RFC 5052): the FEC Object Transmission Information ([OTI]), the FEC
// Payload IDs ([PayloadID]), the partitioning of an object into source blocks ([Partition]), and a [Registry] of the
// FEC schemes ([Scheme]) that encode and decode source blocks.
//
//	OTI ── Validate ─► Partition ─► SBN, ESI ─► bytes of the object
//	 └─── Registry.Scheme ─► Encoder, Decoder of one source block
//
// The package reads and writes the wire formats of FEC Encoding IDs 0 to 6, 128, 129 and 130 (RFC 5445, 5053, 5510,
// 5170, 6330). Which of them a program can encode and decode depends on its Registry: see package fec/schemes.
//
// An OTI comes from the network. Call [OTI.Validate] first: all functions that compute with an OTI, such as
// [OTI.Partition], require a valid one, and allocate nothing because of what it claims.
//
// # Standards
//
//   - RFC 5052, FEC building block: https://www.rfc-editor.org/rfc/rfc5052#section-6 (OTI, FEC Payload IDs) and
//     https://www.rfc-editor.org/rfc/rfc5052#section-9.1 (partitioning)
//   - RFC 5445, basic schemes: https://www.rfc-editor.org/rfc/rfc5445
//   - the schemes: see the packages below this one
//
// # Limitations
//
// Source blocks of schemes 128 and 129 are partitioned by RFC 5052, section 9.1, as all known senders do. The SBN of
// Compact No-Code is unique in its object: the non-unique mode of RFC 5445, section 3.2.1, is not supported.
package fec
