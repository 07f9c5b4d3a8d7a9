package fdt

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unsafe"
)

// plainEntry is a File entry as this project sends it.
const plainEntry = `<File Content-Location="file:///a/1" TOI="7" Content-Length="1000" Content-Type="text/plain"` +
	` mbms2012:File-ETag="v1" FEC-OTI-FEC-Encoding-ID="6" X-Private="p" undeclared:tag="u" xml:lang="en" />`

// notPlain spoils a plain document, so that it is read as all are, and says the same.
const notPlain = "<!-- -->"

// TestPlainIsTaken: what senders of many files send is read without a tree, and whatever is not exactly so is not.
func TestPlainIsTaken(t *testing.T) {
	for _, tc := range []struct {
		entries string
		plain   bool
	}{
		{"", true},
		{plainEntry, true},
		{" " + plainEntry + "\n\t" + plainEntry + "\r\n", true},
		{"<File/>", true},
		{`<File Content-Type="text/plain; charset=~"/>`, true},
		{plainFile, true},
		{plainEntry + notPlain, false},
		{plainEntry + "text", false},
		{"<File></File>", false},
		{"<Files/>", false},
		{"<x:File/>", false},
		{`<File TOI="1"Content-Location="a"/>`, false},
		{`<File TOI="1" x:TOI="2"/>`, false},
		{`<File TOI='1'/>`, false},
		{`<File TOI ="1"/>`, false},
		{`<File TOI="&#49;"/>`, false},
		{`<File TOI="1&#10;"/>`, false},
		{"<File TOI=\"1\n\"/>", false},
		{"<File TOI=\"\u00e9\"/>", false},
		{`<File a:b:c="1"/>`, false},
		{`<File :c="1"/>`, false},
		{`<File xmlns="urn:x"/>`, false},
		{`<File xmlns:x="urn:x"/>`, false},
		{`<File TOI="1"`, false},
		{`<File TOI="1`, false},
		{`<File TOI`, false},
		{`<File`, false},
	} {
		b := []byte(doc("", tc.entries))
		l, err := check(b, Limits{}.withDefaults())
		if l.isPlain != tc.plain || tc.plain && err != nil {
			t.Errorf("%s: plain %v, want %v; %v", tc.entries, l.isPlain, tc.plain, err)
		}
		comparePlain(t, b, Limits{})
		if l, _ = check(append(b, " \r\n"...), Limits{}.withDefaults()); l.isPlain != tc.plain {
			t.Errorf("%s, with blanks at the end: plain %v, want %v", tc.entries, l.isPlain, tc.plain)
		}
		comparePlain(t, append(b, " \r\n"...), Limits{})
	}
	for n, plain := range map[int]bool{9: true, 8: false} { // plainEntry has 9 attributes
		if l, _ := check([]byte(doc("", plainEntry)), Limits{Attributes: n}.withDefaults()); l.isPlain != plain {
			t.Errorf("with a limit of %d attributes: plain %v, want %v", n, l.isPlain, plain)
		}
	}
	for _, b := range []string{
		doc("", plainEntry) + notPlain, strings.Replace(doc("", plainEntry), "</FDT-Instance>", "</FDT-instance>", 1),
		`<FDT-Instance Expires="1"/></FDT-Instance>`, `<FDT-Instance Expires="1"/>`, `<FDT-Instance Expires="1">`,
		`<FDT-Instance Expires="1">` + plainEntry, `<FDT-Instance Expires="1"></FDT-Instance >`,
		`<x:FDT-Instance Expires="1">` + plainEntry + `</x:FDT-Instance>`,
		`<x:FDT-Instance Expires="1">` + plainEntry + `</FDT-Instance>`,
	} {
		comparePlain(t, []byte(b), Limits{})
	}
	for _, lim := range []Limits{
		{Files: 1}, {Files: 2}, {Depth: 1}, {Attributes: 8}, {Attributes: 9}, {AttributeLen: 11},
	} {
		comparePlain(t, []byte(doc("", plainEntry+plainEntry)), lim)
	}
}

// TestPlainForms: which documents are plain: ours in the profiles of the RFCs, as long as files have attributes only.
func TestPlainForms(t *testing.T) {
	for p, want := range map[Profile]bool{
		RFC6726: true, RFC3926: true, MBMSExtended: false, MBMSDownload: false, DVBMABR: false,
	} {
		in := many(3)
		in.Complete = false
		if l, err := check(mustAppend(t, in, p), Limits{}.withDefaults()); l.isPlain != want || err != nil {
			t.Errorf("%v: plain %v, want %v; %v", p, l.isPlain, want, err)
		}
	}
}

