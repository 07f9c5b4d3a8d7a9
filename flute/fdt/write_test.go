package fdt

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/flute"
)

// TestNotWritable: what an FDT Instance cannot say is an error, and nothing is appended.
func TestNotWritable(t *testing.T) {
	for _, tt := range []struct {
		name string
		make func(in *Instance)
		text string
	}{
		{"no files", func(in *Instance) { in.Files = nil }, "no files"},
		{"no Expires", func(in *Instance) { in.Expires = time.Time{} }, "Expires"},
		{"TOI 0", func(in *Instance) { in.Files[1].TOI = flute.TOI{} }, "TOI 0"},
		{"TOI twice", func(in *Instance) { in.Files[1].TOI = flute.NewTOI(1) }, "TOI 1"},
		{"no Content-Location", func(in *Instance) { in.Files[1].ContentLocation = "" }, "Content-Location is empty"},
		{"bad Content-Location", func(in *Instance) { in.Files[1].ContentLocation = "http://h/%zz" }, "not a URI"},
		{"MD5", func(in *Instance) { in.Files[0].MD5 = bytesTo(15) }, "digest"},
		{"SHA-256", func(in *Instance) { in.Files[0].SHA256 = bytesTo(16) }, "digest"},
		{"SHA-512", func(in *Instance) { in.Files[0].SHA512 = bytesTo(32) }, "digest"},
		{"content encoding", func(in *Instance) { in.Files[0].ContentEncoding = 4 }, "Content-Encoding"},
		{"control character", func(in *Instance) { in.Files[0].ContentType = "a\x01" }, "characters"},
		{"not a character", func(in *Instance) { in.Groups = []string{"\uFFFF"} }, "characters"},
		{"not UTF-8", func(in *Instance) { in.Files[0].ETag = "\xff" }, "UTF-8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := sample()
			tt.make(in)
			b, err := in.AppendXML([]byte("before"), RFC6726)
			if !errors.Is(err, ErrNotWritable) || !contains(err.Error(), tt.text) || string(b) != "before" {
				t.Errorf("AppendXML = %.40q, %v", b, err)
			}
		})
	}
}

// TS 26.346, L.4.2 and L.4.4: what each File has in the MBMS Download Profile.
func TestConf_O03_MBMSAttributes(t *testing.T) {
	in := sample()
	xml := string(mustAppend(t, in, MBMSDownload))
	files := strings.Split(xml, "<File ")[1:]
	if len(files) != len(in.Files) {
		t.Fatalf("%d Files of %d", len(files), len(in.Files))
	}
	for i, file := range files {
		for _, name := range []string{"TOI", "Content-Location", "Content-Length", "Content-Type"} {
			inherited := name == "Content-Type" && strings.Contains(xml[:strings.Index(xml, "<File ")], name)
			if !strings.Contains(" "+file, " "+name+`="`) && !inherited {
				t.Errorf("File %d has no %s: %s", i, name, file)
			}
		}
	}
	for _, name := range []string{
		"FEC-OTI-FEC-Encoding-ID", "FEC-OTI-Maximum-Source-Block-Length", "FEC-OTI-Encoding-Symbol-Length",
		"FEC-OTI-Scheme-Specific-Info", "Content-MD5",
	} {
		if !contains(xml, name+"=") {
			t.Errorf("%s is not written", name)
		}
	}
}

// TestConf_O04_MBMS: what TS 26.346, section L.4, does not use is not written, and other encodings than gzip are
// refused.
func TestConf_O04_MBMS(t *testing.T) {
	for _, p := range []Profile{MBMSDownload, DVBMABR} {
		xml := string(mustAppend(t, sample(), p))
		for _, name := range []string{
			"Group", "FullFDT", "MBMS-Session-Identity", "Decryption-KEY-URI", "FEC-Redundancy-Level",
			"FEC-Instance-ID",
		} {
			if contains(xml, name) {
				t.Errorf("%v writes %s", p, name)
			}
		}
		if got := strings.Count(xml, "Transfer-Length="); got != 1 { // of the file that is compressed
			t.Errorf("%v: %d Transfer-Lengths", p, got)
		}
		if contains(xml, "Complete") != (p == DVBMABR) {
			t.Errorf("%v: Complete", p)
		}
		in := sample()
		in.Files[1].ContentEncoding = flute.ZLIB
		if _, err := in.AppendXML(nil, p); !errors.Is(err, ErrNotWritable) {
			t.Errorf("%v: zlib: %v", p, err)
		}
	}
}

// TestConf_O11_SchemaVersion: required by section L.6, which has version 2.
func TestConf_O11_SchemaVersion(t *testing.T) {
	in := sample()
	in.SchemaVersion = 0
	for p, want := range map[Profile]string{
		MBMSDownload: "<schemaVersion>2</schemaVersion>", DVBMABR: "<schemaVersion>2</schemaVersion>",
	} {
		if xml := string(mustAppend(t, in, p)); !contains(xml, want) {
			t.Errorf("%v: %s", p, xml)
		}
	}
	for _, p := range []Profile{RFC6726, RFC3926} { // no part of the RFCs
		if xml := string(mustAppend(t, in, p)); contains(xml, "schemaVersion") || contains(xml, "delimiter") {
			t.Errorf("%v: %s", p, xml)
		}
	}
}

// TestMinimal is the least that the profiles write.
func TestMinimal(t *testing.T) {
	in := &Instance{Expires: sample().Expires, Files: []File{{TOI: flute.NewTOI(1), ContentLocation: "a"}}}
	for p, want := range map[Profile]string{
		RFC6726: `<FDT-Instance xmlns="urn:ietf:params:xml:ns:fdt" Expires="3973622400">` + "\n" +
			`<File Content-Location="a" TOI="1"/>` + "\n" + `</FDT-Instance>`,
		RFC3926: `<FDT-Instance xmlns="urn:IETF:metadata:2005:FLUTE:FDT" Expires="3973622400">` + "\n" +
			`<File Content-Location="a" TOI="1"/>` + "\n" + `</FDT-Instance>`,
		MBMSDownload: `<FDT-Instance xmlns="urn:3GPP:metadata:2022:FLUTE:FDT" Expires="3973622400">` + "\n" +
			`<File Content-Location="a" TOI="1"/>` + "\n" + `<schemaVersion>2</schemaVersion>` + "\n" +
			`</FDT-Instance>`,
	} {
		want = `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + want
		if diff := cmp.Diff(want, string(mustAppend(t, in, p))); diff != "" {
			t.Errorf("%v (-want +got)\n%s", p, diff)
		}
	}
}

// TestDeterministic: the same values give the same bytes.
func TestDeterministic(t *testing.T) {
	for _, p := range profiles {
		want := mustAppend(t, sample(), p)
		for range 20 {
			if got := mustAppend(t, sample(), p); string(got) != string(want) {
				t.Fatalf("%v: differs\n%s\n%s", p, want, got)
			}
		}
	}
}

// TestUnknownNamesDoNotCollide: names that are written anyway are not written twice.
func TestUnknownNamesDoNotCollide(t *testing.T) {
	in := sample()
	in.Files[0].Attributes = []Attribute{{"", "TOI", "9"}, {nsMBMS2012, "File-ETag", "x"}, {"", "A", "1"}, {
		"", "A", "2",
	}}
	got := mustParse(t, string(mustAppend(t, in, RFC6726)))
	if f := got.Files[0]; f.TOI != flute.NewTOI(1) || f.ETag != `W/"1"` ||
		!cmp.Equal(f.Attributes, []Attribute{{"", "A", "1"}}) {
		t.Errorf("%+v", f)
	}
}
