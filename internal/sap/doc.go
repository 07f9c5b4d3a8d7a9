// Package sap reads and writes packets of the Session Announcement Protocol (RFC 2974,
// https://www.rfc-editor.org/rfc/rfc2974), by which session descriptions are told to a multicast group, and keeps what
// was heard.
//
//	p, err := sap.Parse(datagram)
//	if heard, news := table.Take(now, source, &p); news { … }
//
// # Limitations
//
// Authentication data are skipped and not verified: whoever can send to the group can announce, and who can send from
// another's address can delete what that has announced. Encrypted packets are refused. A Table is not safe for
// concurrent use.
package sap
