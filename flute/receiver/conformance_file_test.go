package receiver

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/internal/drop"
)

// document returns an FDT Instance with the given attributes and File elements as text.
func document(attributes string, files ...string) []byte {
	return fmt.Appendf(nil, `<FDT-Instance xmlns="urn:ietf:params:xml:ns:fdt" Expires="%d" %s>%s</FDT-Instance>`,
		ntp(start.Add(time.Hour)), attributes, strings.Join(files, ""))
}

const otiText = `FEC-OTI-FEC-Encoding-ID="0" FEC-OTI-Maximum-Source-Block-Length="4" FEC-OTI-Encoding-Symbol-Length="100"`

// E46: an FDT Instance without Expires, or with another root, is refused. It is tried again after a while.
func TestConf_E46_ExpiresIsRequired(t *testing.T) {
	for _, xml := range []string{
		`<FDT-Instance/>`, `<FDT Expires="4000000000"/>`, `x`, `<FDT-Instance Expires="4000000000">`,
	} {
		r := newRig(t, func(c *Config) { c.UnprovenTimeout = time.Hour })
		p := fdtInstance{xml: []byte(xml)}.packets(t)
		r.feed(p...)
		r.feed(p...)
		r.want("rejected fdt 0")
		r.wait(refusalTime)
		o := plain(t, 1, 300, 100, 4)
		r.feed(describe(t, 0, o.file("a")))
		r.feed(o.all()...)
		r.want("rejected fdt 0", "completed 1 a 300")
		r.close()
	}
}

// E47, E49, E50: Complete, in all its forms.
func TestConf_E47_E49_E50_Complete(t *testing.T) {
	for value, want := range map[string]bool{
		`Complete="true"`: true, `Complete="1"`: true, `Complete="false"`: false, `Complete="0"`: false, ``: false,
	} {
		r := newRig(t)
		o := plain(t, 1, 300, 100, 4)
		o.noFTI = true
		r.feed(fdtInstance{xml: document(value+` `+otiText,
			`<File TOI="1" Content-Location="a" Content-Length="300"/>`)}.packets(t)...)
		if r.s.Complete() {
			t.Errorf("%s: complete before the file", value)
		}
		r.feed(o.all()...)
		r.want("completed 1 a 300")
		if got := r.s.Complete(); got != want {
			t.Errorf("%s: %v", value, got)
		}
		if got := eventsOf[event.FDTReceived](r)[0].Complete; got != want {
			t.Errorf("%s: event says %v", value, got)
		}
		r.close()
	}
}

// E51, E79, E82: attributes of File win over those of FDT-Instance; the OTI of the FDT alone is enough.
func TestConf_E51_E79_E82_FileWinsOverInstance(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 300, 100, 4)
	o.noFTI = true
	r.feed(fdtInstance{xml: document(
		`FEC-OTI-FEC-Encoding-ID="0" FEC-OTI-Maximum-Source-Block-Length="9" FEC-OTI-Encoding-Symbol-Length="77" Content-Type="x/y"`,
		`<File TOI="1" Content-Location="a" Content-Length="300" Content-Type="text/plain" `+
			`FEC-OTI-Maximum-Source-Block-Length="4" FEC-OTI-Encoding-Symbol-Length="100"/>`)}.packets(t)...)
	r.feed(o.all()...)
	r.want("completed 1 a 300")
	if got := eventsOf[event.ObjectCompleted](r)[0].ContentType; got != "text/plain" {
		t.Errorf("Content-Type %q", got)
	}
	r.close()
}

// E52: a bad File element is left out, the others are used.
func TestConf_E52_BadEntryIsSkipped(t *testing.T) {
	r := newRig(t)
	o := plain(t, 4, 300, 100, 4)
	o.noFTI = true
	r.feed(fdtInstance{xml: document(otiText, `<File TOI="0" Content-Location="x"/>`, `<File TOI="2"/>`,
		`<File Content-Location="x"/>`,
		`<File TOI="4" Content-Location="a" Content-Length="300"/>`)}.packets(t)...)
	r.feed(o.all()...)
	r.want("completed 4 a 300")
	if got := eventsOf[event.FDTReceived](r)[0]; len(got.Rejected) != 3 || got.Files != 1 {
		t.Errorf("%+v", got)
	}
	r.close()
}

// E53: Content-Locations are opaque: two strings are two files.
func TestConf_E53_LocationsAreOpaque(t *testing.T) {
	r := newRig(t)
	a, b := plain(t, 1, 300, 100, 4), plain(t, 2, 400, 100, 4)
	r.feed(describe(t, 0, a.file("http://h/d/a")), describe(t, 1, b.file("HTTP://h/d/x/../a")))
	r.feed(concat(a.all(), b.all())...)
	r.want("completed 1 http://h/d/a 300", "completed 2 HTTP://h/d/x/../a 400")
	r.close()
}

