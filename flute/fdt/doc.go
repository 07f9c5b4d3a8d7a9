// Package fdt reads and writes FDT Instances, the XML documents in which FLUTE describes the files of a transport
// session (RFC 6726, section 3.4.2; RFC 3926; 3GPP TS 26.346, sections 7.2.10 and L.6; DVB-MABR, annex F).
//
// Parse takes the document as it was transported, after its own content encoding was undone. It first checks, token by
// token, that the document is well-formed and stays within Limits; only then are trees built, of a few entries at a
// time, so that memory is bounded by the size of the document. A File entry that cannot be used is left out and listed
// in Instance.Rejected; the others are kept. Names are matched by namespace and local name, and by local name alone
// where no exact match is present, since senders differ in the namespaces that they write; of several matches on one
// element the best one counts.
//
// Parse is strict where the document would be ambiguous or dangerous, and lenient about its form. It reads UTF-8,
// UTF-16, US-ASCII, ISO-8859-1, ISO-8859-15 and windows-1252, and documents of other charsets that have ASCII
// characters only; XML 1.0 and 1.1; NULs after the root element; digests in base64 and in hexadecimal; and any
// Content-Location that can be a name. A digest, a length or a FEC OTI that it cannot read is left out of the File, and
// Instance.Warnings says so. It refuses every DOCTYPE, and so all entities but those of XML itself.
//
// Attributes that a File lacks are taken from the FDT-Instance element, one by one: Content-Type, Content-Encoding and
// the six FEC-OTI attributes of the schema; its groups are those of both.
//
// AppendXML writes the dialect of a Profile, always in the same order. Attributes and elements that Parse did not
// understand are kept and written back.
//
// The media type of an FDT Instance is MediaType, the extension of a file that holds one is FileExtension (RFC 6726,
// section 8.3).
//
// All functions are pure: no clock, no I/O. An Instance is not safe for concurrent changes; the Files of a parsed
// Instance may share the slices of its groups.
//
// Limitations: AppendXML writes UTF-8 only, as RFC 6726 requires. Limits.Bytes binds before Limits.Files does: 4 MiB
// are about 10,000 entries of the usual size. Namespace prefixes inside attribute values and text (such as xsi:type)
// are not rewritten when an unknown element is written back. Not kept are unknown attributes of child elements that are
// understood, such as Cache-Control, and unknown attributes, unknown elements and repeated groups beyond four times the
// document's size. The FEC-OTI attributes are checked for the range of their fields; whether they make sense together
// is for fec.OTI.Validate. File signatures of DVB-MABR are kept as unknown elements and not verified.
package fdt

// MediaType is the media type of an FDT Instance, FileExtension the extension of its files (RFC 6726, section 8.3).
const (
	MediaType     = "application/fdt+xml"
	FileExtension = ".fdt"
)
