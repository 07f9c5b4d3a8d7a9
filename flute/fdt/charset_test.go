package fdt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/flute"
)

// inUTF16 writes s with a byte order mark, or without.
func inUTF16(s string, order binary.AppendByteOrder, mark bool) string {
	var b []byte
	if mark {
		b = order.AppendUint16(b, 0xfeff)
	}
	for _, u := range utf16.Encode([]rune(s)) {
		b = order.AppendUint16(b, u)
	}
	return string(b)
}

// TestCharsets: RFC 6726 wants UTF-8, senders have other ways. Whatever a program can read is read.
func TestCharsets(t *testing.T) {
	of := func(location string) string { return doc("", `<File TOI="1" Content-Location="`+location+`"/>`) }
	declare := func(label, rest string) string { return `<?xml version="1.0" encoding="` + label + `"?>` + rest }
	tests := map[string]struct{ xml, want string }{
		"byte order mark":           {"\uFEFF" + declare("UTF-8", of("é")), "é"},
		"blanks before":             {"\r\n " + declare("UTF-8", of("é")), "é"},
		"apostrophes":               {`<?xml version='1.0' encoding='latin1' standalone='yes' ?>` + of("\xe9"), "é"},
		"blanks in the declaration": {"<?xml\n version = \"1.0\"\tencoding = \"latin1\" ?>" + of("\xe9"), "é"},
		"only a version":            {`<?xml version="1.0"?>` + of("é"), "é"},
		"XML 1.1":                   {`<?xml version="1.1" encoding="UTF-8"?>` + of("é"), "é"},
		"another instruction":       {`<?xml-stylesheet href="a"?>` + of("é"), "é"},
		"one NUL":                   {of("é") + "\x00", "é"},
		"many NULs":                 {of("é") + "\n" + strings.Repeat("\x00", 60) + "\n", "é"},
		"UTF-16 without a label":    {inUTF16(of("é\U0001F600"), binary.LittleEndian, true), "é\U0001F600"},
		"UTF-16BE":                  {inUTF16(declare("UTF-16", of("é\U0001F600")), binary.BigEndian, true), "é\U0001F600"},
		"UTF-16 without a mark":     {inUTF16(declare("UTF-16", of("é")), binary.LittleEndian, false), "é"},
		"UTF-16BE without a mark":   {inUTF16(declare("UTF-16BE", of("é")), binary.BigEndian, false), "é"},
		"UTF-16 and NULs":           {inUTF16(of("é")+"\x00\x00", binary.LittleEndian, true) + "\x00", "é"},
		"UTF-16 labelled UTF-8":     {inUTF16(declare("UTF-8", of("é")), binary.LittleEndian, true), "é"},
		"UTF-8 labelled UTF-16":     {declare("utf-16", of("é")), "é"}, // what a writer of strings leaves behind
		"windows-1252":              {declare("windows-1252", of("\x80\x8a\xe9\x9f\xff")), "€ŠéŸÿ"},
		"ISO-8859-15":               {declare("ISO-8859-15", of("\xa4\xa6\xa8\xb4\xb8\xbc\xbd\xbe\xe9")), "€ŠšŽžŒœŸé"},
		"a charset not known":       {declare("Shift_JIS", of("a")), "a"},
	}
	for _, label := range []string{"utf8", "UTF8", "utf-8", "UTF-8", " UTF-8 ", "US-ASCII", "ascii", ""} {
		tests[label] = struct{ xml, want string }{declare(label, of("é")), "é"}
	}
	for _, label := range []string{"ISO-8859-1", "iso-8859-1", "ISO8859-1", "latin1"} {
		tests[label] = struct{ xml, want string }{declare(label, of("\xa4\xe9\xff")), "¤éÿ"}
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			in := mustParse(t, tt.xml)
			if len(in.Files) != 1 || in.Files[0].ContentLocation != tt.want {
				t.Errorf("%+v, not %+q; rejected %v", in.Files, tt.want, in.Rejected)
			}
		})
	}
}

