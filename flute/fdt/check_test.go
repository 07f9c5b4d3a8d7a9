package fdt

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestLimits(t *testing.T) {
	nested := func(depth int) string { // depth of the innermost element, the root being 1
		return doc("", `<File TOI="1" Content-Location="a">`+strings.Repeat("<a>", depth-2)+strings.Repeat("</a>",
			depth-2)+`</File>`)
	}
	attrs := func(n int) string { // of the File
		var s strings.Builder
		for i := range n - 2 {
			fmt.Fprintf(&s, ` a%d=""`, i)
		}
		return doc("", `<File TOI="1" Content-Location="a"`+s.String()+`/>`)
	}
	files := func(n int) string {
		var s strings.Builder
		for i := range n {
			fmt.Fprintf(&s, `<File TOI="%d" Content-Location="a"/>`, i+1)
		}
		return doc("", s.String())
	}
	long := func(n int) string { return doc("", `<File TOI="1" Content-Location="`+strings.Repeat("a", n)+`"/>`) }
	within := func(n int) string {
		return doc("", `<File TOI="1" Content-Location="a">`+strings.Repeat("<a/>", n)+`</File>`+plainFile)
	}
	beside := func(n int) string { return doc("", plainFile+strings.Repeat("<a/>", n)) }
	size := func(n int) string { return doc("", strings.Repeat(" ", n-len(doc("", "")))) }
	for _, tt := range []struct {
		name string
		of   func(n int) string
		set  func(l *Limits, n int)
		def  int
	}{
		{"Bytes", size, func(l *Limits, n int) { l.Bytes = n }, 4 << 20},
		{"Depth", nested, func(l *Limits, n int) { l.Depth = n }, 8},
		{"Attributes", attrs, func(l *Limits, n int) { l.Attributes = n }, 64},
		{"AttributeLen", long, func(l *Limits, n int) { l.AttributeLen = n }, 8 << 10},
		{"Files", files, func(l *Limits, n int) { l.Files = n }, 100_000},
		{"Elements of a File", within, func(l *Limits, n int) { l.Elements = n }, 512},
		{"Elements of the root", beside, func(l *Limits, n int) { l.Elements = n }, 512},
	} {
		t.Run(tt.name, func(t *testing.T) {
			check := func(n int, lim Limits) {
				t.Helper()
				if _, err := Parse([]byte(tt.of(n)), now, lim); err != nil {
					t.Errorf("%d: %v", n, err)
				}
				if _, err := Parse([]byte(tt.of(n+1)), now, lim); !errors.Is(err, errLimit) {
					t.Errorf("%d of %d: %v, want errLimit", n+1, n, err)
				}
			}
			var lim Limits
			if tt.name == "Files" {
				lim.Bytes = 16 << 20 // or that limit would come first
			}
			check(tt.def, lim)
			tt.set(&lim, 500)
			check(500, lim)
		})
	}
}

