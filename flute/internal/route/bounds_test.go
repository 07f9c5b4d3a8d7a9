package route

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute"
)

// Each bound of a document is taken, and one more is not: whatever the document is.
func TestBoundsOfDocuments(t *testing.T) {
	for name, c := range map[string]struct {
		most     int
		document func(n int) string
	}{
		"elements": {maxNodes, func(n int) string { return "<a>" + strings.Repeat("<b/>", n-1) + "</a>" }},
		"depth":    {maxDepth, func(n int) string { return strings.Repeat("<a>", n) + strings.Repeat("</a>", n) }},
		"attributes": {maxAttrs, func(n int) string {
			var b strings.Builder
			for i := range n {
				fmt.Fprintf(&b, ` a%d=""`, i)
			}
			return "<a" + b.String() + "/>"
		}},
	} {
		if _, err := parseTree([]byte(c.document(c.most))); err != nil {
			t.Errorf("%s: %d: %v", name, c.most, err)
		}
		if _, err := parseTree([]byte(c.document(c.most + 1))); !errors.Is(err, errDocument) {
			t.Errorf("%s: %d are taken: %v", name, c.most+1, err)
		}
	}
}

// A document that becomes too long in the form of FLUTE is refused; one that does not is written whole.
func TestBoundOfWhatIsWritten(t *testing.T) {
	space := strings.Repeat("u", 100<<10)
	read := func(pad int) (*EFDT, error) {
		return ParseEFDT([]byte(`<FDT-Instance Expires="1" xmlns:a="`+space+`"><File a:b="" a:c="" a:d="" a:e="`+
			strings.Repeat("x", pad)+`" f=""/><File a:b="1"/></FDT-Instance>`), 1)
	}
	short, err := read(0)
	if err != nil {
		t.Fatal(err)
	}
	most := maxWritten - len(short.Document)
	for _, pad := range []int{most - 1, most, most + 1} {
		e, err := read(pad)
		if (err == nil) != (pad <= most) {
			t.Errorf("%d bytes: %v", len(short.Document)+pad, err)
		}
		if err == nil && len(e.Document) != len(short.Document)+pad {
			t.Errorf("%d bytes are written of %d", len(e.Document), len(short.Document)+pad)
		}
	}
	// Wherever in a document the bound is met, before an attribute or an element, what follows is not left out unseen.
	root, err := parseTree([]byte(`<r a="1" b="2"><c/><d/></r>`))
	if err != nil {
		t.Fatal(err)
	}
	const text = `<r a="1" b="2"><c></c><d></d></r>`
	for start := maxWritten - len(text) - 1; start <= maxWritten; start++ {
		var b bytes.Buffer
		b.Write(make([]byte, start))
		if root.write(&b, ""); (b.Len() <= maxWritten) != (start+len(text) <= maxWritten) {
			t.Errorf("from %d on: %d bytes", start, b.Len())
		}
	}
}

// What the FDT Instances of an S-TSID hold together is bounded, too.
func TestBoundOfFlows(t *testing.T) {
	space := strings.Repeat("u", 100<<10)
	flow := `<LS tsi="1"><SrcFlow><FDT-Instance Expires="1" a:x="" efdtVersion="%s"><File/></FDT-Instance></SrcFlow></LS>`
	read := func(pad int) ([]Flow, error) {
		return ParseSignalling([]byte(`<S-TSID xmlns:a="`+space+`"><RS>`+strings.Repeat(fmt.Sprintf(flow, ""), 4)+
			fmt.Sprintf(flow, strings.Repeat("x", pad))+`</RS></S-TSID>`), 1)
	}
	flows, err := read(0)
	if err != nil {
		t.Fatal(err)
	}
	most := maxWritten
	for _, f := range flows {
		most -= f.EFDT.Len()
	}
	if _, err := read(most); err != nil {
		t.Errorf("%d bytes: %v", maxWritten, err)
	}
	if _, err := read(most + 1); !errors.Is(err, errDocument) {
		t.Errorf("%d bytes: %v", maxWritten+1, err)
	}
}

