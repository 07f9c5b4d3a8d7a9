package receiver

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
)

// What an FDT Instance looks like costs no file: each of these was refused as a whole, or its file was.
func TestFormsOfFDTInstances(t *testing.T) {
	o := plain(t, 1, 300, 100, 4)
	inUTF16 := func(s string) string {
		b := []byte{0xff, 0xfe}
		for _, u := range utf16.Encode([]rune(s)) {
			b = binary.LittleEndian.AppendUint16(b, u)
		}
		return string(b)
	}
	declare := func(label, rest string) string { return `<?xml version="1.0" encoding="` + label + `"?>` + rest }
	file := func(location, attrs string) string {
		return string(document("", `<File TOI="1" Content-Location="`+location+`" `+attrs+`/>`))
	}
	md5 := hex.EncodeToString(md5Of(o.content))
	for _, tt := range []struct{ xml, name, verified string }{
		{declare("utf8", file("é.ts", "")), "é.ts", "[]"},
		{declare("US-ASCII", file("a.ts", "")), "a.ts", "[]"},
		{declare("ISO-8859-1", file("\xe9.ts", "")), "é.ts", "[]"},
		{declare("windows-1252", file("\x80.ts", "")), "€.ts", "[]"},
		{inUTF16(declare("UTF-16", file("é.ts", ""))), "é.ts", "[]"},
		{`<?xml version="1.1"?>` + file("a.ts", ""), "a.ts", "[]"},
		{file("a.ts", "") + "\x00", "a.ts", "[]"},
		{file("a.ts", "") + strings.Repeat("\x00", 60), "a.ts", "[]"},
		{file("a.ts", `Content-MD5="`+md5+`"`), "a.ts", "[md5]"},
		{file("a.ts", `Content-MD5="`+strings.ToUpper(md5)+`"`), "a.ts", "[md5]"},
		{file("a.ts", `Content-MD5="?"`), "a.ts", "[]"},
		{file("a.ts", `Content-Length="-1"`), "a.ts", "[]"},
		{file("12:30.ts", ""), "12:30.ts", "[]"},
		{file("100%.ts", ""), "100%.ts", "[]"},
		{file("http://host:port/a.ts", ""), "a.ts", "[]"},
	} {
		r := newRig(t)
		r.feed(fdtInstance{xml: []byte(tt.xml)}.packets(t)...)
		r.feed(o.all()...)
		r.file(tt.name, o.content)
		if done := eventsOf[event.ObjectCompleted](r); len(done) != 1 || fmt.Sprint(done[0].Verified) != tt.verified {
			t.Errorf("%s: %+v", tt.xml, done)
		}
		r.close()
	}
}

// What could not be read is told: in the event of each FDT Instance, and once in a session by a Warning.
func TestFaultsInFDTInstancesAreTold(t *testing.T) {
	r := newRig(t)
	for i, files := range []string{
		`<File TOI="1" Content-Location="a"/>`,
		`<File TOI="2" Content-Location="b" Content-MD5="?"/><File TOI="3" Content-Location="c" Content-Length="?"/>`,
		`<File TOI="4"/>`,
	} {
		r.feed(fdtInstance{id: flute.InstanceID(i), xml: document("", files)}.packets(t)...)
	}
	got := eventsOf[event.FDTReceived](r)
	if len(got) != 3 || got[0].WarningCount+got[0].RejectedCount != 0 || got[1].WarningCount != 2 ||
		len(got[1].Warnings) != 2 ||
		!strings.Contains(got[1].Warnings[0], "TOI 2") || got[1].Files != 2 || got[2].RejectedCount != 1 ||
		len(got[2].Rejected) != 1 {
		t.Errorf("%+v", got)
	}
	warnings := eventsOf[event.Warning](r)
	if len(warnings) != 1 || !strings.Contains(warnings[0].Text, "FDT Instance 1: TOI 2") ||
		!strings.HasSuffix(warnings[0].Text, "; and 1 more") {
		t.Errorf("%+v", warnings)
	}
	r.close()

	r = newRig(t)
	r.feed(fdtInstance{xml: document("", `<File TOI="4"/>`)}.packets(t)...)
	if w := eventsOf[event.Warning](r); len(w) != 1 ||
		!strings.Contains(w[0].Text, "TOI 4: Content-Location is missing; the file is refused") {
		t.Errorf("%+v", w)
	}
	r.close()
}

// An event is small, whatever an FDT Instance of one datagram holds: a subscriber that is slow may hold a thousand.
func TestEventsOfFDTInstancesAreSmall(t *testing.T) {
	for name, xml := range map[string]string{
		"refused by the parser":   string(document("", strings.Repeat("<File/>", 20_000))),
		"refused by the database": string(instanceOf(1, 20_000, func(int) string { return "a" })),
		"warnings": string(document("", strings.Repeat(`<File TOI="1" Content-Location="a" Content-MD5="?"/>`,
			20_000))), "no XML": "<" + strings.Repeat("a", 100_000) + "></b>",
	} {
		r := newRig(t, func(c *Config) { c.MaxObjects = 100 })
		r.feed(fdtInstance{xml: []byte(xml), e: 60_000}.packets(t)...)
		n, counted := 0, 0
		for _, e := range r.events {
			if _, ok := e.(event.ObjectFailed); ok {
				continue // one for each file that waits for a place
			}
			if f, ok := e.(event.FDTReceived); ok {
				counted = max(f.RejectedCount, f.WarningCount)
			}
			b, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			n += len(b)
		}
		if n > 10_000 {
			t.Errorf("%s: %d bytes of events", name, n)
		}
		if name != "no XML" && counted < 19_900 {
			t.Errorf("%s: %d counted", name, counted)
		}
		r.close()
	}
}