// TestWindows1252 compares the whole upper half with the code chart.
func TestWindows1252(t *testing.T) {
	var want strings.Builder
	want.WriteString("€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ")
	for r := rune(0xa0); r <= 0xff; r++ {
		want.WriteString(string(r))
	}
	var got strings.Builder
	for b := 0x80; b <= 0xff; b++ {
		got.WriteRune(windows1252.char(byte(b)))
	}
	if got.String() != want.String() {
		t.Errorf("%q, not %q", got.String(), want.String())
	}
}

// TestCharsetsStayWithinLimits: what a document becomes in UTF-8 counts.
func TestCharsetsStayWithinLimits(t *testing.T) {
	long := strings.Repeat("x", 4000)
	for name, xml := range map[string]string{
		"windows-1252": `<?xml version="1.0" encoding="windows-1252"?>` + doc("", "<!-- "+strings.Repeat("\x80", 4000)+
			" -->"),
		"ISO-8859-1": `<?xml version="1.0" encoding="latin1"?>` + doc("", "<!-- "+strings.Repeat("\xe9", 4000)+" -->"),
		"UTF-16":     inUTF16(doc("", "<!-- "+strings.Repeat("€", 4000)+" -->"), binary.LittleEndian, true),
		"UTF-8":      doc("", "<!-- "+long+long+long+" -->"),
		"NULs":       doc("", "") + strings.Repeat("\x00", 10_000),
	} {
		if _, err := Parse([]byte(xml), now, Limits{Bytes: len(xml) * 11 / 10}); name != "UTF-8" && name != "NULs" &&
			!errors.Is(err, errLimit) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := Parse([]byte(xml), now, Limits{Bytes: len(xml) - 1}); !errors.Is(err, errLimit) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := Parse([]byte(xml), now, Limits{Bytes: 3 * len(xml)}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDangerInOtherCharsets: what is refused in UTF-8 is refused in every charset.
func TestDangerInOtherCharsets(t *testing.T) {
	bomb := `<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>` + doc("", `<File TOI="1" Content-Location="&b;"/>`)
	for name, xml := range map[string]string{
		"UTF-16":             inUTF16(bomb, binary.LittleEndian, true),
		"windows-1252":       `<?xml version="1.1" encoding="windows-1252"?>` + bomb,
		"inside NULs":        doc("", plainFile) + "\x00\x00" + bomb,
		"NUL inside":         doc("", plainFile+"\x00"),
		"NUL inside, UTF-16": inUTF16(doc("", plainFile+"\x00"), binary.BigEndian, true),
	} {
		if in, err := Parse([]byte(xml), now, Limits{}); !errors.Is(err, errMalformed) {
			t.Errorf("%s: %+v, %v", name, in, err)
		}
	}
}

// TestTakenWithout: what cannot be read of a File, and can be done without, does not cost the File.
func TestTakenWithout(t *testing.T) {
	for _, tt := range []struct{ name, attrs, warning string }{
		{"Content-MD5 no base64", `Content-MD5="***"`, "Content-MD5"},
		{"Content-MD5 too short", `Content-MD5="AAAA"`, "16 bytes"},
		{"Content-MD5 of 33 hex digits", `Content-MD5="000102030405060708090a0b0c0d0e0f0"`, "16 bytes"},
		{"Content-MD5 of 32 letters", `Content-MD5="gggggggggggggggggggggggggggggggg"`, "16 bytes"},
		{"Content-Digest too short", `Content-Digest="sha-256=:AAAA:"`, "32 bytes"},
		{"Content-Digest without a value", `Content-Digest="sha-512"`, "64 bytes"},
		{"Repr-Digest too short", `Repr-Digest="sha-256=:AAAA:"`, "32 bytes"},
		{"Content-Length no number", `Content-Length="big"`, "Content-Length"},
		{"Content-Length negative", `Content-Length="-1"`, "Content-Length"},
		{"Content-Length empty", `Content-Length=""`, "Content-Length"},
		{"Content-Length of 65 bits", `Content-Length="18446744073709551616"`, "64 bits"},
		{"Transfer-Length negative", `Transfer-Length="-1"`, "Transfer-Length"},
		{"FEC Encoding ID of 9 bits", `FEC-OTI-FEC-Encoding-ID="300"`, "8 bits"},
		{"symbol length of 17 bits", `FEC-OTI-FEC-Encoding-ID="0" FEC-OTI-Encoding-Symbol-Length="65536"`, "16 bits"},
		{"scheme-specific info no base64", `FEC-OTI-FEC-Encoding-ID="6" FEC-OTI-Scheme-Specific-Info="*"`, "base64"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := mustParse(t, doc("", `<File TOI="2" Content-Location="x" `+tt.attrs+`/>`))
			if len(in.Files) != 1 || in.RejectedCount != 0 {
				t.Fatalf("refused: %+v", in.Rejected)
			}
			f := in.Files[0]
			if f.MD5 != nil || f.SHA256 != nil || f.SHA512 != nil || f.ContentLength != nil ||
				f.TransferLength != nil || f.HasOTI {
				t.Errorf("it has a meaning: %+v", f)
			}
			if in.WarningCount != 1 || len(in.Warnings) != 1 || !contains(in.Warnings[0], tt.warning) ||
				!contains(in.Warnings[0], "TOI 2 ") {
				t.Errorf("%d warnings: %q", in.WarningCount, in.Warnings)
			}
		})
	}
}

// TestDigestForms: digests as tools print them.
func TestDigestForms(t *testing.T) {
	hex16 := "000102030405060708090a0b0c0d0e0f"
	hex32 := hex16 + "101112131415161718191a1b1c1d1e1f"
	for attrs, want := range map[string]File{
		`Content-MD5="` + hex16 + `"`:                                  {MD5: bytesTo(16)},
		`Content-MD5=" ` + strings.ToUpper(hex16) + ` "`:               {MD5: bytesTo(16)},
		`Content-MD5="AAECAwQFBgcICQoLDA0ODw=="`:                       {MD5: bytesTo(16)},
		`Content-Digest="sha-256=:` + hex32 + `:"`:                     {SHA256: bytesTo(32)},
		`Content-Digest="SHA-256=` + encodeBase64(bytesTo(32)) + `"`:   {SHA256: bytesTo(32)},
		`Content-Digest="sha-256=: ` + encodeBase64(bytesTo(32)) + `"`: {SHA256: bytesTo(32)},
	} {
		in := mustParse(t, doc("", `<File TOI="1" Content-Location="a" `+attrs+`/>`))
		want.TOI, want.ContentLocation = flute.NewTOI(1), "a"
		if diff := cmp.Diff([]File{want}, in.Files, cmp.AllowUnexported(flute.TOI{})); diff != "" ||
			in.WarningCount != 0 {
			t.Errorf("%s: %q (-want +got)\n%s", attrs, in.Warnings, diff)
		}
	}
	// The alphabet for URLs, and one of two that can be read.
	in := mustParse(t, doc("", `<File TOI="1" Content-Location="a" Content-MD5="-_-_-_-_-_-_-_-_-_-_-w"/>`+
		`<File TOI="2" Content-Location="b" Content-Digest="sha-512=:AA:, sha-256=:`+hex32+`:"/>`))
	if len(in.Files) != 2 || len(in.Files[0].MD5) != 16 || len(in.Files[1].SHA256) != 32 || in.WarningCount != 1 {
		t.Errorf("%+v %q", in.Files, in.Warnings)
	}
}

// TestLocationsThatAreNoURI: to a receiver a Content-Location is a name.
func TestLocationsThatAreNoURI(t *testing.T) {
	for _, s := range []string{
		"12:30.ts", "100%.ts", "http://host:port/a.ts", "http://h/%zz", "http://[::1/a", ":a", "%", "http://h h/a", `C:\dir\a`, "a b#c#d", "[",
	} {
		in := mustParse(t, doc("", `<File TOI="1" Content-Location="`+s+`"/>`))
		if len(in.Files) != 1 || in.Files[0].ContentLocation != s {
			t.Errorf("%q: %+v", s, in.Rejected)
		}
	}
	in := mustParse(t, doc("", `<File TOI="1" Content-Location="12:30.ts"/>`)) // written it has to be one
	if _, err := in.AppendXML(nil, RFC6726); !errors.Is(err, ErrNotWritable) {
		t.Errorf("AppendXML: %v", err)
	}
}

// TestExpiresForms: seconds beyond 2036, all 64 bits of an NTP timestamp, and numbers that mean "never".
func TestExpiresForms(t *testing.T) {
	at := sample().Expires
	last := now.Add(time.Duration(1<<31-1) * time.Second)
	for s, want := range map[string]time.Time{
		"3973622400": at, " 3973622400 ": at, "+3973622400": at, "0003973622400": at,
		fmt.Sprint(uint64(ntp(at)) << 32): at, fmt.Sprint(uint64(ntp(at))<<32 | 0x80000000): at,
		"4294967296":           time.Date(2036, 2, 7, 6, 28, 16, 0, time.UTC),
		"4294967300":           time.Date(2036, 2, 7, 6, 28, 20, 0, time.UTC),
		"9999999999":           last, // 2216
		"1764300000000":        last, // milliseconds
		"99999999999999999999": last,
	} {
		in, err := Parse([]byte(`<FDT-Instance Expires="`+s+`">`+plainFile+`</FDT-Instance>`), now, Limits{})
		if err != nil || !in.Expires.Equal(want) {
			t.Errorf("Expires=%q: %v, %v, not %v", s, in, err, want)
			continue
		}
		digits := strings.TrimLeft(strings.TrimSpace(s), "+0")
		if wide := len(digits) > 10 || len(digits) == 10 && digits > "4294967295"; (in.WarningCount == 1) != wide {
			t.Errorf("Expires=%q: %q", s, in.Warnings)
		}
	}
}

// TestFaultsAreBounded: a document of faults is no list of faults.
func TestFaultsAreBounded(t *testing.T) {
	in := mustParse(t, doc("", strings.Repeat("<File/>", 5000)))
	if in.RejectedCount != 5000 || len(in.Rejected) != maxRejected ||
		cap(in.Files) > 5000*len("<File/>")/leastEntry+10 {
		t.Errorf("%d rejected, %d told, room for %d files", in.RejectedCount, len(in.Rejected), cap(in.Files))
	}
	var xml strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&xml, `<File TOI="%d" Content-Location="a" Content-MD5="*"/>`, i+1)
	}
	in = mustParse(t, doc("", xml.String()))
	if in.WarningCount != 5000 || len(in.Warnings) != maxWarnings || len(in.Files) != 5000 {
		t.Errorf("%d warnings, %d told, %d files", in.WarningCount, len(in.Warnings), len(in.Files))
	}
}

