package fdt

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/internal/defaults"
)

func contains(s, part string) bool { return strings.Contains(s, part) }

// doc returns an FDT Instance with the given attributes of the root element and the given content.
func doc(attrs, content string) string {
	return `<FDT-Instance xmlns="` + nsRFC6726 + `" Expires="3973622400" ` + attrs + `>` + content + `</FDT-Instance>`
}

const plainFile = `<File TOI="1" Content-Location="a"/>`

func TestConf_E46_Root(t *testing.T) {
	for _, tt := range []struct {
		name, xml string
		want      error
	}{
		{"valid", doc("", plainFile), nil},
		{"no Expires", `<FDT-Instance>` + plainFile + `</FDT-Instance>`, errInstance},
		{"empty Expires", `<FDT-Instance Expires="">` + plainFile + `</FDT-Instance>`, errInstance},
		{"Expires no number", `<FDT-Instance Expires="tomorrow">` + plainFile + `</FDT-Instance>`, errInstance},
		{"Expires negative", `<FDT-Instance Expires="-1">` + plainFile + `</FDT-Instance>`, errInstance},
		{"Expires hexadecimal", `<FDT-Instance Expires="0xECD9A300">` + plainFile + `</FDT-Instance>`, errInstance},
		{"Expires at the end of the era", `<FDT-Instance Expires="4294967295">` + plainFile + `</FDT-Instance>`, nil},
		{"another root", `<FDT Expires="3973622400">` + plainFile + `</FDT>`, errInstance},
		{"a File as root", plainFile, errInstance},
		{"in lower case", `<fdt-instance Expires="3973622400">` + plainFile + `</fdt-instance>`, errInstance},
		{"no root", "", errMalformed},
		{"only a comment", "<!-- nothing -->", errMalformed},
		{"two roots", doc("", plainFile) + doc("", plainFile), errMalformed},
		{"text after the root", doc("", plainFile) + "x", errMalformed},
		{"text before the root", "x" + doc("", plainFile), errMalformed},
		{"blanks around the root", "\n" + doc("", plainFile) + "\n ", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in, err := Parse([]byte(tt.xml), now, Limits{})
			if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
				t.Fatalf("Parse: %v, want %v", err, tt.want)
			}
			if err == nil && len(in.Files) != 1 {
				t.Errorf("%d files", len(in.Files))
			}
			if err != nil && !strings.HasPrefix(err.Error(), "fdt: ") {
				t.Errorf("error %q does not name the package", err)
			}
		})
	}
}

func TestConf_E47_E49_Complete(t *testing.T) {
	for value, want := range map[string]bool{"1": true, "true": true, "0": false, "false": false, " TRUE ": true} {
		if in := mustParse(t, doc(`Complete="`+value+`"`, plainFile)); in.Complete != want || len(in.Attributes) != 0 {
			t.Errorf("Complete=%q: %v %v", value, in.Complete, in.Attributes)
		}
	}
	if mustParse(t, doc("", plainFile)).Complete {
		t.Error("complete without Complete")
	}
	// No boolean: nothing is concluded, and the rest of the instance is used.
	in := mustParse(t, doc(`Complete="maybe"`, plainFile))
	if in.Complete || len(in.Files) != 1 {
		t.Errorf("Complete=maybe: %v, %d files", in.Complete, len(in.Files))
	}
	if b := string(mustAppend(t, in, RFC6726)); !contains(b, ` Complete="maybe"`) {
		t.Errorf("it was not kept: %s", b)
	}
	in.Complete = true // takes the place of what was kept
	if b := string(mustAppend(t, in, RFC6726)); contains(b, "maybe") || !contains(b, ` Complete="true"`) {
		t.Errorf("Complete is there twice: %s", b)
	}
}

