package fdt

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute"
)

// mbmsSchemas names, for each profile of MBMS, the file of the schemas that 3GPP publishes with TS 26.346. They are not
// ours to copy; whoever has them sets MBMS_XSD to their folder, as interop/schemas.sh does.
var mbmsSchemas = map[string]string{
	"mbms-extended": "FLUTE-FDT-3GPP-Main.xsd",
	"mbms-download": "TS26346_FLUTE-FDT_Profiled.xsd",
	"dvb-mabr":      "TS26346_FLUTE-FDT_Profiled.xsd", // which it extends
}

// schemaFile returns the file of a schema: the one in testdata/xsd, or that of 3GPP.
func schemaFile(schema string) string {
	if dir := os.Getenv("MBMS_XSD"); dir != "" && mbmsSchemas[schema] != "" {
		return filepath.Join(dir, mbmsSchemas[schema])
	}
	return filepath.Join("testdata", "xsd", schema+".xsd")
}

// TestSchemaOfRFC6726: the schema is that of the RFC's text, as testdata/xsd/extract.sh leaves it.
func TestSchemaOfRFC6726(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("testdata", "xsd", "rfc6726.xsd"))
	if err != nil {
		t.Fatal(err)
	}
	at := max(0, bytes.Index(b, []byte("<xs:schema")))
	const want = "58034e938ec4285a66af10409e2ae0cfa030587c863e2ae598c12f0b7d75fa62"
	if got := fmt.Sprintf("%x", sha256.Sum256(b[at:])); got != want {
		t.Errorf("SHA-256 of the schema is %s", got)
	}
}

// validate runs xmllint (Debian: libxml2-utils) over document, against the schema of that name.
func validate(t *testing.T, schema string, document []byte) error {
	t.Helper()
	lint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip("xmllint is not installed")
	}
	cmd := exec.Command(lint, "--nonet", "--noout", "--schema", schemaFile(schema), "-")
	cmd.Stdin = bytes.NewReader(document)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Logf("%.600s", out)
	}
	return err
}

// schemaOf returns the name of the schema of what in is written as.
func schemaOf(in *Instance, p Profile) string {
	if p == RFC3926 && in.SchemaVersion > 0 {
		return MBMSExtended.String()
	}
	return p.String()
}

// TestConf_E62_Schema: what each profile writes is valid by its schema, written from the text of the standards: all
// that an FDT Instance can say, as little as it can, and with what an application adds.
func TestConf_E62_Schema(t *testing.T) {
	own := File{
		TOI: flute.NewTOI(1), ContentLocation: "a", ContentType: "text/plain", ContentLength: new(uint64),
		Groups: []string{"g"}, CacheControl: &CacheControl{MaxStale: true}, ETag: "e",
		Attributes: []Attribute{{"urn:app", "channel", "1 & 2"}},
		Elements:   []Element{{"urn:app", "Show", `<Show xmlns="urn:app" day="1"><b:t xmlns:b="urn:b">x</b:t></Show>`}},
	}
	plain := sample()
	plain.SchemaVersion = 0
	for i := range plain.Files { // elements of later namespaces are not those of the schema of 2005
		plain.Files[i].Elements = nil
	}
	for _, p := range profiles {
		t.Run(p.String(), func(t *testing.T) {
			entry, err := own.Entry(p)
			if err != nil {
				t.Fatal(err)
			}
			for name, in := range map[string]*Instance{
				"all":     sample(),
				"plain":   plain,
				"least":   {Expires: now, Files: []File{{TOI: flute.NewTOI(1), ContentLocation: "a"}}},
				"entries": {Expires: now, Complete: true, FullFDT: true, Groups: []string{"all"}, Entries: []*Entry{entry}},
			} {
				document := mustAppend(t, in, p)
				if err := validate(t, schemaOf(in, p), document); err != nil {
					t.Errorf("%s: %v\n%s", name, err, document)
				}
			}
		})
	}
}