// RFC 9223, section 4.1.1: "%0[width]d", and nothing else between TOI and the second $.
func TestWidthsOfTemplates(t *testing.T) {
	wide := fmt.Sprintf("$TOI%%0%dd$", maxWidth)
	for template, want := range map[string]string{
		"$TOI%00d$":                      "7",
		"$TOI%01d$":                      "7",
		"$TOI%02d$":                      "07",
		wide:                             strings.Repeat("0", maxWidth-1) + "7",
		strings.Repeat("$TOI$", maxTOIs): strings.Repeat("7", maxTOIs),

		fmt.Sprintf("$TOI%%0%dd$", maxWidth+1): "", strings.Repeat("$TOI$", maxTOIs+1): "",
		"$TOI5d$": "", "$TOI%05$": "", "$TOI%0+5d$": "", "$TOI%0 5d$": "", "$toi$": "", "$TOI %05d$": "",
	} {
		parsed, err := ParseTemplate(template)
		if (err == nil) != (want != "") || err == nil && parsed.Location(flute.NewTOI(7)) != want {
			t.Errorf("%q: %+v, %v, want %q", template, parsed, err, want)
		}
	}
}

// A head that does not end within MaxHead is none, whether or not what was read of it ends with a line.
func TestBoundOfHeads(t *testing.T) {
	for text, want := range map[string]error{
		strings.Repeat("x", MaxHead-1):                ErrShortHead,
		strings.Repeat("x", MaxHead):                  errHead,
		"a: " + strings.Repeat("x", MaxHead-5) + "\n": ErrShortHead,
		"a: " + strings.Repeat("x", MaxHead-4) + "\n": errHead,
		"a\n\n": errHead, // a field has a colon, however short
		" \n\n": errHead,
	} {
		if _, err := ParseHead([]byte(text)); !errors.Is(err, want) {
			t.Errorf("%d bytes, %.5q: %v, want %v", len(text), text, err, want)
		}
	}
}

// ROUTE's additions are read from either element, and an empty fileTemplate is as if it was absent. The File elements
// of the older form, which have no namespace, get that of FLUTE.
func TestExtensions(t *testing.T) {
	const file = `<File TOI="5"/>`
	const plain = `<FDT-Instance xmlns="urn:ietf:params:xml:ns:fdt" Expires="1"><File TOI="5"></File></FDT-Instance>`
	for document, want := range map[string]EFDT{
		`<FDT-Instance Expires="1" fileTemplate="">` + file + `</FDT-Instance>`:              {},
		`<EFDT><FileTemplate/><FDT-Instance Expires="1">` + file + `</FDT-Instance></EFDT>`:  {},
		`<EFDT version="2"><FDTParameters>` + file + `</FDTParameters></EFDT>`:               {Version: "2"},
		`<EFDT version="2"><FDT-Instance efdtVersion="3">` + file + `</FDT-Instance></EFDT>`: {Version: "3"},
		`<EFDT maxExpiresDelta="100"><FDTParameters>` + file + `</FDTParameters></EFDT>`: {
			MaxExpires: 100 * time.Second,
		},
		`<EFDT maxExpiresDelta="100" maxTransportSize="100"><FDT-Instance maxExpiresDelta="10" maxTransportSize="10">` +
			file + `</FDT-Instance></EFDT>`: {MaxExpires: 10 * time.Second, MaxSize: 10},
		`<FDT-Instance maxExpiresDelta="4294967295">` + file + `</FDT-Instance>`: {MaxExpires: maxExpires},
	} {
		e, err := ParseEFDT([]byte(document), 1)
		if err != nil || string(e.Document) != plain || e.Version != want.Version || e.MaxExpires != want.MaxExpires ||
			e.MaxSize != want.MaxSize || e.Template != nil {
			t.Errorf("%s: %+v, %v\n%s", document, e, err, e.Document)
		}
	}
	// An FDT-Instance's own template goes before that of the EFDT around it.
	e, err := ParseEFDT([]byte(`<EFDT><FileTemplate>a$TOI$</FileTemplate><FDT-Instance fileTemplate="b$TOI$" `+
		`Content-Type="x/y"/></EFDT>`), 1)
	if err != nil || e.Template.Location(flute.NewTOI(1)) != "b1" || e.ContentType != "x/y" || e.Document != nil {
		t.Errorf("%+v, %v", e, err)
	}
}

// sTSID returns an S-TSID with one flow.
func sTSID(tsi int) string {
	return fmt.Sprintf(`<S-TSID><RS><LS tsi="%d"><SrcFlow/></LS></RS></S-TSID>`, tsi)
}

