package fdt

import "testing"

func TestConf_E01_W01_W06_Profiles(t *testing.T) {
	for _, tt := range []struct {
		p       Profile
		name    string
		version uint8
		space   string
	}{
		{RFC6726, "rfc6726", 2, "urn:ietf:params:xml:ns:fdt"},
		{RFC3926, "rfc3926", 1, "urn:IETF:metadata:2005:FLUTE:FDT"},
		{MBMSExtended, "mbms-extended", 1, "urn:IETF:metadata:2005:FLUTE:FDT"},
		{MBMSDownload, "mbms-download", 1, "urn:3GPP:metadata:2022:FLUTE:FDT"},
		{DVBMABR, "dvb-mabr", 1, "urn:3GPP:metadata:2022:FLUTE:FDT"},
	} {
		if tt.p.String() != tt.name || tt.p.FLUTEVersion() != tt.version || tt.p.Namespace() != tt.space {
			t.Errorf("%v: version %d, namespace %s", tt.p, tt.p.FLUTEVersion(), tt.p.Namespace())
		}
	}
	if s := Profile(9).String(); s != "profile(9)" {
		t.Errorf("Profile(9) = %q", s)
	}
}

// TestConf_E91_MediaType: RFC 6726, section 8.3.
func TestConf_E91_MediaType(t *testing.T) {
	if MediaType != "application/fdt+xml" || FileExtension != ".fdt" {
		t.Error(MediaType, FileExtension)
	}
}
