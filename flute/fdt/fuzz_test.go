package fdt

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/flute-node/flute-node/internal/allocbound"

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
		for p := range profiles {
			f.Add(b, uint8(p))
		}
	}
	for _, s := range []string{
		plainFile,
		`<File TOI="1" Content-Location="a" FEC-OTI-FEC-Encoding-ID="77" FEC-OTI-Scheme-Specific-Info="AA=="` +
			` Transfer-Length="1" FEC-OTI-Encoding-Symbol-Length="1"/>`,
		`<File TOI="1" Content-Location="a" x:TOI="2" y:TOI="3"><x:y xmlns:x=""/><z xmlns=""><xml:a xml:b=""/></z></File>`,
		`<File TOI="1" Content-Location="a" xml:lang="en" Complete="x"><Group/><Group><![CDATA[]]]]><![CDATA[>]]></Group></File>`,
	} {
		for p := range profiles {
			f.Add([]byte(doc(`Complete="?" xmlns:y="urn:y"`, s)), uint8(p))
		}
	}
	for _, s := range []string{
		inUTF16(doc("", plainFile), binary.LittleEndian, true), inUTF16(doc("", plainFile), binary.BigEndian, false),
		`<?xml version="1.1" encoding="windows-1252"?>` + doc("", "<!-- \x80\xe9 -->"+plainFile) + "\x00\x00",
	} {
		f.Add([]byte(s), uint8(0))
	}
	f.Fuzz(func(t *testing.T, b []byte, p uint8) { checkRoundTrip(t, b, profiles[int(p)%len(profiles)]) })
}

// kept is what may be allocated for a document.
var kept = allocbound.Bound{PerByte: 128, Fixed: 16 << 10}

// checkRoundTrip parses b and returns the error; if that succeeds, what is written of it in the profile p must be read
// without loss. One profile for each input: a fuzzer that tries all of them tries a quarter of the inputs.
func checkRoundTrip(t *testing.T, b []byte, p Profile) error {
	var in *Instance
	var err error
	kept.Check(t, len(b), func() { in, err = Parse(b, now, Limits{}) })
	if err != nil {
		if in != nil {
			t.Fatal("an Instance beside an error")
		}
		if !errors.Is(err, errMalformed) && !errors.Is(err, errLimit) && !errors.Is(err, errInstance) {
			t.Fatalf("error of no kind: %v", err)
		}
		return err
	}
	// not to be written
	in.Files = slices.DeleteFunc(in.Files, func(f File) bool { return checkURI(f.ContentLocation) != nil })
	if len(in.Files) == 0 {
		return nil
	}
	xml, err := in.AppendXML(nil, p)
	if p.MBMS() && errors.Is(err, ErrNotWritable) {
		return nil // an encoding that the profile does not have
	}
	if err != nil {
		t.Fatalf("AppendXML(%v): %v\n%s", p, err, b)
	}
	again, err := Parse(xml, now, Limits{Bytes: 1 << 30})
	if errors.Is(err, errLimit) {
		return nil // declarations have moved to the root element
	}
	if err != nil {
		t.Fatalf("written as %v: %v\n%s\n%s", p, err, b, xml)
	}
	if p.profiled() {
		return nil
	}
	in.Namespace = p.Namespace()
	if p == MBMSExtended {
		in.SchemaVersion = max(in.SchemaVersion, schemaVersionMain)
	}
	withoutFaults(in)
	withoutFaults(again)
	if reflect.DeepEqual(in, again) { // many times as fast
		return nil
	}
	if diff := cmp.Diff(in, again, cmp.AllowUnexported(flute.TOI{})); diff != "" {
		t.Fatalf("written as %v (-before +after)\n%s\n%s\n%s", p, diff, b, xml)
	}
	return nil
}

// withoutFaults removes what is not written.
func withoutFaults(in *Instance) {
	in.Rejected, in.RejectedCount, in.Warnings, in.WarningCount = nil, 0, nil, 0
}

