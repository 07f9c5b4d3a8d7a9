// Package fdt reads and writes FDT Instances, the XML documents in which FLUTE describes the files of a transport
// session (RFC 6726, https://www.rfc-editor.org/rfc/rfc6726#section-3.4.2; RFC 3926,
// https://www.rfc-editor.org/rfc/rfc3926#section-3.4.2; 3GPP TS 26.346, sections 7.2.10 and L.6; DVB-MABR, annex F).
//
// [Parse] takes the document without its content encoding. It first checks, token by token, that the document is
// well-formed and stays within [Limits]. Only then does it build trees, of a few entries at a time, so that the size of
// the document bounds the memory. A document of nothing but File entries with attributes needs no tree. It leaves out a
// File entry that cannot be used, lists it in Instance.Rejected, and keeps the others. Names match by namespace and
// local name, or by local name alone if no exact match is present, since senders write different namespaces; of several
// matches on one element the best one counts.
//
// Parse is strict where the document would be ambiguous or dangerous, and lenient about its form. It reads UTF-8,
// UTF-16, US-ASCII, ISO-8859-1, ISO-8859-15 and windows-1252, and documents in other charsets that have ASCII
// characters only; XML 1.0 and 1.1; NULs after the root element; digests in base64 and in hexadecimal; and any
// Content-Location that can be a name. If it cannot read a digest, a length or a FEC OTI, it leaves that out of the
// File and adds a text to Instance.Warnings. It refuses every DOCTYPE, and therefore all entities except those of XML
// itself.
//
// A File takes the attributes that it lacks from the FDT-Instance element, one by one: Content-Type, Content-Encoding
// and the six FEC-OTI attributes of the schema. Its groups are those of both elements.
//
// [Instance.AppendXML] writes the dialect of a [Profile], always in the same order. It writes back the attributes and
// elements that Parse did not understand.
//
// [MediaType] is the media type of an FDT Instance, [FileExtension] the extension of a file that holds one (RFC 6726,
// section 8.3).
//
// No function reads a clock or does I/O. An Instance is not safe for concurrent changes. The Files of a parsed Instance
// may share the slices of its groups.
//
// # Limitations
//
// AppendXML writes UTF-8 only, as RFC 6726 requires. Limits.Bytes takes effect before Limits.Files does: 4 MiB are
// about 10,000 entries of the usual size. Namespace prefixes inside attribute values and text (such as xsi:type) are
// not rewritten when an unknown element is written back. Not kept are unknown attributes of child elements that are
// understood, such as Cache-Control; and unknown attributes, unknown elements and repeated groups beyond four times the
// size of the document. The FEC-OTI attributes are checked for the ranges of their fields only; [fec.OTI.Validate]
// checks whether they fit together. File signatures of DVB-MABR are kept as unknown elements and not verified.
package fdt

// MediaType is the media type of an FDT Instance, FileExtension the extension of its files (RFC 6726, section 8.3).
const (
	MediaType     = "application/fdt+xml"
	FileExtension = ".fdt"
)
