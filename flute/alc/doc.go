// Package alc reads and writes packets of Asynchronous Layered Coding (ALC, RFC 5775,
// https://www.rfc-editor.org/rfc/rfc5775#section-4) as FLUTE uses them (RFC 6726,
// https://www.rfc-editor.org/rfc/rfc6726#section-3.4): the LCT header with the extensions EXT_FDT, EXT_CENC, EXT_TIME
// and EXT_FTI, then the FEC Payload ID and the encoding symbols.
//
// A receiver calls [Parse] for each datagram. The [Packet] consists of views into the datagram and is valid as long as
// its bytes are; Parse allocates nothing. For an invalid packet it returns a bare sentinel that carries a
// [flute.DropReason].
//
// A sender makes one [Template] for each object. The Template renders the header once, and writes it in front of each
// packet:
//
//	t, err := alc.NewTemplate(alc.Spec{TSI: 1, TOI: toi, Codepoint: uint8(oti.EncodingID), OTI: &oti})
//	b = t.Append(b[:0], last)
//	b = oti.AppendPayloadID(b, fec.PayloadID{SBN: sbn, ESI: esi})
//	b = append(b, symbol...)
//
// A Template is not safe for concurrent use; the functions are.
//
// This package is plumbing of the node: embedders do not need it, and its names may change.
//
// # Limitations
//
// Packet authentication (EXT_AUTH) is kept raw, not verified. Congestion control is the fixed rate of a controlled
// network (RFC 6726, section 4): CCI is written as 0, and WEBRC (RFC 3738) is not supported.
package alc
