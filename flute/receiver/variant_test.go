package receiver

import (
	"fmt"
	"strings"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/rs"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
)

// codes are the codes that a sender may use; a receiver guesses the first one.
var codes = []fec.Variant{rs.Rizzo, rs.RFC5510, rs.Backblaze}

// matrix returns what was detected.
func (r *rig) matrix() string {
	var s strings.Builder
	for _, e := range eventsOf[event.MatrixDetected](r) {
		s.WriteString(fmt.Sprintf("%s by %s;", e.Matrix, e.By))
	}
	return s.String()
}

// A repair symbol more than was needed tells the code, before and after the block was recovered under a wrong guess,
// and after a block that lost nothing.
func TestVariantBySurplusSymbol(t *testing.T) {
	for _, v := range codes {
		for name, symbols := range map[string][]fec.ESI{
			"after recovery": {0, 2, 3, 8, 9},
			"after all":      {0, 1, 2, 3, 8},
			"source last":    {0, 2, 8, 9, 3},
		} {
			r := newRig(t)
			o := coded(t, 1, 1200, 100, 4, 10, v) // three blocks; no digest
			r.feed(describe(t, 0, o.file("a")))
			for _, esi := range symbols {
				r.feed(o.packet(0, esi, 1))
			}
			if got, want := r.matrix(), string(v)+" by surplus_symbol;"; got != want {
				t.Errorf("%s, %s: detected %q", v, name, got)
			}
			for sbn := fec.SBN(1); sbn < 3; sbn++ { // no surplus any more
				for _, esi := range []fec.ESI{1, 4, 5, 3} {
					r.feed(o.packet(sbn, esi, 1))
				}
			}
			r.want("completed 1 a 1200")
			r.file("a", o.content)
			r.close()
		}
	}
}

// Without a surplus symbol the digest tells, and all of the object is decoded again. The session remembers it.
func TestVariantByDigest(t *testing.T) {
	for _, v := range codes {
		r := newRig(t)
		a, b := coded(t, 1, 1200, 100, 4, 10, v), coded(t, 2, 1200, 100, 4, 10, v)
		f := a.file("a")
		f.MD5 = md5Of(a.content)
		r.feed(describe(t, 0, f, b.file("b"))) // b has no digest
		for _, o := range []object{a, b} {
			for sbn := range fec.SBN(3) {
				for _, esi := range []fec.ESI{1, 4, 5, 3} {
					r.feed(o.packet(sbn, esi, 1))
				}
			}
		}
		r.want("completed 1 a 1200", "completed 2 b 1200")
		r.file("a", a.content)
		r.file("b", b.content)
		if got, want := r.matrix(), string(v)+" by digest;"; got != want {
			t.Errorf("%s: detected %q", v, got)
		}
		r.close()
	}
}

// An object that was recovered under a guess is corrected when another object of the session shows the code.
func TestVariantByAnotherObject(t *testing.T) {
	for _, v := range codes {
		r := newRig(t)
		a, b := coded(t, 1, 1200, 100, 4, 10, v), coded(t, 2, 400, 100, 4, 10, v)
		r.feed(describe(t, 0, a.file("a"), b.file("b")))
		for sbn := range fec.SBN(2) {
			for _, esi := range []fec.ESI{1, 4, 5, 3} {
				r.feed(a.packet(sbn, esi, 1))
			}
		}
		for _, esi := range []fec.ESI{0, 1, 2, 3, 4} {
			r.feed(b.packet(0, esi, 1))
		}
		if r.matrix() != "" {
			t.Errorf("detected %q by an object that has ended", r.matrix())
		}
		c := coded(t, 3, 800, 100, 4, 10, v)
		r.feed(describe(t, 1, c.file("c")))
		for _, esi := range []fec.ESI{0, 1, 2, 3, 4} {
			r.feed(c.packet(0, esi, 1))
		}
		for _, esi := range []fec.ESI{4, 5, 6, 7} {
			r.feed(a.packet(2, esi, 1))
		}
		r.want("completed 2 b 400", "completed 1 a 1200")
		r.file("a", a.content)
		r.close()
	}
}

// Blocks of one symbol are equal in all codes: a digest over them proves nothing.
func TestVariantUndecided(t *testing.T) {
	r := newRig(t)
	one := coded(t, 1, 100, 100, 4, 10, rs.Backblaze)
	f := one.file("one")
	f.MD5 = md5Of(one.content)
	r.feed(describe(t, 0, f))
	r.feed(one.packet(0, 3, 1))
	r.want("completed 1 one 100")
	if r.matrix() != "" {
		t.Errorf("detected %q", r.matrix())
	}
	o := coded(t, 2, 400, 100, 4, 10, rs.Backblaze)
	f = o.file("a")
	f.MD5 = md5Of(o.content)
	r.feed(describe(t, 1, f))
	for _, esi := range []fec.ESI{4, 5, 6, 7} {
		r.feed(o.packet(0, esi, 1))
	}
	r.want("completed 1 one 100", "completed 2 a 400")
	r.file("a", o.content)
	r.close()
}

// The content encoding proves a guess wrong as well as a digest does; and content that no code makes right fails.
func TestVariantNoneFits(t *testing.T) {
	for _, cenc := range []flute.ContentEncoding{flute.Null, flute.GZIP} {
		r := newRig(t)
		o := coded(t, 1, 400, 100, 4, 10, rs.RFC5510)
		f := o.file("a")
		f.ContentEncoding, f.ContentLength = cenc, nil
		f.MD5 = make([]byte, 16)
		r.feed(describe(t, 0, f))
		for _, esi := range []fec.ESI{4, 5, 6, 7} {
			r.feed(o.packet(0, esi, 1))
		}
		if got := r.ends(); len(got) != 1 || got[0] == "completed 1 a 400" {
			t.Errorf("%v", got)
		}
		r.close()
	}
}

