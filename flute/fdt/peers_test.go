package fdt

import (
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/internal/defaults"
)

// TestFluteRS reads documents as flute-rs 1.11.7 writes them, in both of its dialects.
func TestFluteRS(t *testing.T) {
	expires := sample().Expires
	u := ptr[uint64]
	group := []string{"news"}
	extended := &Instance{
		Namespace: nsRFC3926, Expires: expires, FullFDT: true, SchemaVersion: 4, Groups: group,
		OTI: OTIAttributes{
			EncodingID: "5", InstanceID: "0", MaxSourceBlockLength: "60", SymbolLength: "1400",
			MaxEncodingSymbols: "80",
		},
		Files: []File{
			{
				TOI: flute.NewTOI(2), ContentLocation: "file:///hello%20world.txt", ContentLength: u(100000),
				TransferLength: u(100000), ContentType: "text/plain", ETag: "v1", Groups: group, HasOTI: true,
				MD5: must(parseMD5("XUFAKrxLKna5cZ2REBfFkg==")),
				OTI: fec.OTI{
					EncodingID: fec.ReedSolomonGF28, TransferLength: 100000, SymbolLength: 1400,
					MaxSourceBlockLength: 60, MaxEncodingSymbols: 80,
				},
				CacheControl: &CacheControl{Expires: expires},
				Attributes:   []Attribute{{"", "X-Optel-Propagator", "traceparent=00-1-2-01"}},
			},
			{ // which must not take max_n from the FDT-Instance: EXT_FTI has none
				TOI: flute.NewTOI(1), ContentLocation: "file:///nocode.bin", ContentLength: u(3000),
				TransferLength: u(1200),
				ContentType:    "application/octet-stream", ContentEncoding: flute.GZIP, Groups: group, HasOTI: true,
				OTI: fec.OTI{TransferLength: 1200, SymbolLength: 1424, MaxSourceBlockLength: 64},
			},
			{
				TOI:             must(flute.TOIFromBytes([]byte(strings.Repeat("\xff", defaults.TOIBits/8)))),
				ContentLocation: "file:///raptorq.bin", ContentLength: u(100000), TransferLength: u(100000),
				Groups: group, HasOTI: true,
				OTI: fec.OTI{
					EncodingID: fec.RaptorQ, TransferLength: 100000, SymbolLength: 1400, SourceBlocks: 2, SubBlocks: 1,
					Alignment: 4,
				},
			},
		},
		Attributes: []Attribute{{nsXSI, "schemaLocation", "urn:IETF:metadata:2005:FLUTE:FDT FLUTE-FDT-3GPP-Main.xsd"}},
	}
	l6 := &Instance{
		Namespace: ns3GPP2022, Expires: expires, Complete: true, SchemaVersion: 4,
		OTI: OTIAttributes{
			EncodingID: "1", InstanceID: "0", MaxSourceBlockLength: "60", SymbolLength: "1400",
			MaxEncodingSymbols: "80",
			SchemeSpecificInfo: "AAABBA==", // Z=0: not to be used
		},
		Files: []File{{ // its own T and Z
			TOI: flute.NewTOI(1), ContentLocation: "http://example.com/seg1.m4s", ContentLength: u(1401), TransferLength: u(1401),
			ContentType: "video/mp4", ETag: `"33a6"`, HasOTI: true, CacheControl: &CacheControl{NoCache: true},
			OTI: fec.OTI{
				EncodingID: fec.Raptor, TransferLength: 1401, SymbolLength: 348, SourceBlocks: 1, SubBlocks: 1,
				Alignment: 4,
			},
		}},
	}
	for name, want := range map[string]*Instance{"flute-rs-extended.xml": extended, "flute-rs-l6.xml": l6} {
		if diff := cmp.Diff(want, mustParse(t, readTestdata(t, name)), cmp.AllowUnexported(flute.TOI{})); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

// TestFluteRSEra1: after 2036 it writes Expires modulo 2^32, such as "3700".
func TestFluteRSEra1(t *testing.T) {
	xml := strings.Replace(readTestdata(t, "flute-rs-empty.xml"), "3973622400", "3700", 1)
	in, err := Parse([]byte(xml), time.Date(2036, 2, 7, 6, 30, 0, 0, time.UTC), Limits{})
	if want := time.Date(2036, 2, 7, 7, 29, 56, 0, time.UTC); err != nil || !in.Expires.Equal(want) {
		t.Errorf("Parse = %v, %v; want %v", in, err, want)
	}
}

// TestForFluteRS: what flute-rs 1.11.7 needs to find in a document.
func TestForFluteRS(t *testing.T) {
	in := sample()
	in.Files[1].TransferLength = nil // the OTI tells it
	for _, p := range []Profile{RFC6726, RFC3926} {
		xml := string(mustAppend(t, in, p))
		lines := strings.Split(xml, "\n")
		for i := range in.Files { // adjacent, and with a Transfer-Length each
			line := lines[2+i]
			if !strings.HasPrefix(line, "<File ") || !contains(line, " Transfer-Length=") {
				t.Errorf("%v: line %d is %q", p, 2+i, line)
			}
		}
		if contains(xml, "<!") {
			t.Errorf("%v: a declaration: %s", p, xml)
		}
		for _, f := range in.Files { // decimal TOI without leading zeros
			if !contains(xml, ` TOI="`+f.TOI.String()+`"`) {
				t.Errorf("%v: TOI %v not found", p, f.TOI)
			}
		}
	}
	// 1.11.0 wants Maximum-Source-Block-Length for RaptorQ too.
	if xml := string(mustAppend(t, in, RFC6726)); !contains(xml,
		`FEC-Encoding-ID="6" FEC-OTI-Maximum-Source-Block-Length="36"`) {
		t.Error(xml)
	}
}

// TestConf_O05_Extensions reads the elements and attributes of 3GPP and DVB by any of their names, and keeps those
// that are not valid as unknown instead of refusing the File.
func TestConf_O05_Extensions(t *testing.T) {
	sha256, sha512 := digests{sha256: bytesTo(32)}.String(), digests{sha512: bytesTo(64)}.String()
	for _, tt := range []struct {
		name, attrs, content string
		want                 File
	}{
		{
			"Cache-Control in its namespace", `xmlns:c="` + nsMBMS2007 + `"`,
			`<c:Cache-Control><c:max-stale>1</c:max-stale></c:Cache-Control>`,
			File{CacheControl: &CacheControl{MaxStale: true}},
		},
		{
			"Cache-Control in none", "", `<Cache-Control xmlns=""><no-cache> true </no-cache></Cache-Control>`,
			File{CacheControl: &CacheControl{NoCache: true}},
		},
		{
			"Cache-Control with an undeclared prefix", "",
			`<mbms2007:Cache-Control><mbms2007:Expires>3973622400</mbms2007:Expires></mbms2007:Cache-Control>`,
			File{CacheControl: &CacheControl{Expires: sample().Expires}},
		},
		{
			"unknown directive", "", `<Cache-Control xmlns=""><must-revalidate/></Cache-Control>`,
			File{Elements: []Element{
				{"", "Cache-Control", `<Cache-Control xmlns=""><must-revalidate/></Cache-Control>`},
			}},
		},
		{
			"two Cache-Controls", "",
			`<Cache-Control xmlns=""><no-cache>1</no-cache></Cache-Control><Cache-Control xmlns="u"/>`,
			File{CacheControl: &CacheControl{NoCache: true}, Elements: []Element{
				{"u", "Cache-Control", `<Cache-Control xmlns="u"/>`},
			}},
		},
		{
			"session identities", "",
			`<MBMS-Session-Identity>3</MBMS-Session-Identity><MBMS-Session-Identity xmlns="u">256</MBMS-Session-Identity>`,
			File{SessionIdentities: []uint8{3}, Elements: []Element{
				{"u", "MBMS-Session-Identity", `<MBMS-Session-Identity xmlns="u">256</MBMS-Session-Identity>`},
			}},
		},
		{
			"Availability-Time without zone", "",
			`<Alternate-Content-Location-2 Availability-Time="2025-12-02T01:02:03.5"/>`,
			File{AlternateLocations2: []AlternateLocations{{AvailableUntil: time.Date(2025, 12, 2, 1, 2, 3, 5e8,
				time.UTC)}}},
		},
		{
			"Availability-Time in a zone", "",
			`<Alternate-Content-Location-1 Availability-Time="2025-12-02T01:02:03+01:00"/>`,
			File{AlternateLocations1: []AlternateLocations{{AvailableUntil: time.Date(2025, 12, 2, 0, 2, 3, 0,
				time.UTC)}}},
		},
		{
			"Availability-Time no time", "",
			`<Alternate-Content-Location-1 Availability-Time="soon"><Alternate-Content-Location>u` +
				`</Alternate-Content-Location><x xmlns="u"/></Alternate-Content-Location-1>`,
			File{AlternateLocations1: []AlternateLocations{{URIs: []string{"u"}}}},
		},
		{
			"redundancy no number", `FEC-Redundancy-Level="20%"`, "",
			File{Attributes: []Attribute{{"", "FEC-Redundancy-Level", "20%"}}},
		},
		{"unit positions", `IndependentUnitPositions=" 0  17 "`, "", File{IndependentUnitPositions: []uint64{0, 17}}},
		{
			"unit positions no numbers", `IndependentUnitPositions="0 x"`, "",
			File{Attributes: []Attribute{{"", "IndependentUnitPositions", "0 x"}}},
		},
		{
			"Content-Digest with several", `Content-Digest="unixsum=:AA=:,` + sha512 + `, ` + sha256 + `"`, "",
			File{SHA256: bytesTo(32), SHA512: bytesTo(64)},
		},
		{
			"Content-Digest without a known one", `Content-Digest="unixsum=:AA=:"`, "",
			File{Attributes: []Attribute{{"", "Content-Digest", "unixsum=:AA=:"}}},
		},
		{"Repr-Digest of the file", `Repr-Digest="` + sha256 + `"`, "", File{SHA256: bytesTo(32), ReprDigest: sha256}},
		{"both digests", `Repr-Digest="` + sha256 + `" Content-Digest="` + sha512 + `"`, "", File{SHA512: bytesTo(64), ReprDigest: sha256}},
		{"empty Content-MD5", `Content-MD5=""`, "", File{}},
		{"folded Content-MD5", `Content-MD5="AAECAwQFBgcI CQoLDA0ODw"`, "", File{MD5: bytesTo(16)}},
		{"delimiters", "", `<delimiter>0</delimiter><sv:delimiter xmlns:sv="` + nsSV + `">0</sv:delimiter>`, File{}},
		{"a delimiter of others", "", `<delimiter xmlns="u"/>`, File{Elements: []Element{{"u", "delimiter", `<delimiter xmlns="u"/>`}}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := mustParse(t, doc("", `<File TOI="1" Content-Location="a" `+tt.attrs+`>`+tt.content+`</File>`))
			want := tt.want
			want.TOI, want.ContentLocation = flute.NewTOI(1), "a"
			if len(in.Files) != 1 {
				t.Fatalf("rejected: %+v", in.Rejected)
			}
			if diff := cmp.Diff(want, in.Files[0], cmp.AllowUnexported(flute.TOI{})); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			again := mustParse(t, string(mustAppend(t, in, RFC6726)))
			// extensions come back in their namespaces, what was not understood as it was
			if again.Files[0].Attributes != nil {
				want.Attributes = in.Files[0].Attributes
			}
			if diff := cmp.Diff(want, again.Files[0], cmp.AllowUnexported(flute.TOI{})); diff != "" {
				t.Errorf("written and read again (-want +got)\n%s", diff)
			}
		})
	}
}

// TestConf_D03_ReprDigestOfAPart: in DVB-MABR the Repr-Digest of a file with a byte offset is not that of its object.
func TestConf_D03_ReprDigestOfAPart(t *testing.T) {
	in := mustParse(t, doc("", `<File TOI="1" Content-Location="s.m4s?isLast#5321" Repr-Digest="`+
		digests{sha256: bytesTo(32)}.String()+`"/>`))
	if f := in.Files[0]; f.SHA256 != nil || f.ReprDigest == "" {
		t.Errorf("%+v", f)
	}
}

// TestInstanceExtensions keeps what is not valid on the root element.
func TestInstanceExtensions(t *testing.T) {
	in := mustParse(t, doc(`FullFDT="1"`, `<schemaVersion>0</schemaVersion><schemaVersion>2</schemaVersion>`+plainFile+
		`<MBMS-Session-Identity-Expiry value="3973622400">9</MBMS-Session-Identity-Expiry>`+
		`<MBMS-Session-Identity-Expiry xmlns="u">9</MBMS-Session-Identity-Expiry><Base-URL-1> http://h/ </Base-URL-1>`))
	if !in.FullFDT || in.SchemaVersion != 2 || !cmp.Equal(in.BaseURLs1, []string{"http://h/"}) ||
		!cmp.Equal(in.SessionIdentities, []SessionIdentityExpiry{{9, sample().Expires}}) || len(in.Elements) != 2 {
		t.Errorf("%+v", in)
	}
}

// TestUnknownElementsAreBounded: many small unknown elements must not become many times the document.
func TestUnknownElementsAreBounded(t *testing.T) {
	var xml strings.Builder
	for i := range 200 {
		xml.WriteString(`<File TOI="` + flute.NewTOI(uint64(i+1)).String() + `" Content-Location="a">` +
			strings.Repeat("<a/>", 512) + `</File>`)
	}
	in := mustParse(t, doc("", xml.String()))
	kept := 0
	for _, f := range in.Files {
		for _, e := range f.Elements {
			kept += len(e.XML) + 96
		}
	}
	if len(in.Files) != 200 || kept == 0 || kept > (keptFactor+1)*xml.Len() {
		t.Errorf("%d files, %d bytes kept of %d", len(in.Files), kept, xml.Len())
	}
}

// TestElementsKeepTheirPrefixes: an unknown element is kept with the declarations of prefixes that are used deep in it
// only, and declared outside.
func TestElementsKeepTheirPrefixes(t *testing.T) {
	in := mustParse(t, doc(`xmlns:y="urn:y" xmlns:z="urn:z"`, `<File TOI="1" Content-Location="a" Content-Length="1">`+
		`<x:E xmlns:x="urn:x" xmlns:w="urn:w"><x:in><y:deep/></x:in></x:E></File>`))
	e := in.Files[0].Elements
	if len(e) != 1 || !strings.Contains(e[0].XML, `xmlns:y="urn:y"`) || strings.Contains(e[0].XML, "urn:z") ||
		strings.Contains(e[0].XML, "urn:w") || strings.Count(e[0].XML, "xmlns:x=") != 1 {
		t.Errorf("%+v", e)
	}
}

// TestUTF16OfOddLength: half a character at the end is an error, whatever the memory behind it holds.
func TestUTF16OfOddLength(t *testing.T) {
	whole := []byte(inUTF16(doc("", plainFile), binary.LittleEndian, true))
	for _, end := range []byte{'x', ' '} {
		b := append(whole[:len(whole):len(whole)], end, 0, 0)[:len(whole)+1]
		if _, err := Parse(b, now, Limits{}); err == nil {
			t.Errorf("%q behind it is taken", end)
		}
	}
	b := append(whole[:len(whole):len(whole)], 0)
	if _, err := Parse(b[:len(b):len(b)], now, Limits{}); err != nil {
		t.Errorf("a NUL behind it: %v", err)
	}
}

// TestValuesAtTheirEdges: white space around a time, a number that has no place in 32 bits, and what FEC schemes of
// which the Scheme-Specific-Info is not understood say.
func TestValuesAtTheirEdges(t *testing.T) {
	in := mustParse(t, doc("", `<File TOI="1" Content-Location="a" Content-Length="9" FEC-Redundancy-Level="4294967296" `+
		`FEC-OTI-FEC-Encoding-ID="129" FEC-OTI-FEC-Instance-ID="7" FEC-OTI-Encoding-Symbol-Length="8" `+
		`FEC-OTI-Maximum-Source-Block-Length="4" FEC-OTI-Max-Number-of-Encoding-Symbols="6" `+
		`FEC-OTI-Scheme-Specific-Info="AAAA">`+
		`<Alternate-Content-Location-1 Availability-Time=" 2025-12-02T01:02:03Z "/></File>`))
	f := in.Files[0]
	if len(f.AlternateLocations1) != 1 || f.AlternateLocations1[0].AvailableUntil.IsZero() {
		t.Errorf("Availability-Time: %+v", f.AlternateLocations1)
	}
	kept := map[string]string{}
	for _, a := range f.Attributes {
		kept[a.Local] = a.Value
	}
	if f.FECRedundancyLevel != nil || kept["FEC-Redundancy-Level"] != "4294967296" {
		t.Errorf("FEC-Redundancy-Level: %v, kept %v", f.FECRedundancyLevel, kept)
	}
	if !f.HasOTI || kept["FEC-OTI-Scheme-Specific-Info"] != "AAAA" {
		t.Errorf("Scheme-Specific-Info: %+v, kept %v", f.OTI, kept)
	}
}
