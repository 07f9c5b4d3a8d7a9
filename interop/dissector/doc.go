// Package dissector has no code of its own. Its test compares what Wireshark's dissector of ALC reads in our packets,
// field by field, with what we wrote into them: random packets of every layout of an LCT header (RFC 5651, section
// 5.1), with every header extension of FLUTE (RFC 6726, section 3.4) and the FEC Payload IDs and EXT_FTI of every FEC
// scheme.
//
//	go test ./interop/dissector -v -args -each 1000
//
// It needs tshark, and nothing else: packets go to it in a file. Where the dissector of Wireshark 4.0 reads something
// else than the RFC says, the test names the fault, and takes both what that gives and what the RFC says.
//
// # Limitations
//
// The dissector shows EXT_TIME, EXT_AUTH and unknown extensions as bytes only, and those are compared.
package dissector