// TestSizeOf: what attributes take are their texts and the heads of these.
func TestSizeOf(t *testing.T) {
	for _, c := range []struct {
		as   []Attribute
		want int
	}{
		{nil, 0},
		{[]Attribute{{}}, 3 * stringBytes},
		{[]Attribute{{Space: "abc"}}, 3*stringBytes + 3},
		{[]Attribute{{Space: "a", Local: "bc", Value: "def"}, {Value: "g"}}, 6*stringBytes + 7},
	} {
		if got := sizeOf(c.as); got != c.want {
			t.Errorf("%v: %d bytes, want %d", c.as, got, c.want)
		}
	}
}

// TestKeptIsBounded: neither groups that each File has, nor unknown attributes, become many times the document.
func TestKeptIsBounded(t *testing.T) {
	var groups, attrs strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&groups, `<File TOI="%d" Content-Location="a"><Group>x</Group></File>`, i+1)
		fmt.Fprintf(&attrs, `<File TOI="%d" Content-Location="a"%s/>`, i+1, ` aa="" bb="" cc="" dd="" ee=""`)
	}
	for name, xml := range map[string]string{
		"groups": doc("", groups.String()+strings.Repeat("<Group/>", 500)), "attributes": doc("", attrs.String()),
	} {
		in := mustParse(t, xml)
		if len(in.Files) != 5000 {
			t.Fatalf("%s: %d files", name, len(in.Files))
		}
		kept := 0
		shared := map[*string]bool{}
		for _, f := range in.Files {
			kept += sizeOf(f.Attributes)
			if len(f.Groups) > 0 && !shared[&f.Groups[0]] {
				shared[&f.Groups[0]] = true
				kept += stringBytes * len(f.Groups)
			}
		}
		if kept == 0 || kept > keptFactor*len(xml)+keptLeast+stringBytes*500 {
			t.Errorf("%s: %d bytes kept of %d", name, kept, len(xml))
		}
	}
}