// TestConf_E52_BadEntries: an entry that cannot be used is left out with a reason; the others are used.
func TestConf_E52_BadEntries(t *testing.T) {
	for _, tt := range []struct{ name, file, reason string }{
		{"no TOI", `<File Content-Location="x"/>`, "TOI is missing"},
		{"empty TOI", `<File TOI="" Content-Location="x"/>`, "TOI"},
		{"TOI 0", `<File TOI="0" Content-Location="x"/>`, "reserved"},
		{"TOI 00", `<File TOI="00" Content-Location="x"/>`, "reserved"},
		{"TOI negative", `<File TOI="-1" Content-Location="x"/>`, "TOI"},
		{"TOI no number", `<File TOI="one" Content-Location="x"/>`, "TOI"},
		{"TOI hexadecimal", `<File TOI="0x10" Content-Location="x"/>`, "TOI"},
		{"TOI of 113 bits", `<File TOI="5192296858534827628530496329220096" Content-Location="x"/>`, "112 bits"},
		{"no Content-Location", `<File TOI="2"/>`, "Content-Location is missing"},
		{"empty Content-Location", `<File TOI="2" Content-Location=" "/>`, "Content-Location is empty"},
		{"Content-Location with a line break", `<File TOI="2" Content-Location="a&#10;b"/>`, "control characters"},
		{"two transfer lengths", `<File TOI="2" Content-Location="x" Transfer-Length="5" FEC-OTI-Transfer-Length="6"/>`, "is 6"},
		{"unknown content encoding", `<File TOI="2" Content-Location="x" Content-Encoding="br"/>`, `"br" is not supported`},
		{"conflicting entry", `<File TOI="1" Content-Location="other"/>`, "earlier entry"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			last := `<File TOI="3" Content-Location="last"/>`
			in := mustParse(t, doc("", plainFile+tt.file+last))
			if len(in.Files) != 2 || in.Files[0].ContentLocation != "a" || in.Files[1].ContentLocation != "last" {
				t.Errorf("the others were not kept: %+v", in.Files)
			}
			if len(in.Rejected) != 1 || in.RejectedCount != 1 || !contains(in.Rejected[0].Reason, tt.reason) {
				t.Errorf("rejected %q, want %q", in.Rejected, tt.reason)
			}
		})
	}
}

func TestRejectionsAreShort(t *testing.T) {
	long := strings.Repeat("ä", 3000)
	in := mustParse(t, doc("", `<File TOI="`+long+`" Content-Location="`+long+`"/>`))
	r := in.Rejected[0]
	if len(r.TOI) > 40 || len(r.ContentLocation) > maxShown || len(r.Reason) > 400 ||
		!strings.HasSuffix(r.ContentLocation, "ä") {
		t.Errorf("lengths %d, %d, %d", len(r.TOI), len(r.ContentLocation), len(r.Reason))
	}
}