// comparePlain parses a document, and the same with a comment, which is read by way of a tree.
func comparePlain(t *testing.T, b []byte, lim Limits) {
	t.Helper()
	got, err := Parse(b, now, lim)
	i := strings.LastIndex(string(b), "</")
	if i < 0 {
		return
	}
	other := string(b[:i]) + notPlain + string(b[i:])
	want, wantErr := Parse([]byte(other), now, lim)
	if l, err := check([]byte(other), lim.withDefaults()); err == nil && l.isPlain && l.files > 0 {
		return // the comment was swallowed by something
	}
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("%v, otherwise %v\n%s", err, wantErr, b)
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%+v\notherwise %+v\n%s", got, want, b)
	}
}

// FuzzPlain: a document that is read without a tree says what it says by way of one. The fuzzer writes what is in the
// root element.
func FuzzPlain(f *testing.F) {
	for _, s := range []string{
		"", plainEntry, plainEntry + plainFile, " <File/>", notPlain, `<File TOI="1" Content-Location="a>b"/>`,
		`<File TOI="1" Content-Location="a" FEC-OTI-FEC-Encoding-ID="77" FEC-OTI-Scheme-Specific-Info="AA=="/>`,
		`<File TOI="1" Content-Location="a" x:TOI="2"/>`, `<File TOI="1" Content-Location="a">` + notPlain + `</File>`,
		`<Group>a</Group>`, `<![CDATA[<File/>]]>`, `<?a <File/>?>`, `</FDT-Instance>`, `<File a="/>"/>`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		comparePlain(t, []byte(doc(`xmlns:x="urn:x" xmlns:mbms2012="`+nsMBMS2012+`"`, s)), Limits{})
	})
}

// TestPlainKeepsLittle: a File refers to copies of its parts, and not to its whole entry; one Content-Type serves both.
func TestPlainKeepsLittle(t *testing.T) {
	first := fmt.Sprintf(`<File TOI="1" Content-Location="loc" Content-Type="b/c" Content-MD5="none" `+
		`Repair-Limit-Percentage="many" X="%s" Y="only here"/>`,
		strings.Repeat("x", 2000))
	in := mustParse(t, doc("", first+`<File TOI="2" Content-Location="d" Content-Type="b/c"/>`))
	a, b := in.Files[0], in.Files[1]
	if a.ContentType != "b/c" || b.ContentType != "b/c" || len(a.Attributes) != 4 || a.ContentLocation != "loc" ||
		b.ContentLocation != "d" {
		t.Fatalf("%+v\n%+v", a, b)
	}
	apart := func(x, y string) int {
		return int(uintptr(unsafe.Pointer(unsafe.StringData(y))) - uintptr(unsafe.Pointer(unsafe.StringData(x))))
	}
	if apart(a.ContentType, b.ContentType) != 0 {
		t.Error("the Content-Type is there twice")
	}
	kept := []string{a.ContentLocation, a.ContentType}
	for _, x := range a.Attributes {
		kept = append(kept, x.Value)
	}
	for i, x := range kept {
		for _, y := range kept[:i] {
			if apart(x, y) == strings.Index(first, y)-strings.Index(first, x) {
				t.Errorf("%.10q and %.10q are parts of one text", x, y)
			}
		}
	}
}

// TestPlainOfManyAttributes: an entry of 4 MiB with half a million attributes is refused for their number. To compare
// each with all before it would take minutes.
func TestPlainOfManyAttributes(t *testing.T) {
	var s strings.Builder
	for i := 0; s.Len() < 4<<20-1000; i++ {
		fmt.Fprintf(&s, ` a%d=""`, i)
	}
	if _, err := Parse([]byte(doc("", "<File"+s.String()+"/>")), now, Limits{}); !errors.Is(err, errLimit) {
		t.Error(err)
	}
}

// TestPlainName: a name begins with a letter or an underscore; digits, hyphens and points may follow.
func TestPlainName(t *testing.T) {
	const first = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
	for c := range 256 {
		s := string([]byte{byte(c)})
		begins := strings.Contains(first, s)
		if got := plainName(s + "="); (got == 1) != begins {
			t.Errorf("%q as a name: %d", s, got)
		}
		if got, goesOn := plainName("a"+s+"="), begins || strings.Contains("0123456789-.", s); (got == 2) != goesOn {
			t.Errorf("%q in a name: %d", s, got)
		}
	}
}
