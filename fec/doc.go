// Package fec is the FEC building block (RFC 5052): FEC Object Transmission Information, FEC Payload IDs, partitioning
// into source blocks, and the registry of FEC schemes that encode and decode them.
//
//	OTI ── Validate ─► Partition ─► SBN, ESI ─► bytes of the object
//	 └─── Registry.Scheme ─► Encoder, Decoder of one source block
//
// The wire formats of FEC Encoding IDs 0, 1, 2, 3, 4, 5, 6, 128, 129 and 130 are all here (RFC 5445, 5053, 5510, 5170,
// 6330); which of them can be encoded and decoded is for the Registry: see fec/schemes.
//
// An OTI comes from the network. Validate it first: everything that computes with it, such as Partition, relies on that
// and allocates nothing because of what it claims.
//
// # Limitations
//
// Source blocks of schemes 128 and 129 are partitioned by RFC 5052, section 9.1, as all known senders do. The SBN of
// Compact No-Code is unique in its object: the non-unique mode of RFC 5445, section 3.2.1, is not supported.
package fec
