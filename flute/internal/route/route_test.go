package route

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/internal/allocbound"
)

// RFC 9223, section 6.3.1, has the first example.
func TestTemplate(t *testing.T) {
	for _, c := range []struct {
		template string
		toi      uint64
		want     string
	}{
		{"myVideo$TOI%05d$.mps", 33, "myVideo00033.mps"},
		{"a/$TOI$.m4s", 7, "a/7.m4s"},
		{"$TOI%02d$", 12345, "12345"},
		{"$$TOI$$-$TOI$", 1, "$TOI$-1"},
		{"$TOI$/$TOI%03d$", 9, "9/009"},
	} {
		parsed, err := ParseTemplate(c.template)
		if err != nil {
			t.Errorf("%q: %v", c.template, err)
			continue
		}
		if got := parsed.Location(flute.NewTOI(c.toi)); got != c.want {
			t.Errorf("%q: %q, want %q", c.template, got, c.want)
		}
	}
	for _, bad := range []string{
		"", "a", "$", "$TOI", "$$", "$Number$", "$TOI%5d$", "$TOI%0d$", "$TOI%0xd$", "$TOI%099999d$", "$TOI%0-1d$",
		strings.Repeat("$TOI$", 9), "$TOI$" + strings.Repeat("x", maxTemplate),
	} {
		if _, err := ParseTemplate(bad); err == nil {
			t.Errorf("%.20q was taken", bad)
		}
	}
}

// Both forms come out as an FDT Instance that package fdt reads, with what ROUTE adds beside it.
func TestEFDT(t *testing.T) {
	const file = `<File TOI="5" Content-Location="a&amp;b" Content-Length="9" Transfer-Length="9"`
	for name, c := range map[string]struct {
		document string
		files    int
		version  string
		template bool
	}{
		"FDT-Instance": {
			`<f:FDT-Instance xmlns:f="urn:ietf:params:xml:ns:fdt" xmlns:a="tag:atsc.org,2016:XMLSchemas/ATSC3/Delivery/` +
				`ATSC-FDT/1.0" Expires="3900000000" a:efdtVersion="4" a:fileTemplate="x$TOI$" a:maxExpiresDelta="8" ` +
				`a:maxTransportSize="77"><f:File TOI="5" Content-Location="a" a:x="y"/></f:FDT-Instance>`,
			1, "4", true,
		},
		"EFDT": {`<EFDT><FDT-Instance Expires="3900000000">` + file + `/></FDT-Instance></EFDT>`, 1, "", false},
		"before 2017": {
			`<EFDT version="9"><FileTemplate>x$TOI$</FileTemplate><FDTParameters>` + file + `/></FDTParameters></EFDT>`,
			1, "9", true,
		},
		"template alone": {`<FDT-Instance Expires="0" fileTemplate="x$TOI$"/>`, 0, "", true},
		"no Expires":     {`<FDT-Instance Expires="0">` + file + `/></FDT-Instance>`, 1, "", false},
	} {
		e, err := ParseEFDT([]byte(c.document), 3900000000)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if e.Version != c.version || (e.Template != nil) != c.template || (e.Document != nil) != (c.files > 0) {
			t.Errorf("%s: %+v", name, e)
		}
		if name == "FDT-Instance" && (e.MaxSize != 77 || e.MaxExpires != 8*time.Second) {
			t.Errorf("%+v", e)
		}
		if e.Document == nil {
			continue
		}
		in, err := fdt.Parse(e.Document, time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC), fdt.Limits{})
		if err != nil || len(in.Files) != c.files || in.Files[0].ContentLocation[:1] != "a" ||
			in.Expires.Year() != 2023 || in.WarningCount > 0 || in.RejectedCount > 0 {
			t.Errorf("%s: %+v, %v\n%s", name, in, err, e.Document)
		}
	}
	for name, bad := range map[string]string{
		"empty":       "<FDT-Instance Expires='1'/>",
		"other":       "<MPD/>",
		"no XML":      "garbage",
		"two roots":   "<EFDT/><EFDT/>",
		"doctype":     `<!DOCTYPE x [<!ENTITY a "b">]><FDT-Instance fileTemplate="$TOI$"/>`,
		"deep":        strings.Repeat("<a>", 50) + strings.Repeat("</a>", 50),
		"many":        "<a>" + strings.Repeat("<b/>", maxNodes+1) + "</a>",
		"long":        "<a>" + strings.Repeat(" ", MaxDocument) + "</a>",
		"long delta":  `<FDT-Instance maxExpiresDelta="4294967296" fileTemplate="$TOI$"/>`,
		"delta":       `<FDT-Instance maxExpiresDelta="-1" fileTemplate="$TOI$"/>`,
		"size":        `<FDT-Instance maxTransportSize="x" fileTemplate="$TOI$"/>`,
		"template":    `<FDT-Instance fileTemplate="$Time$"/>`,
		"not closed":  `<FDT-Instance fileTemplate="$TOI$">`,
		"cut":         `<FDT-Instance fileTempl`,
		"bad entity":  `<FDT-Instance fileTemplate="&x;$TOI$"/>`,
		"empty input": "",
	} {
		if e, err := ParseEFDT([]byte(bad), 1); err == nil {
			t.Errorf("%s was taken: %+v", name, e)
		}
	}
}

