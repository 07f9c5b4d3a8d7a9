package fdt

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/flute"
)

// FuzzParse: parse, append, parse, equal. What is written is read without loss, in the profiles that lose nothing.
func FuzzParse(f *testing.F) {
	names, err := filepath.Glob(filepath.Join("testdata", "*.xml"))
	if err != nil || len(names) < 9 {
		f.Fatalf("testdata: %d files, %v", len(names), err)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	for _, s := range []string{
		plainFile,
		`<File TOI="1" Content-Location="a" FEC-OTI-FEC-Encoding-ID="77" FEC-OTI-Scheme-Specific-Info="AA==" Transfer-Length="1" FEC-OTI-Encoding-Symbol-Length="1"/>`,
		`<File TOI="1" Content-Location="a" x:TOI="2" y:TOI="3"><x:y xmlns:x=""/><z xmlns=""><xml:a xml:b=""/></z></File>`,
		`<File TOI="1" Content-Location="a" xml:lang="en" Complete="x"><Group/><Group><![CDATA[]]]]><![CDATA[>]]></Group></File>`,
	} {
		f.Add([]byte(doc(`Complete="?" xmlns:y="urn:y"`, s)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		in, err := Parse(b, now, Limits{})
		if err != nil {
			if in != nil {
				t.Fatal("an Instance beside an error")
			}
			if !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrLimit) && !errors.Is(err, ErrInstance) {
				t.Fatalf("error of no kind: %v", err)
			}
			return
		}
		if len(in.Files) == 0 {
			return
		}
		in.Rejected = nil
		for _, p := range profiles {
			xml, err := in.AppendXML(nil, p)
			if p.profiled() && errors.Is(err, ErrNotWritable) {
				continue // an encoding that the profile does not have
			}
			if err != nil {
				t.Fatalf("AppendXML(%v): %v", p, err)
			}
			again, err := Parse(xml, now, Limits{Bytes: 1 << 30})
			if errors.Is(err, ErrLimit) {
				continue // declarations have moved to the root element
			}
			if err != nil {
				t.Fatalf("written as %v: %v\n%s", p, err, xml)
			}
			if p.profiled() {
				continue
			}
			in.Namespace = p.Namespace()
			if diff := cmp.Diff(in, again, cmp.AllowUnexported(flute.TOI{})); diff != "" {
				t.Fatalf("written as %v (-before +after)\n%s\n%s", p, diff, xml)
			}
		}
	})
}