// TestConf_E52_TOI: what is a valid TOI.
func TestConf_E52_TOI(t *testing.T) {
	for s, want := range map[string]flute.TOI{
		"1": flute.NewTOI(1), "007": flute.NewTOI(7), "+7": flute.NewTOI(7), " 7 ": flute.NewTOI(7),
		"18446744073709551615": flute.NewTOI(1<<64 - 1),
		"5192296858534827628530496329220095": must(flute.TOIFromBytes([]byte(strings.Repeat("\xff",
			defaults.TOIBits/8)))),
	} {
		in := mustParse(t, doc("", `<File TOI="`+s+`" Content-Location="a"/>`))
		if len(in.Files) != 1 || in.Files[0].TOI != want {
			t.Errorf("TOI %q: %+v %+v", s, in.Files, in.Rejected)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestConf_E53_ContentLocation: an opaque string, kept as it is; two strings are two files.
func TestConf_E53_ContentLocation(t *testing.T) {
	for i, s := range []string{
		"http://h/a", "HTTP://h/a", "http://h/a/", "http://h/%61", "http://h/b/../a", "http://h:80/a", "a b.txt", "é", `C:\a`,
		"file:///a", "a#0", "a?isLast&x#5", "tag:isp.net,2019-01-01:mts100:s.m4s?hasRandomAccessPoint#0", "urn:uuid:1",
		"//h/a", " a",
	} {
		in := mustParse(t, doc("", fmt.Sprintf(`<File TOI="%d" Content-Location="%s"/>`, i+1, strings.ReplaceAll(s, "&",
			"&amp;"))))
		if len(in.Files) != 1 || in.Files[0].ContentLocation != s {
			t.Errorf("Content-Location %q: %+v %+v", s, in.Files, in.Rejected)
		}
	}
	_, err := Parse([]byte(doc("", `<File TOI="1" Content-Location="a" Content-Location="b"/>`)), now, Limits{})
	if !errors.Is(err, errMalformed) {
		t.Errorf("two Content-Locations: %v", err)
	}
	in := mustParse(t, doc("", plainFile+`<File TOI="2" Content-Location="a"/>`))
	if len(in.Files) != 2 {
		t.Errorf("one Content-Location, two TOIs: %+v", in.Rejected)
	}
}

// TestConf_E15_E16_Empty: an FDT Instance without files is tolerated by the receiver and not written.
func TestConf_E15_E16_Empty(t *testing.T) {
	for _, xml := range []string{
		doc("", ""), strings.Replace(doc("", ""), "></FDT-Instance>", "/>", 1), readTestdata(t, "flute-rs-empty.xml"),
	} {
		in := mustParse(t, xml)
		if len(in.Files) != 0 || len(in.Rejected) != 0 {
			t.Errorf("%+v", in)
		}
		for _, p := range profiles {
			if _, err := in.AppendXML(nil, p); !errors.Is(err, ErrNotWritable) {
				t.Errorf("AppendXML(%v): %v", p, err)
			}
		}
	}
}

// TestDuplicateTOI: two entries for one TOI are one if they say the same.
func TestDuplicateTOI(t *testing.T) {
	one := `<File TOI="1" Content-Location="a" Content-Length="5" Content-MD5="AAECAwQFBgcICQoLDA0ODw=="/>`
	for _, tt := range []struct {
		name, other string
		rejected    int
	}{
		{"the same", one, 0},
		{"the same in other words", strings.Replace(one, `TOI="1"`, `TOI="01" Transfer-Length="5"`, 1), 0},
		{"another length", strings.Replace(one, `"5"`, `"6"`, 1), 1},
		{"another digest", strings.Replace(one, "AAEC", "AQEC", 1), 1},
		{"less", `<File TOI="1" Content-Location="a"/>`, 1},
		{"another private attribute", strings.Replace(one, "/>", ` x="1"/>`, 1), 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := mustParse(t, doc("", one+plainFile[:5]+` TOI="2" Content-Location="b"/>`+tt.other))
			if len(in.Files) != 2 || len(in.Rejected) != tt.rejected || *in.Files[0].ContentLength != 5 {
				t.Errorf("%+v %+v", in.Files, in.Rejected)
			}
		})
	}
}

// TestConf_E63_E66_Awkward reads what XML permits and few write.
func TestConf_E63_E66_Awkward(t *testing.T) {
	xml := readTestdata(t, "awkward.xml")
	for _, s := range []string{xml, "\uFEFF" + xml, strings.ReplaceAll(xml, "\n", "\r\n")} {
		in := mustParse(t, s)
		want := &Instance{
			Namespace: nsExample, Expires: sample().Expires,
			Files: []File{
				{
					TOI: flute.NewTOI(1), ContentLocation: "a&b.bin", ContentLength: new(uint64(10)),
					TransferLength: new(uint64(10)), Groups: []string{"g<1>", "g2"},
					Attributes: []Attribute{{"urn:example:x", "priority", "7"}, {"undeclared", "tag", "u"}},
					Elements: []Element{
						{"urn:example:x", "Extra", `<x:Extra xmlns:x="urn:example:x" xmlns:y="urn:example:y" y:unit="ms"><y:Value>1</y:Value>` +
							`<x:Deep>&lt;&amp;&gt;</x:Deep></x:Extra>`},
						{"", "Bare", `<Bare xmlns=""><Inner/></Bare>`},
					},
				},
				{
					TOI: flute.NewTOI(7), ContentLocation: "b.bin", ContentLength: new(uint64(20)),
					TransferLength: new(uint64(20)), Attributes: []Attribute{{"", "Cache-Control", "attribute"}},
				},
				{TOI: flute.NewTOI(8), ContentLocation: "c.bin"},
			},
			Attributes: []Attribute{{"urn:example:x", "note", "a < b & c"}, {"", "local", "1"}},
			Elements:   []Element{{"urn:example:x", "Between", `<x:Between xmlns:x="urn:example:x" kind="root"/>`}},
		}
		if diff := cmp.Diff(want, in, cmp.AllowUnexported(flute.TOI{})); diff != "" {
			t.Fatalf("(-want +got)\n%s", diff)
		}
		for _, p := range []Profile{RFC6726, RFC3926} {
			want.Namespace = p.Namespace()
			if diff := cmp.Diff(want, mustParse(t, string(mustAppend(t, in, p))),
				cmp.AllowUnexported(flute.TOI{})); diff != "" {
				t.Errorf("%v, written and read again (-want +got)\n%s", p, diff)
			}
		}
	}
}

// TestConf_E65_Namespaces: every namespace is read, with the same result.
func TestConf_E65_Namespaces(t *testing.T) {
	want := mustParse(t, string(mustAppend(t, sample(), RFC6726)))
	xml := string(mustAppend(t, sample(), RFC6726))
	for _, space := range []string{"", nsRFC6726, nsRFC3926, nsExample, ns3GPP2022, nsDVB, nsATSC, "urn:nobody:knows"} {
		t.Run(space, func(t *testing.T) {
			in := mustParse(t, strings.Replace(xml, `xmlns="`+nsRFC6726+`"`, `xmlns="`+space+`"`, 1))
			prefixed := strings.NewReplacer(`xmlns="`+nsRFC6726+`"`, `xmlns:f="`+space+`"`, "<File", "<f:File",
				"</File", "</f:File",
				"<FDT-Instance", "<f:FDT-Instance", "</FDT-Instance", "</f:FDT-Instance")
			if space != "" { // which no prefix can stand for
				if diff := cmp.Diff(in, mustParse(t, prefixed.Replace(xml)),
					cmp.AllowUnexported(flute.TOI{})); diff != "" {
					t.Errorf("with a prefix (-without +with)\n%s", diff)
				}
			}
			want.Namespace = space
			if diff := cmp.Diff(want, in, cmp.AllowUnexported(flute.TOI{})); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestExactNameWins: an attribute of the right namespace beats one that only has the right local name.
func TestExactNameWins(t *testing.T) {
	in := mustParse(t, doc(`xmlns:x="urn:x" xmlns:m="`+nsMBMS2012+`" xmlns:f="`+nsRFC6726+`"`,
		`<File x:TOI="9" f:TOI="8" TOI="1" Content-Location="a" x:File-ETag="no" File-ETag="L.6" m:File-ETag="yes"/>`+
			`<File x:TOI="2" Content-Location="b" x:File-ETag="far"/>`))
	f := in.Files[0]
	if f.TOI != flute.NewTOI(1) || f.ETag != "yes" || len(f.Attributes) != 0 {
		t.Errorf("%+v", f)
	}
	if f = in.Files[1]; f.TOI != flute.NewTOI(2) || f.ETag != "far" || len(f.Attributes) != 0 {
		t.Errorf("relaxed: %+v", f)
	}
}

// TestWorseNameStaysOut: a fuzzer found that an attribute with the worse name took over after the document was written
// again, since the better one had the default value and was left out.
func TestWorseNameStaysOut(t *testing.T) {
	in := mustParse(t, doc(`xmlns:x="urn:x" x:Complete="1" Complete="0"`,
		`<File TOI="1" Content-Location="a" x:Content-MD5="AAECAwQFBgcICQoLDA0ODw==" Content-MD5=""/>`))
	for range 2 {
		if in.Complete || in.Files[0].MD5 != nil {
			t.Fatalf("%+v", in)
		}
		in = mustParse(t, string(mustAppend(t, in, RFC6726)))
	}
}

// TestConf_E55_EmptyContentType: found by a fuzzer; an empty Content-Type is none, and the FDT-Instance's applies.
func TestConf_E55_EmptyContentType(t *testing.T) {
	in := mustParse(t, doc(`Content-Type="text/plain"`, `<File TOI="1" Content-Location="a" Content-Type=""/>`))
	for range 2 {
		if got := in.Files[0].ContentType; got != "text/plain" {
			t.Fatalf("Content-Type = %q", got)
		}
		in = mustParse(t, string(mustAppend(t, in, RFC6726)))
	}
}

// TestRFCExamples reads the FDT Instances printed in the RFCs.
func TestRFCExamples(t *testing.T) {
	for _, name := range []string{"rfc6726-appendix-b.xml", "rfc3926-appendix-b.xml"} {
		in := mustParse(t, readTestdata(t, name))
		if len(in.Files) != 2 || ntp(in.Expires) != 2890842807 || in.Namespace != "" || in.Complete {
			t.Fatalf("%s: %+v", name, in)
		}
		a, b := in.Files[0], in.Files[1]
		if a.TOI != flute.NewTOI(1) || a.ContentType != "text/html" || a.ContentLength != nil ||
			a.TransferLength != nil || a.HasOTI {
			t.Errorf("%s: %+v", name, a)
		}
		if b.ContentEncoding != flute.GZIP || *b.ContentLength != 6100 || b.TransferLength != nil || len(b.MD5) != 16 ||
			!cmp.Equal(b.Attributes, []Attribute{{"", "Some-Private-Extension-Tag", "abc123"}}) {
			t.Errorf("%s: %+v", name, b)
		}
	}
}