// RFC 2046, section 5.1: packages may contain packages, parameters come in any order, with quotes or without.
func TestPackages(t *testing.T) {
	wrap := func(b string, n int) string {
		for i := range n {
			b = fmt.Sprintf("Content-Type: multipart/related; boundary=b%d\n\n--b%d\n%s\n--b%d--\n", i, i, b, i)
		}
		return b
	}
	document := "Content-Type: application/route-s-tsid+xml\n\n" + sTSID(1)
	head := func(parameters string) string {
		return "Content-Type: " + parameters + "\n\n--x\n" + document + "\n--x--\n"
	}
	many := func(before int) string {
		return "Content-Type: multipart/mixed;boundary=x\n\n" + strings.Repeat("--x\n\n", before) + "--x\n" + document +
			"\n--x--\n"
	}
	for name, c := range map[string]struct {
		text string
		want int
	}{
		"alone":               {document, 1},
		"no package":          {sTSID(1), 1},
		"nested":              {wrap(document, maxNesting), 1},
		"nested too deep":     {wrap(document, maxNesting+1), 0},
		"boundary first":      {head("multipart/related; boundary=x; type=y"), 1},
		"boundary last":       {head(`Multipart/Related; type="application/x"; BOUNDARY="x"`), 1},
		"no boundary":         {head(`multipart/related; type=x; boundary`), 0},
		"not multipart":       {head(`text/plain; boundary=x`), 0},
		"last part":           {many(maxFlows - 1), 1},
		"beyond the last":     {many(maxFlows), 0},
		"a long comment":      {"<!--" + strings.Repeat("x", 2000) + "-->" + sTSID(1), 1},
		"another root":        {`<MPD a="S-TSID"/>`, 0},
		"a bad one before it": {"Content-Type: multipart/mixed; boundary=x\n\n--x\n\n<a>S-TSID\n--x\n\n" + sTSID(1), 1},
	} {
		if flows, err := ParseSignalling([]byte(c.text), 1); err != nil || len(flows) != c.want {
			t.Errorf("%s: %+v, %v", name, flows, err)
		}
	}
	if flows, err := ParseSignalling([]byte("<S-TSID>"), 1); !errors.Is(err, errDocument) {
		t.Errorf("%+v, %v", flows, err)
	}
}

// RFC 9223, section 3.2: a codepoint whose payload names symbols needs their length, from FEC OTI in either form; an
// absent codePoint is 0.
func TestPayloads(t *testing.T) {
	const one, long = "AAAAAAAAAAE=", "AAAAAAAABXg=" // T = 1 and 1400
	for payload, want := range map[string]uint16{    // 0: there is none
		`<Payload srcFecPayloadId="2"><FECParameters fecOTI="` + one + `"/></Payload>`:                          1,
		`<Payload srcFecPayloadId="2"><FECParameters><FECOTI> ` + long + ` </FECOTI></FECParameters></Payload>`: 1400,
		`<Payload srcFecPayloadId="2"><FECParameters fecOTI="` + one + `"><FECOTI>` + long +
			`</FECOTI></FECParameters></Payload>`: 1,
		`<Payload srcFecPayloadId="2"><FECParameters/></Payload>`: 0,
		`<Payload srcFecPayloadId="2"/>`:                          0,
	} {
		text := `<S-TSID><RS><LS tsi="1"><SrcFlow>` + payload + `</SrcFlow></LS></RS></S-TSID>`
		flows, err := ParseSignalling([]byte(text), 1)
		if err != nil || len(flows) != 1 {
			t.Fatalf("%s: %+v, %v", payload, flows, err)
		}
		if p, ok := flows[0].Payloads[0]; ok != (want > 0) || p.SymbolLength != want || ok && p.ID != SymbolID {
			t.Errorf("%s: %+v, want %d", payload, flows[0].Payloads, want)
		}
	}
}

// An EFDT may have a template and no FDT-Instance. All that it keeps counts.
func TestTemplateWithoutInstance(t *testing.T) {
	e, err := ParseEFDT([]byte(`<EFDT version="12"><FileTemplate>abc$TOI$def$$g</FileTemplate></EFDT>`), 1)
	if err != nil || e.Document != nil || e.Version != "12" || e.Template.Location(flute.NewTOI(1)) != "abc1def$g" {
		t.Fatalf("%+v, %v", e, err)
	}
	e.Document, e.ContentType = make([]byte, 100), "text/plain"
	if want := 100 + len("12") + len("text/plain") + len("abc") + len("def$") + len("g"); e.Len() != want {
		t.Errorf("%d bytes, want %d", e.Len(), want)
	}
}