// A code that was configured is used, and no other.
func TestVariantConfigured(t *testing.T) {
	for _, v := range codes {
		r := newRig(t, func(c *Config) { c.Variant = v })
		o := coded(t, 1, 400, 100, 4, 10, v)
		r.feed(describe(t, 0, o.file("a")))
		for _, esi := range []fec.ESI{4, 5, 6, 7, 8} {
			r.feed(o.packet(0, esi, 1))
		}
		r.file("a", o.content)
		if r.matrix() != "" {
			t.Errorf("detected %q", r.matrix())
		}
		r.close()
	}
}

// A forged surplus symbol proves nothing.
func TestVariantForgedSurplus(t *testing.T) {
	r := newRig(t)
	o := coded(t, 1, 400, 100, 4, 10, rs.Rizzo)
	f := o.file("a")
	f.MD5 = md5Of(o.content)
	rest := coded(t, 2, 800, 100, 4, 10, rs.Rizzo)
	r.feed(describe(t, 0, f, rest.file("b")))
	for _, esi := range []fec.ESI{0, 5, 6, 7} {
		r.feed(rest.packet(0, esi, 1))
	}
	r.feed(rest.raw(0, 8, random(100, 5)))
	if r.matrix() != "" {
		t.Errorf("detected %q", r.matrix())
	}
	r.feed(rest.packet(0, 9, 1))
	if got := r.matrix(); got != "rizzo by surplus_symbol;" {
		t.Errorf("detected %q", got)
	}
	r.close()
}

// Rizzo's variant and that of RFC 5510 evaluate the same polynomials at points which differ by a factor, except for
// source symbol 0: a surplus symbol does not tell them apart in a block that lost it. The digest does.
func TestVariantAmbiguousSurplus(t *testing.T) {
	for _, v := range codes[:2] {
		r := newRig(t)
		o := coded(t, 1, 800, 100, 4, 10, v)
		f := o.file("a")
		f.SHA256 = sha256Of(o.content)
		r.merge(f)
		for _, esi := range []fec.ESI{1, 4, 5, 6, 7, 8, 9} {
			r.feed(o.packet(0, esi, 1), o.packet(1, esi, 1))
		}
		r.want("completed 1 a 800")
		r.file("a", o.content)
		if got, want := r.matrix(), string(v)+" by digest;"; got != want {
			t.Errorf("%s: detected %q", v, got)
		}
		r.close()
	}
}

// An FDT Instance with FEC is read with whatever code makes it a document.
func TestVariantOfFDT(t *testing.T) {
	for _, v := range codes {
		r := newRig(t)
		o := coded(t, 1, 400, 100, 4, 10, v)
		xml := document("", `<File TOI="1" Content-Location="a" Content-Length="400"/>`)
		for len(xml) < 700 {
			xml = append(xml, ' ')
		}
		in := coded(t, 0, len(xml), 100, 7, 20, v)
		in.content = xml
		for _, esi := range []fec.ESI{0, 1, 7, 8, 9, 10, 11} {
			r.feed(in.fdtPacket(esi))
		}
		for _, esi := range []fec.ESI{4, 5, 6, 7} {
			r.feed(o.packet(0, esi, 1))
		}
		r.want("completed 1 a 400")
		r.file("a", o.content)
		if got, want := r.matrix(), string(v)+" by digest;"; got != want {
			t.Errorf("%s: detected %q", v, got)
		}
		r.close()
	}
}

// fdtPacket returns a packet of block 0 of an object that is an FDT Instance.
func (o object) fdtPacket(esi fec.ESI) []byte {
	return o.packet(0, esi, 1, fdtHeader)
}

// Bytes that were recovered under a guess are not hashed ahead of the end: they may change.
func TestVariantGuessIsNotHashed(t *testing.T) {
	r := newRig(t)
	o := coded(t, 1, 2*digestStep, 40_000, 5, 10, rs.Backblaze)
	f := o.file("a")
	f.SHA256 = sha256Of(o.content)
	r.merge(f)
	for _, esi := range []fec.ESI{1, 2, 3, 4, 5} {
		r.feed(o.packet(0, esi, 1))
	}
	packets := o.all()
	r.feed(packets[5 : len(packets)-1]...)
	if r.l.entries[o.toi].held.hashed() != 0 {
		t.Error("a guess was hashed")
	}
	r.feed(o.packet(0, 6, 1)) // ambiguous without source symbol 0, but not for this code
	r.feed(packets[len(packets)-1])
	r.file("a", o.content)
	if got := r.matrix(); got != "backblaze by surplus_symbol;" {
		t.Errorf("detected %q", got)
	}
	r.close()
}

// TestVariantProvedBeforeTheEnd: an object is not published under a guess while a surplus symbol is being compared.
func TestVariantProvedBeforeTheEnd(t *testing.T) {
	for _, v := range codes {
		r := newRig(t)
		r.manual = true
		o := coded(t, 1, 640_000, 40_000, 8, 16, v) // two blocks that are not decoded at once; no digest
		r.feed(describe(t, 0, o.file("a")))
		for _, esi := range []fec.ESI{0, 2, 3, 4, 5, 6, 7, 8} {
			r.feed(o.packet(0, esi, 1))
		}
		r.work() // guesses
		r.feed(o.packet(0, 9, 1))
		for esi := range fec.ESI(8) {
			r.feed(o.packet(1, esi, 1))
		}
		for len(r.works) > 0 {
			r.work()
		}
		r.want("completed 1 a 640000")
		r.file("a", o.content)
		if got, want := r.matrix(), string(v)+" by surplus_symbol;"; got != want {
			t.Errorf("%s: detected %q", v, got)
		}
		r.close()
	}
}