// E53: neither do they name one file when they differ in case only, nor is that the same description.
func TestConf_E53_LocationsAreNotFolded(t *testing.T) {
	for _, pair := range [][2]string{{"http://h/Readme", "http://h/README"}, {"HTTP://h/a", "http://h/a"}, {"a", "A"}, {"straße", "STRASSE"}} {
		r := newRig(t)
		one, two := plain(t, 1, 300, 100, 4), plain(t, 2, 400, 100, 4)
		first, changed := one.file(pair[0]), one.file(pair[1])
		first.MD5, changed.MD5 = md5Of(one.content), md5Of(one.content) // tells whose packets follow
		r.feed(describe(t, 0, first), one.packet(0, 0, 1))
		r.feed(describe(t, 1, two.file(pair[1]))) // supersedes nothing
		r.feed(describe(t, 2, changed))
		r.feed(concat(one.all(), two.all())...)
		r.want("completed 1 "+pair[0]+" 300", "completed 2 "+pair[1]+" 400")
		if got := eventsOf[event.FDTReceived](r); len(got) != 3 || len(got[2].Rejected) != 1 ||
			!strings.Contains(got[2].Rejected[0], "Content-Location") {
			t.Errorf("%q: %+v", pair, got)
		}
		r.close()
	}
}

// E54: of two TOIs with one Content-Location the newer FDT Instance names the current version.
func TestConf_E54_O09_NewerVersionSupersedes(t *testing.T) {
	r := newRig(t)
	one, two := plain(t, 1, 300, 100, 4), plain(t, 2, 400, 100, 4)
	r.feed(describe(t, 0, one.file("a")))
	r.feed(one.packet(0, 0, 1))
	r.feed(describe(t, 1, two.file("a")))
	r.feed(two.all()...)
	r.feed(one.all()...)
	r.want("completed 2 a 400", "failed 1 a superseded")
	r.file("a", two.content)
	r.close()
}

// E56, E57, E92: lengths are verified.
func TestConf_E56_E57_E92_LengthsAreVerified(t *testing.T) {
	o := plain(t, 1, 300, 100, 4)
	for _, tt := range []struct {
		content, transfer uint64
		md5               bool
		want              string
	}{
		{300, 300, false, "completed 1 a 300"},
		{299, 300, false, "failed 1 a digest"},
		{301, 301, true, "failed 1 a digest"},
		{300, 301, false, "failed 1 a digest"},
		{300, 301, true, "completed 1 a 300"}, // the digest proves that EXT_FTI is right
	} {
		r := newRig(t)
		f := fdt.File{TOI: o.toi, ContentLocation: "a", ContentLength: &tt.content, TransferLength: &tt.transfer}
		if tt.md5 {
			f.MD5 = md5Of(o.content)
		}
		r.feed(describe(t, 0, f))
		r.feed(o.all()...)
		r.want(tt.want)
		r.close()
	}
}

// E58: deflate is zlib's format in an FDT and raw in EXT_CENC; either is accepted in both.
func TestConf_E58_ContentEncodings(t *testing.T) {
	text := []byte(strings.Repeat("what is sent ", 100))
	pack := func(make func(io.Writer) io.WriteCloser) []byte {
		var b bytes.Buffer
		w := make(&b)
		_, _ = w.Write(text)
		_ = w.Close()
		return b.Bytes()
	}
	raw := pack(func(w io.Writer) io.WriteCloser { f, _ := flate.NewWriter(w, 6); return f })
	wrapped := pack(func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) })
	zipped := pack(func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) })
	for _, tt := range []struct {
		name    string
		cenc    flute.ContentEncoding
		content []byte
		want    string
	}{
		{"zlib", flute.ZLIB, wrapped, "completed 1 a 1300"},
		{"deflate, raw", flute.DEFLATE, raw, "completed 1 a 1300"},
		{"deflate, zlib", flute.DEFLATE, wrapped, "completed 1 a 1300"},
		{"gzip", flute.GZIP, zipped, "completed 1 a 1300"},
		{"gzip is raw", flute.GZIP, raw, "failed 1 a encoding"},
		{"bytes behind the end", flute.ZLIB, append(bytes.Clone(wrapped), 'x'), "failed 1 a encoding"},
		{"bytes behind the end, raw", flute.DEFLATE, append(bytes.Clone(raw), 'x'), "failed 1 a encoding"},
		{"cut", flute.GZIP, zipped[:len(zipped)-1], "failed 1 a encoding"},
		{"nothing", flute.GZIP, nil, "failed 1 a digest"},
	} {
		r := newRig(t)
		o := object{t: t, toi: flute.NewTOI(1), oti: noCode(len(tt.content), 10, 4), content: tt.content}
		f := o.file("a")
		n := uint64(len(text))
		f.ContentEncoding, f.ContentLength = tt.cenc, &n
		r.feed(describe(t, 0, f))
		r.feed(o.all()...)
		if got := r.ends(); len(got) != 1 || got[0] != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
		r.close()
	}
}

