package fdt

import "fmt"

// Profile is the dialect of FLUTE that a sender writes. Parse reads all of them.
type Profile uint8

// Profiles. The zero value is the default.
const (
	RFC6726      Profile = iota // FLUTE version 2, the schema of RFC 6726
	RFC3926                     // FLUTE version 1, the schema of 2005; with a SchemaVersion, the main schema of 3GPP
	MBMSExtended                // FLUTE version 1, the main schema of TS 26.346, section 7.2.10.1
	MBMSDownload                // FLUTE version 1, the profiled schema of TS 26.346, section L.6
	DVBMABR                     // FLUTE version 1, MBMSDownload extended by DVB-MABR, annex F
)

// The namespaces of FDT Instances, and those of their extensions.
const (
	nsRFC6726  = "urn:ietf:params:xml:ns:fdt"
	nsRFC3926  = "urn:IETF:metadata:2005:FLUTE:FDT"
	nsExample  = "http://www.example.com/flute" // printed in RFC 3926
	ns3GPP2022 = "urn:3GPP:metadata:2022:FLUTE:FDT"
	nsDVB      = "urn:dvb:metadata:ExtendedFileDeliveryTable:2022"
	nsATSC     = "tag:atsc.org,2016:XMLSchemas/ATSC3/Delivery/ATSC-FDT/1.0/"

	nsMBMS2005 = "urn:3GPP:metadata:2005:MBMS:FLUTE:FDT"
	nsMBMS2007 = "urn:3GPP:metadata:2007:MBMS:FLUTE:FDT"
	nsMBMS2008 = "urn:3GPP:metadata:2008:MBMS:FLUTE:FDT_ext"
	nsMBMS2009 = "urn:3GPP:metadata:2009:MBMS:FLUTE:FDT_ext"
	nsMBMS2012 = "urn:3GPP:metadata:2012:MBMS:FLUTE:FDT"
	nsMBMS2015 = "urn:3GPP:metadata:2015:MBMS:FLUTE:FDT"
	nsMBMS2025 = "urn:3GPP:metadata:2025:MBMS:FLUTE:FDT"
	nsSV       = "urn:3gpp:metadata:2009:MBMS:schemaVersion"

	nsSVUpper = "urn:3GPP:metadata:2009:MBMS:schemaVersion" // is on the air, too

	nsXMLNS = "http://www.w3.org/2000/xmlns/"
	nsXML   = "http://www.w3.org/XML/1998/namespace"
	nsXSI   = "http://www.w3.org/2001/XMLSchema-instance"
)

// isMain reports whether space is a namespace in which FDT-Instance and File are defined.
func isMain(space string) bool {
	switch space {
	case "", nsRFC6726, nsRFC3926, nsExample, ns3GPP2022, nsDVB, nsATSC:
		return true
	}
	return false
}

// String returns the name used in configurations: "rfc6726", "rfc3926", "mbms-extended", "mbms-download" or
// "dvb-mabr".
func (p Profile) String() string {
	switch p {
	case RFC6726:
		return "rfc6726"
	case RFC3926:
		return "rfc3926"
	case MBMSExtended:
		return "mbms-extended"
	case MBMSDownload:
		return "mbms-download"
	case DVBMABR:
		return "dvb-mabr"
	}
	return fmt.Sprintf("profile(%d)", uint8(p))
}

// FLUTEVersion returns the version that EXT_FDT carries: 2 for RFC6726, else 1 (RFC 6726, section 3.4.1).
func (p Profile) FLUTEVersion() uint8 {
	if p == RFC6726 {
		return 2
	}
	return 1
}

// Namespace returns the namespace of the elements FDT-Instance and File that the profile writes.
func (p Profile) Namespace() string {
	switch p {
	case RFC6726:
		return nsRFC6726
	case RFC3926, MBMSExtended:
		return nsRFC3926
	default:
		return ns3GPP2022
	}
}

// MBMS reports whether p is one of 3GPP, or that of DVB, which builds on them: with TSIs and TOIs of 16 bits, the OTI
// of files in the FDT alone, and FDT Instances without content encoding (TS 26.346, sections 7.2.7 and 7.2.8).
func (p Profile) MBMS() bool { return p == MBMSExtended || p.profiled() }

// profiled reports whether p writes the profiled schema of TS 26.346, section L.6.
func (p Profile) profiled() bool { return p == MBMSDownload || p == DVBMABR }
