// Package route reads what ROUTE (RFC 9223, https://www.rfc-editor.org/rfc/rfc9223) and ATSC A/331 add to FLUTE, for
// the receiving core: extended FDT Instances in both forms, S-TSIDs and the packages that hold them, file templates,
// the heads of objects in entity mode, codepoints.
//
//	bytes ─► ParseEFDT ─► an FDT Instance as RFC 6726 has it, and a file template
//	      ─► ParseSignalling ─► Flows: what an S-TSID says of each TSI
//	      ─► ParseHead ─► what stands in front of an object in entity mode
//
// All of it comes from the network: documents have limits, and nothing is kept of what is not understood.
//
// # Limitations
//
// Repair flows are not read, nor are the signatures of packages.
package route