// TestSchemasRefuse: the schemas are no rubber stamps.
func TestSchemasRefuse(t *testing.T) {
	least := &Instance{Expires: now, Files: []File{{TOI: flute.NewTOI(1), ContentLocation: "a"}}}
	for _, p := range profiles {
		document := string(mustAppend(t, least, p))
		for name, bad := range map[string]string{
			"no Expires": strings.Replace(document, " Expires=", " Expire=", 1),
			"empty": document[:strings.Index(document, "<File")] + document[strings.Index(document,
				"</FDT-Instance"):], "TOI 0": strings.Replace(document, `TOI="1"`, `TOI="0"`, 1),
			"no location": strings.Replace(document, "Content-Location", "Content-Loc", 1),
			"namespace":   strings.Replace(document, p.Namespace(), "urn:other", 1),
		} {
			if validate(t, p.String(), []byte(bad)) == nil {
				t.Errorf("%v, %s: valid\n%s", p, name, bad)
			}
		}
		unversioned := strings.Replace(document, "schemaVersion>", "version>", 2)
		if p.MBMS() && validate(t, p.String(), []byte(unversioned)) == nil {
			t.Errorf("%v: valid without a schemaVersion", p)
		}
	}
}

// TestConf_E64_ApplicationExtensions: what an application adds to a File is there when the FDT Instance is read, next
// to others with other namespaces, and in the same bytes each time.
func TestConf_E64_ApplicationExtensions(t *testing.T) {
	entry := func(toi uint64, space string) *Entry {
		f := File{
			TOI: flute.NewTOI(toi), ContentLocation: "a", ETag: "e",
			Attributes: []Attribute{{space, "b", `"1"`}, {"urn:second", "c", "2"}},
			Elements:   []Element{{space, "E", `<x:E xmlns:x="` + space + `"><x:f/></x:E>`}},
		}
		e, err := f.Entry(RFC6726)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	in := &Instance{Expires: now, Groups: []string{"g"}, Entries: []*Entry{entry(1, "urn:x"), entry(2, "urn:y")}}
	document := mustAppend(t, in, RFC6726)
	if again := mustAppend(t, in, RFC6726); !bytes.Equal(again, document) {
		t.Errorf("other bytes:\n%s\n%s", document, again)
	}
	got := mustParse(t, string(document))
	for i, space := range []string{"urn:x", "urn:y"} {
		f := got.Files[i]
		if len(f.Attributes) != 2 || f.Attributes[0] != (Attribute{space, "b", `"1"`}) ||
			f.Attributes[1] != (Attribute{"urn:second", "c", "2"}) {
			t.Errorf("file %d: attributes %q", i, f.Attributes)
		}
		if len(f.Elements) != 1 || f.Elements[0].Space != space || f.Elements[0].Local != "E" {
			t.Errorf("file %d: elements %q", i, f.Elements)
		}
		if f.ETag != "e" || len(f.Groups) != 1 || f.Groups[0] != "g" {
			t.Errorf("file %d: ETag %q, groups %q", i, f.ETag, f.Groups)
		}
	}
}

// manyGroups returns n groups.
func manyGroups(n int) (groups []string) {
	for i := range n {
		groups = append(groups, fmt.Sprint("g", i))
	}
	return groups
}

// manyAttributes returns n attributes.
func manyAttributes(n int) (attributes []Attribute) {
	for i := range n {
		attributes = append(attributes, Attribute{"urn:x", fmt.Sprint("a", i), ""})
	}
	return attributes
}

// TestBadExtensions: what would spoil the FDT Instance of all files is an error of the one.
func TestBadExtensions(t *testing.T) {
	for name, f := range map[string]File{
		"attribute name of the schemas": {Attributes: []Attribute{{"", "TOI", "c"}}},
		"attribute of the FDT":          {Attributes: []Attribute{{nsRFC6726, "b", "c"}}},
		"attribute name":                {Attributes: []Attribute{{"urn:x", "b c", "d"}}},
		"prefixed attribute name":       {Attributes: []Attribute{{"urn:x", "b:c", "d"}}},
		"no attribute name":             {Attributes: []Attribute{{"urn:x", "", "d"}}},
		"declaration":                   {Attributes: []Attribute{{"http://www.w3.org/2000/xmlns/", "b", "d"}}},
		"attribute value":               {Attributes: []Attribute{{"urn:x", "b", "\x00"}}},
		"element of the FDT":            {Elements: []Element{{nsRFC6726, "E", `<E xmlns="` + nsRFC6726 + `"/>`}}},
		"element without a namespace":   {Elements: []Element{{"", "E", `<E/>`}}},
		"another element":               {Elements: []Element{{"urn:x", "E", `<F xmlns="urn:x"/>`}}},
		"another namespace":             {Elements: []Element{{"urn:x", "E", `<E xmlns="urn:y"/>`}}},
		"two elements":                  {Elements: []Element{{"urn:x", "E", `<E xmlns="urn:x"/><E xmlns="urn:x"/>`}}},
		"no element":                    {Elements: []Element{{"urn:x", "E", ``}}},
		"text around it":                {Elements: []Element{{"urn:x", "E", `<E xmlns="urn:x"/>x`}}},
		"half an element":               {Elements: []Element{{"urn:x", "E", `<E xmlns="urn:x">`}}},
		"an end":                        {Elements: []Element{{"urn:x", "E", `</File>`}}},
		"prefix":                        {Elements: []Element{{"urn:x", "E", `<E xmlns="urn:x"><a:b/></E>`}}},
		"prefix of a sibling":           {Elements: []Element{{"urn:x", "E", `<E xmlns="urn:x"><b xmlns:a="urn:a"/><a:b/></E>`}}},
		"attribute prefix":              {Elements: []Element{{"urn:x", "E", `<E xmlns="urn:x" a:b="c"/>`}}},
		"DOCTYPE":                       {Elements: []Element{{"urn:x", "E", `<!DOCTYPE E><E xmlns="urn:x"/>`}}},
		"declaration of XML":            {Elements: []Element{{"urn:x", "E", `<?xml version="1.0"?><E xmlns="urn:x"/>`}}},
		"entity":                        {Elements: []Element{{"urn:x", "E", `<E xmlns="urn:x">&e;</E>`}}},
		"attribute twice":               {Elements: []Element{{"urn:x", "E", `<E xmlns="urn:x" a="1" a="2"/>`}}},
		"attribute twice by prefixes":   {Elements: []Element{{"urn:x", "E", `<E xmlns="urn:x" xmlns:p="p" xmlns:q="p" p:a="" q:a=""/>`}}},
		"attributes without a blank":    {Elements: []Element{{"urn:x", "E", `<E xmlns="urn:x" a="1"b="2"/>`}}},
		"no prefix before the colon":    {Elements: []Element{{"urn:x", "E", `<E xmlns="urn:x"><:a/></E>`}}},
		"no name after the colon":       {Elements: []Element{{"urn:x", "E", `<E xmlns="urn:x" xmlns:a="urn:a"><a: /></E>`}}},
		"prefix of nothing":             {Elements: []Element{{"urn:x", "E", `<E xmlns="urn:x" xmlns:a=""/>`}}},
		"prefix xml":                    {Elements: []Element{{"urn:x", "E", `<E xmlns="urn:x" xmlns:xml="urn:y"/>`}}},
		"prefix xmlns":                  {Elements: []Element{{"urn:x", "E", `<E xmlns="urn:x"><xmlns:b/></E>`}}},
		"elements without end":          {Elements: []Element{{"urn:x", "E", `<E xmlns="urn:x">` + strings.Repeat("<a/>", 600) + "</E>"}}},
		"groups without end":            {Groups: manyGroups(600)},
		"attributes without end":        {Attributes: manyAttributes(100)},
		"nesting":                       {Elements: []Element{{"urn:x", "E", strings.Repeat(`<E xmlns="urn:x">`, 7) + strings.Repeat("</E>", 7)}}},
	} {
		f.TOI, f.ContentLocation = flute.NewTOI(1), "a"
		if e, err := f.Entry(RFC6726); err == nil {
			in := &Instance{Expires: time.Unix(2_000_000_000, 0), Entries: []*Entry{e}}
			document, _ := in.AppendXML(nil, RFC6726)
			t.Errorf("%s: no error\n%s", name, document)
		}
	}
}

// TestParseElement: an element tells its own name; what is none is an error.
func TestParseElement(t *testing.T) {
	const text = `<a:E xmlns:a="urn:x" a:b="1"><a:c/>d</a:E>`
	if e, err := ParseElement(text); err != nil || e != (Element{"urn:x", "E", text}) {
		t.Errorf("%+v, %v", e, err)
	}
	for _, bad := range []string{
		"", "text", "<E/>", "<E xmlns='urn:x'>", "<a:E/>", "<E xmlns='urn:x'/><F/>", "<!-- -->",
	} {
		if e, err := ParseElement(bad); err == nil {
			t.Errorf("%q: %+v", bad, e)
		}
	}
}