// Content that inflates without end is stopped.
func TestInflateBomb(t *testing.T) {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, 9)
	zeros := make([]byte, 1<<20)
	for range 64 {
		_, _ = w.Write(zeros)
	}
	_ = w.Close()
	for _, announced := range []bool{true, false} {
		r := newRig(t, func(c *Config) { c.MaxObjectSize = 1 << 20 })
		o := object{t: t, toi: flute.NewTOI(1), oti: noCode(b.Len(), 1000, 64), content: b.Bytes()}
		f := o.file("a")
		f.ContentEncoding, f.ContentLength = flute.DEFLATE, nil
		n := uint64(100)
		if announced {
			f.ContentLength = &n
		}
		r.feed(describe(t, 0, f))
		r.feed(o.all()...)
		r.want("failed 1 a encoding")
		r.close()
	}
	r := newRig(t)
	cenc := flute.DEFLATE
	r.feed(fdtInstance{xml: b.Bytes(), cenc: &cenc}.packets(t)...)
	r.want("rejected fdt 0")
	r.close()
}

// E59, E60, E61: digests are verified, over the file or over the encoded object, and what was verified is told.
func TestConf_E59_E60_E61_A25_B11_Digests(t *testing.T) {
	text := []byte(strings.Repeat("digest ", 50))
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(text)
	_ = w.Close()
	for _, scope := range [][]byte{text, b.Bytes()} {
		for name, set := range map[string]func(*fdt.File){
			"md5":     func(f *fdt.File) { f.MD5 = md5Of(scope) },
			"sha-256": func(f *fdt.File) { f.SHA256 = sha256Of(scope) },
			"sha-512": func(f *fdt.File) { f.SHA512 = sha512Of(scope) },
		} {
			for _, forged := range []bool{false, true} {
				r := newRig(t)
				o := object{t: t, toi: flute.NewTOI(1), oti: noCode(b.Len(), 10, 4), content: b.Bytes()}
				f := o.file("a")
				f.ContentEncoding, f.ContentLength = flute.GZIP, nil
				set(&f)
				want := "completed 1 a 350"
				if forged {
					o.content = bytes.Clone(o.content)
					o.content[4]++ // the time in the header of gzip
					want = "failed 1 a digest"
					if bytes.Equal(scope, text) {
						want = "completed 1 a 350"
					}
				}
				r.merge(f)
				r.feed(o.all()...)
				r.want(want)
				if done := eventsOf[event.ObjectCompleted](r); len(done) == 1 &&
					fmt.Sprint(done[0].Verified) != "["+name+"]" {
					t.Errorf("%s: verified %v", name, done[0].Verified)
				}
				r.close()
			}
		}
	}
}

// merge describes a file in ways that the writer of FDT Instances may not have.
func (r *rig) merge(f fdt.File) {
	if !r.l.opened { // the first packet opens the session
		r.feed(plain(r.t, 1<<20, 10, 10, 1).packet(0, 0, 1))
	}
	r.s.merge(r.now, &fdt.Instance{Files: []fdt.File{f}, Expires: r.now.Add(time.Hour)}, r.now.Add(time.Hour))
	r.settle()
}

// E72: one packet with EXT_CENC is enough; a conflict drops the instance.
func TestConf_E72_CENCInSomePackets(t *testing.T) {
	o := plain(t, 1, 300, 100, 4)
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(document(otiText, `<File TOI="1" Content-Location="a" Content-Length="300" Content-Type="`+
		base64.StdEncoding.EncodeToString(random(300, 3))+`"/>`))
	_ = w.Close()
	gz, zl := flute.GZIP, flute.ZLIB
	in := fdtInstance{xml: b.Bytes(), e: 100}
	bare := in.packets(t)
	in.cenc = &gz
	good := in.packets(t)
	in.cenc = &zl
	bad := in.packets(t)
	for i := range good {
		r := newRig(t)
		for j := range bare {
			if i == j {
				r.feed(good[j])
			} else {
				r.feed(bare[j])
			}
		}
		r.feed(o.all()...)
		r.want("completed 1 a 300")
		r.close()
	}
	r := newRig(t)
	r.feed(good[0], bad[1])
	r.want("rejected fdt 0")
	if r.dropped(drop.OTI) != 1 {
		t.Error("not counted")
	}
	r.close()
}