// compose makes a well-formed document of any bytes: each is an element, an attribute with its value, text, or an end
// tag. Mutated XML is hardly ever well-formed, and would not come further than the first check.
func compose(choices []byte) []byte {
	names := []string{
		"File", "Group", "Cache-Control", "no-cache", "max-stale", "Expires", "schemaVersion", "delimiter",
		"Base-URL-1",
		"Base-URL-2", "Alternate-Content-Location-1", "Alternate-Content-Location-2", "Alternate-Content-Location",
		"MBMS-Session-Identity", "MBMS-Session-Identity-Expiry", "Extra",
	}
	attrs := []string{"value", "Availability-Time", "private", "xml:lang", "xmlns", "xmlns:x", "xmlns:y", "xmlns:z"}
	for i := range fields {
		attrs = append(attrs, fields[i].local)
	}
	prefixes := []string{"", "", "", "x:", "y:", "z:", "sv:"}
	values := []string{
		"", "0", "1", "2", "5", "6", "77", "129", "255", "256", "3973622400", "true", "gzip", "deflate", "a", "b#1",
		"%41", " 7 ",
		"AAECAwQFBgcICQoLDA0ODw==", "AgABBA==", "AQABBA==", "EAI=", "AA==", "&lt;&amp;&#9;&#13;&#10;]]&gt;&quot;'",
		"urn:x",
		nsRFC6726, nsMBMS2012, nsSV, "2025-12-02T01:02:03Z", "\u00e9\U0001F600",
		"sha-256=:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=:",
	}
	next := func() int {
		if len(choices) == 0 {
			return 0
		}
		c := choices[0]
		choices = choices[1:]
		return int(c)
	}
	var b strings.Builder
	b.WriteString(`<FDT-Instance Expires="3973622400"`)
	stack, used, open := []string{"FDT-Instance"}, map[string]bool{"Expires": true}, true
	shut := func() {
		if open {
			b.WriteByte('>')
			open = false
		}
	}
	start := func(name string) {
		shut()
		b.WriteString("<" + name)
		stack, used, open = append(stack, name), map[string]bool{}, true
	}
	end := func() {
		shut()
		b.WriteString("</" + stack[len(stack)-1] + ">")
		stack = stack[:len(stack)-1]
	}
	attr := func(name, value string) {
		if strings.HasPrefix(name, "xmlns:") && value == "" {
			value = "urn:y" // a prefix cannot be bound to nothing
		}
		if open && !used[name] {
			used[name] = true
			b.WriteString(" " + name + `="` + value + `"`)
		}
	}
	for len(choices) > 0 {
		switch next() % 8 {
		case 0, 1:
			start(prefixes[next()%len(prefixes)] + names[next()%len(names)])
		case 2: // a File that is likely to be accepted
			for len(stack) > 1 {
				end()
			}
			start("File")
			attr("TOI", strconv.Itoa(1+next()))
			attr("Content-Location", "a")
		case 3, 4, 5:
			name := attrs[next()%len(attrs)]
			if !strings.HasPrefix(name, "xml") {
				name = prefixes[next()%len(prefixes)] + name
			}
			attr(name, values[next()%len(values)])
		case 6:
			shut()
			if v := values[next()%len(values)]; next()%4 == 0 {
				b.WriteString("<!-- c --><?pi?><![CDATA[<&]]>")
			} else {
				b.WriteString(v)
			}
		case 7:
			if len(stack) > 1 {
				end()
			}
		}
	}
	for len(stack) > 0 {
		end()
	}
	return []byte(b.String())
}

// FuzzCompose does what FuzzParse does, with documents that are well-formed.
func FuzzCompose(f *testing.F) {
	const most = 256 // choices; more is slower, not richer
	seeds := [][]byte{
		{2, 1}, {2, 1, 3, 13, 0, 2, 3, 14, 0, 12, 3, 15, 0, 10, 2, 2, 0, 0, 1, 6, 14, 1, 7, 0, 4, 15, 6, 23, 0},
	}
	for seed := range 16 {
		b := make([]byte, most)
		r := rand.New(rand.NewPCG(1, uint64(seed)))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		seeds = append(seeds, b)
	}
	for _, b := range seeds {
		for p := range profiles {
			f.Add(b, uint8(p))
		}
	}
	f.Fuzz(func(t *testing.T, choices []byte, p uint8) {
		b := compose(choices[:min(len(choices), most)])
		if err := checkRoundTrip(t, b, profiles[int(p)%len(profiles)]); errors.Is(err, errMalformed) &&
			!contains(err.Error(), "twice") {
			t.Fatalf("well-formed: %v\n%s", err, b)
		}
	})
}