// TestConf_E66_Malformed: what no XML parser may accept, and what this one does not.
func TestConf_E66_Malformed(t *testing.T) {
	for _, tt := range []struct{ name, xml string }{
		{"DOCTYPE", `<!DOCTYPE FDT-Instance>` + doc("", plainFile)},
		{"DOCTYPE with entities", `<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>` + doc("", `<File TOI="1" Content-Location="&b;"/>`)},
		{"external DTD", `<!DOCTYPE x SYSTEM "file:///etc/passwd">` + doc("", plainFile)},
		{"declaration inside", doc("", `<!ELEMENT a ANY>`+plainFile)},
		{"DOCTYPE after the root", doc("", plainFile) + `<!DOCTYPE x>`},
		{"undefined entity", doc("", `<File TOI="1" Content-Location="&nbsp;"/>`)},
		{"reference to NUL", doc("", `<File TOI="1" Content-Location="&#0;"/>`)},
		{"NUL", doc("", "<File TOI=\"1\" Content-Location=\"a\x00\"/>")},
		{"not UTF-8", doc("", "<File TOI=\"1\" Content-Location=\"\xe9\"/>")},
		{"not UTF-8 in a comment", doc("", "<!-- \xff -->"+plainFile)},
		{"UTF-16 that is none", "\xff\xfe<\x00" + strings.Repeat("\x00\xdc", 40)},
		{"UTF-16 cut inside a character", "\xff\xfe" + strings.Join(strings.Split(doc("", plainFile), ""), "\x00")},
		{"declared Shift_JIS", `<?xml version="1.0" encoding="Shift_JIS"?>` + doc("", "<!-- \xe9\x41 -->"+plainFile)},
		{"declared Shift_JIS, in UTF-8", `<?xml version="1.0" encoding="Shift_JIS"?>` + doc("", "<!-- é -->"+plainFile)},
		{"declared US-ASCII", `<?xml version="1.0" encoding="US-ASCII"?>` + doc("", "<!-- \xe9 -->"+plainFile)},
		{"XML 2.0", `<?xml version="2.0"?>` + doc("", plainFile)},
		{"declaration without quotes", `<?xml version=1.0?>` + doc("", plainFile)},
		{"declaration without a value", `<?xml version?>` + doc("", plainFile)},
		{"declaration without an end", `<?xml version="1.0"` + doc("", plainFile)},
		{"two declarations", `<?xml version="1.0"?><?xml version="1.0" encoding="x"?>` + doc("", plainFile)},
		{"attribute twice", doc("", `<File TOI="1" TOI="1" Content-Location="a"/>`)},
		{"attribute twice by namespace", doc(`xmlns:x="u" xmlns:y="u"`, `<File TOI="1" Content-Location="a" x:a="" y:a=""/>`)},
		{"attribute without quotes", doc("", `<File TOI=1 Content-Location="a"/>`)},
		{"attribute without value", doc("", `<File TOI Content-Location="a"/>`)},
		{"less-than in an attribute", doc("", `<File TOI="1" Content-Location="<"/>`)},
		{"wrong end tag", doc("", `<File TOI="1" Content-Location="a"></Fill>`)},
		{"end tag of another prefix", doc(`xmlns:x="u" xmlns:y="u"`, `<x:File TOI="1" Content-Location="a"></y:File>`)},
		{"name with two colons", doc("", `<a:b:c/>`)},
		{"name that starts with a colon", doc("", `<File TOI="1" Content-Location="a" :x=""/>`)},
		{"element name that ends with a colon", doc("", `<x:/>`)},
		{"unclosed comment", doc("", plainFile) + `<!-- `},
		{"trailing start tag", doc("", plainFile) + `<a>`},
		{"gzip", "\x1f\x8b\x08\x00"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if in, err := Parse([]byte(tt.xml), now, Limits{}); !errors.Is(err, errMalformed) {
				t.Errorf("Parse = %+v, %v; want errMalformed", in, err)
			}
		})
	}
}

// TestTruncated cuts every document of testdata at every byte.
func TestTruncated(t *testing.T) {
	for _, name := range []string{
		"rfc6726.xml", "mbms-download.xml", "dvb-mabr.xml", "flute-rs-extended.xml", "flute-rs-l6.xml",
		"flute-rs-empty.xml", "awkward.xml", "rfc6726-appendix-b.xml",
	} {
		t.Run(name, func(t *testing.T) {
			xml := readTestdata(t, name)
			end := strings.LastIndex(xml, "</") // the last start of an end tag: the root's
			end += strings.Index(xml[end:], ">")
			for n := range end + 1 {
				if _, err := Parse([]byte(xml[:n]), now, Limits{}); err == nil {
					t.Fatalf("cut after %d of %d bytes is accepted: …%q", n, end+1, xml[max(0, n-30):n])
				}
			}
			if _, err := Parse([]byte(xml[:end+1]), now, Limits{}); err != nil {
				t.Errorf("whole: %v", err)
			}
		})
	}
}

// TestManyFiles: 100,000 entries are read. BenchmarkParse tells in what time.
func TestManyFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	b := mustAppend(t, many(100_000), RFC6726)
	in, err := Parse(b, now, Limits{Bytes: len(b)})
	if err != nil || len(in.Files) != 100_000 || len(in.Rejected) != 0 {
		t.Fatalf("Parse: %v", err)
	}
	if got, want := in.Files[99_999], many(100_000).Files[99_999]; got.OTI != want.OTI ||
		got.ContentLocation != want.ContentLocation {
		t.Errorf("last: %+v", got)
	}
}