// A long namespace is not written out for each attribute or flow that is in it: some kilobytes would become gigabytes.
func TestNamespaceBomb(t *testing.T) {
	space := strings.Repeat("u", 64<<10)
	file := "<File " + strings.Repeat(`a:b="" `, 40) + "/>"
	flow := `<LS tsi="1"><SrcFlow><FDT-Instance Expires="1" a:x=""><File/></FDT-Instance></SrcFlow></LS>`
	for name, read := range map[string]func() error{
		"FDT-Instance": func() error {
			_, err := ParseEFDT([]byte(`<FDT-Instance xmlns:a="`+space+`">`+file+`</FDT-Instance>`), 1)
			return err
		},
		"S-TSID": func() error {
			_, err := ParseSignalling([]byte(`<S-TSID xmlns:a="`+space+`"><RS>`+strings.Repeat(flow, 20)+
				`</RS></S-TSID>`), 1)
			return err
		},
	} {
		if err := read(); !errors.Is(err, errDocument) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is read in many small parts is not copied anew with each of them.
func TestManyParts(t *testing.T) {
	bound := allocbound.Bound{PerByte: 256, Fixed: 1 << 20}
	head := "A: b\n" + strings.Repeat(" a\n", 10_000)
	bound.Check(t, len(head), func() {
		if _, err := ParseHead([]byte(head)); !errors.Is(err, ErrShortHead) {
			t.Error(err)
		}
	})
	document := `<FDT-Instance fileTemplate="$TOI$">` + strings.Repeat("a<!---->", 30_000) + "</FDT-Instance>"
	bound.Check(t, len(document), func() {
		if _, err := ParseEFDT([]byte(document), 1); err != nil {
			t.Error(err)
		}
	})
}

// A Content-Length that equals the Transfer-Length of an encoded file is no Content-Length.
func TestHonestLength(t *testing.T) {
	for encoding, want := range map[string]bool{"": true, "null": true, "gzip": false} {
		e, err := ParseEFDT([]byte(`<FDT-Instance Expires="1"><File TOI="1" Content-Location="a" Content-Length="9" `+
			`Transfer-Length="9" Content-Encoding="`+encoding+`"/></FDT-Instance>`), 1)
		if err != nil || strings.Contains(string(e.Document), "Content-Length") != want {
			t.Errorf("%q: %s, %v", encoding, e.Document, err)
		}
	}
}

func TestHead(t *testing.T) {
	const text = "HTTP/1.1 200 OK\r\nContent-Type: a/b;\r\n\tc=d\r\nContent-Location: x/y\r\nContent-Length: 12\r\n" +
		"Transfer-Encoding: Chunked\r\nContent-Digest: sha-256=:" +
		"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:\r\nX-Other: 1\r\n\r\n"
	h, err := ParseHead([]byte(text + "body\n\n"))
	if err != nil || h.Len != len(text) || h.Location != "x/y" || h.Type != "a/b; c=d" || *h.Length != 12 ||
		!h.Chunked || len(h.SHA256) != 32 {
		t.Errorf("%+v, %v", h, err)
	}
	for i := range text {
		if _, err := ParseHead([]byte(text[:i])); !errors.Is(err, ErrShortHead) {
			t.Fatalf("%d bytes: %v", i, err)
		}
	}
	for _, bad := range []string{
		"no field\r\n\r\n", "a b: c\n\n", ": x\n\n", "\x00\x01\x02\n\n", strings.Repeat("a: b\n", MaxHead),
	} {
		if h, err := ParseHead([]byte(bad)); err == nil || errors.Is(err, ErrShortHead) {
			t.Errorf("%.20q: %+v, %v", bad, h, err)
		}
	}
}

func FuzzDocuments(f *testing.F) {
	f.Add([]byte(`<EFDT version="9"><FileTemplate>x$TOI$</FileTemplate><FDTParameters><File TOI="1"/></FDTParameters></EFDT>`))
	f.Add([]byte(`<S-TSID><RS dIpAddr="239.1.1.1" dPort="9"><LS tsi="1"><SrcFlow><EFDT><FDT-Instance fileTemplate="$TOI$"/>` +
		`</EFDT><Payload codePoint="8" srcFecPayloadId="1"/></SrcFlow></LS></RS></S-TSID>`))
	f.Add([]byte("Content-Type: multipart/related; boundary=x\n\n--x\n" +
		"Content-Type: application/route-s-tsid+xml\n\n<S-TSID/>\n--x--"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if e, err := ParseEFDT(b, 3900000000); err == nil && e.Document != nil {
			again, err := ParseEFDT(e.Document, 1)
			if err != nil || string(again.Document) != string(e.Document) {
				t.Errorf("%v\n%s\n%s", err, e.Document, again.Document)
			}
		}
		_, _ = ParseSignalling(b, 1)
		if h, err := ParseHead(b); err == nil && (h.Len <= 0 || h.Len > len(b)) {
			t.Errorf("%+v", h)
		}
	})
}

// RFC 9223, section 2.1, table 1: what codepoints mean without an S-TSID.
func TestPayloadOf(t *testing.T) {
	for codepoint := range 256 {
		want := FileMode
		switch codepoint {
		case 2, 9:
			want = EntityMode
		case 3:
			want = UnsignedPackage
		case 4:
			want = SignedPackage
		}
		p := PayloadOf(uint8(codepoint))
		if p.Mode != want || p.ID != StartOffset {
			t.Errorf("codepoint %d: %+v", codepoint, p)
		}
		if is := codepoint == 5 || codepoint == 6; NewSegment(uint8(codepoint)) != is {
			t.Errorf("codepoint %d: a new segment: %v", codepoint, !is)
		}
	}
}

// What stands before the first boundary of a package is no part of it.
func TestPreambleIsNoPart(t *testing.T) {
	const text = `<S-TSID><RS><LS tsi="%d"><SrcFlow/></LS></RS></S-TSID>`
	head := "Content-Type: multipart/related; boundary=x\r\n\r\n"
	b := head + fmt.Sprintf(text, 1) + "\r\n--x\r\nContent-Type: application/route-s-tsid+xml\r\n\r\n" +
		fmt.Sprintf(text, 2) + "\r\n--x--\r\n"
	flows, err := ParseSignalling([]byte(b), 1)
	if err != nil || len(flows) != 1 || flows[0].TSI != 2 {
		t.Errorf("%+v, %v", flows, err)
	}
}

// Bounds are what is taken at most: one byte more is not.
func TestBoundsAreTaken(t *testing.T) {
	text := "$TOI$" + strings.Repeat("x", maxTemplate-5)
	if _, err := ParseTemplate(text); err != nil {
		t.Errorf("a template of %d bytes: %v", len(text), err)
	}
	if _, err := ParseTemplate(text + "x"); err == nil {
		t.Errorf("a template of %d bytes is taken", len(text)+1)
	}
	document := "<a>" + strings.Repeat(" ", MaxDocument-7) + "</a>"
	if _, err := parseTree([]byte(document)); err != nil {
		t.Errorf("a document of %d bytes: %v", len(document), err)
	}
	if _, err := parseTree([]byte(document + " ")); err == nil {
		t.Errorf("a document of %d bytes is taken", len(document)+1)
	}
}

// RFC 9223, section 3.2: a codepoint whose payload names symbols needs their length, which FEC OTI tells.
func TestPayloadsWithSymbols(t *testing.T) {
	for oti, want := range map[string]uint16{
		"AAAAAAAABXg=": 1400, "AAAAAAAABXg": 0, "AAAAAAAABXg=!": 0, "AAAA": 0, "": 0,
	} {
		b := fmt.Sprintf(`<S-TSID><RS><LS tsi="1"><SrcFlow><Payload codePoint="8" srcFecPayloadId="%d">`+
			`<FECParameters fecOTI="%s"/></Payload></SrcFlow></LS></RS></S-TSID>`, SymbolID, oti)
		flows, err := ParseSignalling([]byte(b), 1)
		if err != nil || len(flows) != 1 {
			t.Fatalf("%q: %+v, %v", oti, flows, err)
		}
		if p, ok := flows[0].Payloads[8]; ok != (want > 0) || p.SymbolLength != want {
			t.Errorf("%q: %+v, %v, want %d", oti, p, ok, want)
		}
	}
}

// TestHeadFields: each field is read as HTTP has it; a value that cannot be right is as if it was absent.
func TestHeadFields(t *testing.T) {
	const (
		sum  = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
		hexa = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
		md5  = "1B2M2Y8AsgTpgAmY7PhCfg=="
	)
	for text, want := range map[string]struct {
		encoding    string
		length      uint64 // 0: absent
		md5, sha256 bool
		chunked     bool
	}{
		"":                                        {},
		"Content-Encoding: GZip":                  {encoding: "gzip"},
		"Content-Length: 12":                      {length: 12},
		"content-length:12":                       {length: 12},
		"Content-Length: -1":                      {},
		"Content-Length: 1e3":                     {},
		"Content-Length: 9223372036854775807":     {length: 1<<63 - 1},
		"Content-Length: 9223372036854775808":     {},
		"Transfer-Encoding: chunked":              {chunked: true},
		"Transfer-Encoding: gzip":                 {},
		"Content-MD5: " + md5:                     {md5: true},
		"Content-MD5: AAAA":                       {},
		"Content-MD5: " + sum:                     {},
		"Content-MD5: ?":                          {},
		"Digest: SHA-256=" + sum:                  {sha256: true},
		"Digest: sha-256=" + hexa:                 {sha256: true},
		"Digest: md5=" + md5 + ", sha-256=" + sum: {sha256: true},
		"Digest: sha-256=AAAA, sha-256=" + sum:    {sha256: true},
		"Digest: sha-256=" + md5:                  {},
		"Digest: sha-256=" + hexa[2:]:             {},
		"Digest: sha-512=" + sum:                  {},
	} {
		h, err := ParseHead([]byte(text + "\n\n"))
		if text == "" {
			h, err = ParseHead([]byte("\n"))
		}
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		length := uint64(0)
		if h.Length != nil {
			length = *h.Length
		}
		if h.Encoding != want.encoding || length != want.length || h.Chunked != want.chunked ||
			(h.MD5 != nil) != want.md5 || (h.SHA256 != nil) != want.sha256 {
			t.Errorf("%q: %+v", text, h)
		}
	}
	for text, ok := range map[string]bool{
		" folded: onto nothing\n\n": false, "\tfolded: onto nothing\n\n": false, "a: b\n c\n\n": true,
		"a: b\nHTTP/1.1 200 OK\n\n": false, "HTTP/1.1 200 OK\n\n": true,
		"a: " + strings.Repeat("x", MaxHead-5) + "\n\n": true, "a: " + strings.Repeat("x", MaxHead-4) + "\n\n": false,
	} {
		if h, err := ParseHead([]byte(text)); (err == nil) != ok || ok && h.Len != len(text) {
			t.Errorf("%.30q: %+v, %v", text, h, err)
		}
	}
}

// TestFlows: where the flows of an S-TSID go, what their codepoints mean, and at which bounds it is refused.
func TestFlows(t *testing.T) {
	flows := func(rs string) ([]Flow, error) {
		return ParseSignalling([]byte(`<S-TSID xmlns="urn:s"><Other/>`+rs+`</S-TSID>`), 1)
	}
	const ls = `<LS tsi="4294967295"><SrcFlow/></LS>`
	for rs, want := range map[string]string{ // group and port; empty: it is refused
		`<RS>` + ls + `</RS>`: "invalid AddrPort",
		`<RS dIpAddr="239.1.1.1" dPort="65535">` + ls + `</RS>`: "239.1.1.1:65535",
		`<RS dIpAddr="ff15::1" dPort="0">` + ls + `</RS>`:       "[ff15::1]:0",
		`<RS dIpAddr="239.1.1.1" dPort="65536">` + ls + `</RS>`: "",
		`<RS dIpAddr="239.1.1.1">` + ls + `</RS>`:               "",
		`<RS dIpAddr="239.1.1" dPort="1">` + ls + `</RS>`:       "",
		`<RS><LS tsi="4294967296"><SrcFlow/></LS></RS>`:         "",
		`<RS><LS><SrcFlow/></LS></RS>`:                          "",
		`<RS><LS tsi="x"/><Other tsi="x"/>` + ls + `</RS>`:      "invalid AddrPort", // no source flows
	} {
		got, err := flows(rs)
		if (err == nil) != (want != "") || err == nil && (len(got) != 1 || got[0].Group.String() != want ||
			got[0].TSI != 1<<32-1) {
			t.Errorf("%s: %+v, %v", rs, got, err)
		}
	}
	for payload, want := range map[string]Payload{
		`codePoint="255" formatId="2"`:   {Mode: EntityMode},
		`codePoint="255" formatId="x"`:   {Mode: FileMode},
		`codePoint="255"`:                {Mode: FileMode},
		`codePoint="255" formatId="256"`: {Mode: FileMode},
	} {
		got, err := flows(`<RS><LS tsi="1"><SrcFlow><Payload ` + payload + `/></SrcFlow></LS></RS>`)
		if err != nil || len(got) != 1 {
			t.Fatalf("%s: %+v, %v", payload, got, err)
		}
		if p, ok := got[0].Payloads[255]; !ok || p.Mode != want.Mode || p.ID != StartOffset {
			t.Errorf("%s: %+v", payload, got[0].Payloads)
		}
	}
	for n, ok := range map[int]bool{maxFlows: true, maxFlows + 1: false} {
		if got, err := flows(`<RS>` + strings.Repeat(ls, n) + `</RS>`); (err == nil) != ok || ok && len(got) != n {
			t.Errorf("%d flows: %d, %v", n, len(got), err)
		}
	}
}

// TestWrittenTwice: what is written of a document says the same as the document, namespaces and all.
func TestWrittenTwice(t *testing.T) {
	for document, want := range map[string]string{
		`<a/>`:                                               `<a></a>`,
		`<a xmlns="u"><b>&lt;</b></a>`:                       `<a xmlns="u"><b>&lt;</b></a>`,
		`<a xmlns="u"><b xmlns=""/></a>`:                     `<a xmlns="u"><b xmlns=""></b></a>`,
		`<p:a xmlns:p="u"><p:b/><c/></p:a>`:                  `<a xmlns="u"><b></b><c xmlns=""></c></a>`,
		`<a xmlns:p="u" xmlns:q="v" p:x="1" y="2" q:z="3"/>`: `<a xmlns:n1="u" n1:x="1" y="2" xmlns:n2="v" n2:z="3"></a>`,
		`<a> <b>x</b> y </a>`:                                `<a> y <b>x</b></a>`,
	} {
		root, err := parseTree([]byte(document))
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if root.write(&b, ""); b.String() != want {
			t.Errorf("%s: %s, want %s", document, b.String(), want)
		}
	}
	for _, bad := range []string{"", " ", "<a/><b/>", "<a>", "<!DOCTYPE a><a/>", "x"} {
		if root, err := parseTree([]byte(bad)); err == nil {
			t.Errorf("%q: %+v", bad, root)
		}
	}
}