// E33, K09: an FEC scheme that is not supported fails its object, and no other.
func TestConf_E33_K09_UnsupportedFEC(t *testing.T) {
	r := newRig(t)
	good, bad := plain(t, 1, 300, 100, 4), plain(t, 2, 300, 100, 4)
	bad.oti.EncodingID = fec.Compact
	r.feed(describe(t, 0, good.file("a"), bad.file("b")))
	for _, noFTI := range []bool{false, true} {
		bad.noFTI = noFTI
		r.feed(bad.raw(0, 0, bad.content[:100]))
	}
	r.feed(good.all()...)
	r.want("failed 2 b oti", "completed 1 a 300")
	if r.dropped(drop.OTI) != 1 || r.dropped(drop.Finished) != 1 {
		t.Errorf("%+v", r.l.Counters().Dropped)
	}
	r.close()
}

// E81: EXT_FTI has priority over the FDT; the difference is reported once.
func TestConf_E79_E81_EXTFTIHasPriority(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 300, 100, 4)
	f := o.file("a")
	f.OTI.SymbolLength = 50
	r.feed(describe(t, 0, f))
	r.feed(o.all()...)
	r.want("completed 1 a 300")
	if n := len(eventsOf[event.Warning](r)); n != 1 {
		t.Errorf("%d warnings", n)
	}
	r.close()

	r = newRig(t) // an OTI in the FDT that cannot be, and a good one in EXT_FTI
	f.OTI.SymbolLength = 0
	r.merge(f)
	r.feed(o.all()...)
	r.want("completed 1 a 300")
	r.close()
}

// A packet whose EXT_FTI differs from that of the packets before is dropped.
func TestConf_E81_ConflictingEXTFTI(t *testing.T) {
	r := newRig(t)
	o, other := plain(t, 1, 300, 100, 4), plain(t, 1, 700, 100, 4)
	r.feed(describe(t, 0, o.file("a")))
	r.feed(o.packet(0, 0, 1), other.packet(0, 1, 1))
	wider := o // the same partition, announced with another bound
	wider.oti.MaxSourceBlockLength = 30
	r.feed(wider.packet(0, 1, 1), o.packet(0, 2, 1))
	r.want("completed 1 a 300")
	if r.dropped(drop.OTI) != 1 || len(eventsOf[event.Warning](r)) != 0 {
		t.Errorf("%+v %+v", r.l.Counters().Dropped, r.events)
	}
	r.close()

	r = newRig(t) // also before it gave a symbol
	r.feed(describe(t, 0, o.file("a")), o.raw(0, 0, make([]byte, 30)))
	r.feed(other.all()...)
	if r.dropped(drop.OTI) != 7 {
		t.Errorf("%+v", r.l.Counters().Dropped)
	}
	r.feed(o.all()...)
	r.want("completed 1 a 300")
	r.close()
}

// E83: the codepoint is the FEC Encoding ID, of all packets and of the FDT.
func TestConf_E83_A04_Codepoint(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 300, 100, 4)
	wrong := coded(t, 1, 300, 100, 4, 6, "")
	r.feed(describe(t, 0, o.file("a")))
	r.feed(wrong.all()...)
	wrong.noFTI = true
	r.feed(wrong.all()...)
	r.feed(o.packet(0, 0, 1))
	r.feed(wrong.all()...)
	r.feed(o.all()...)
	r.want("completed 1 a 300")
	if n := r.dropped(drop.Codepoint); n != 9 {
		t.Errorf("%d packets dropped", n)
	}
	r.close()
}

// TS 103 769, annex F: Content-Digest and Repr-Digest are verified, of each of the two algorithms.
func TestConf_D03_DigestsAreVerified(t *testing.T) {
	for _, name := range []string{"Content-Digest", "Repr-Digest"} {
		for algorithm, of := range map[string]func([]byte) []byte{"sha-256": sha256Of, "sha-512": sha512Of} {
			for _, forged := range []bool{false, true} {
				r := newRig(t)
				o := plain(t, 1, 300, 100, 4)
				digest := base64.StdEncoding.EncodeToString(of(o.content))
				want := "completed 1 a 300"
				if forged {
					o.content = bytes.Clone(o.content)
					o.content[150] ^= 1
					want = "failed 1 a digest"
				}
				r.feed(fdtInstance{xml: document("", fmt.Sprintf(`<File TOI="1" Content-Location="a" Content-Length="300" `+
					`%s %s="%s=:%s:"/>`, otiText, name, algorithm, digest))}.packets(t)...)
				r.feed(o.all()...)
				r.want(want)
				for _, e := range eventsOf[event.ObjectCompleted](r) {
					if fmt.Sprint(e.Verified) != "["+algorithm+"]" {
						t.Errorf("%s, %s: verified %v", name, algorithm, e.Verified)
					}
				}
				r.close()
			}
		}
	}
}
