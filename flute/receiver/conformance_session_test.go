package receiver

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/lct"
	"github.com/flute-node/flute-node/internal/drop"
)

// E92: packets of another TSI are dropped in silence; a file that is whole waits for its FDT.
func TestConf_A18_E92_ForeignTSI(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 300, 100, 4)
	foreign := o.packet(0, 0, 1, func(h *lct.Header) { h.TSI = 8 })
	r.feed(foreign)
	if len(r.events) != 0 {
		t.Errorf("%v", r.events)
	}
	r.feed(o.all()...)
	r.feed(foreign)
	r.want()
	r.feed(describe(t, 0, o.file("a")))
	r.want("completed 1 a 300")
	if n := r.dropped(drop.ForeignTSI); n != 2 {
		t.Errorf("%d dropped", n)
	}
	r.close()
}

// E10, E93: packets of FDT Instances duplicated, reordered, and of two instances interleaved.
func TestConf_E10_E20_E93_FDTInAnyOrder(t *testing.T) {
	r := newRig(t)
	a, b := plain(t, 1, 300, 100, 4), plain(t, 2, 300, 100, 4)
	one := fdtInstance{id: 1, files: []fdt.File{a.file("a")}, e: 50}.packets(t)
	two := fdtInstance{id: 2, files: []fdt.File{b.file("b")}, e: 50}.packets(t)
	for i := range max(len(one), len(two)) {
		for _, p := range [][][]byte{one, two} {
			if i < len(p) {
				r.feed(p[len(p)-1-i], p[len(p)-1-i])
			}
		}
	}
	r.feed(concat(a.all(), b.all())...)
	if n := len(eventsOf[event.ObjectCompleted](r)); n != 2 {
		t.Errorf("%v", r.ends())
	}
	r.close()
}

// E94, L10: after A and a grace time, what is not whole fails, and all memory is free.
func TestConf_E94_L10_CloseSession(t *testing.T) {
	r := newRig(t)
	a, b := plain(t, 1, 300, 100, 4), plain(t, 2, 300, 100, 4)
	r.feed(describe(t, 0, a.file("a"), b.file("b")))
	r.feed(a.all()...)
	r.feed(b.packet(0, 0, 1), alc.AppendCloseSession(nil, key.TSI))
	r.wait(r.cfg.CloseGrace - 1)
	r.want("completed 1 a 300")
	r.wait(1)
	r.want("completed 1 a 300", "failed 2 b session_over", "closed close-session flag")
	if r.l.Held() != 0 || r.store.Staged() != 0 || !r.s.Deadline().IsZero() {
		t.Errorf("held %d, staged %d, deadline %v", r.l.Held(), r.store.Staged(), r.s.Deadline())
	}
	r.feed(b.all()...)
	if r.dropped(drop.Closed) != 3 {
		t.Errorf("%+v", r.l.Counters())
	}
}

// L13: packets that the A flag has overtaken are used. The session ends all the same.
func TestConf_L13_PacketsAfterA(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 300, 100, 4)
	f := o.file("a")
	f.MD5 = md5Of(o.content)
	r.feed(describe(t, 0, f))
	r.feed(o.packet(0, 0, 1), alc.AppendCloseSession(nil, key.TSI))
	r.wait(time.Second)
	r.feed(o.all()...) // perhaps of another sender; the digest tells
	r.wait(apartPatience)
	r.want("completed 1 a 300")
	r.wait(r.cfg.CloseGrace)
	r.want("completed 1 a 300", "closed close-session flag")
}

// L10: A is a hint that anybody can forge: a sender that goes on is still received. All its packets may carry A.
func TestConf_L10_E89_ForgedA(t *testing.T) {
	for _, flagged := range []bool{false, true} {
		r := newRig(t)
		o := plain(t, 1, 3000, 100, 4)
		d := describe(t, 0, o.file("a"))
		r.feed(d, alc.AppendCloseSession(nil, key.TSI))
		packets := o.all()
		if flagged {
			for _, p := range packets {
				p[1] |= 2
			}
		}
		for _, p := range packets {
			r.wait(r.cfg.CloseGrace / 4)
			r.feed(d, p)
		}
		r.want("completed 1 a 3000")
		r.wait(r.cfg.CloseGrace)
		if r.s.Ended() != flagged {
			t.Errorf("flagged %v: ended %v", flagged, r.s.Ended())
		}
		if !flagged {
			r.close()
		}
	}
}

// L12, L13: after B and a grace time an object that is not whole fails; B may come first, and be forged.
func TestConf_L12_L13_CloseObject(t *testing.T) {
	r := newRig(t)
	a, b, c := plain(t, 1, 300, 100, 4), plain(t, 2, 300, 100, 4), plain(t, 3, 300, 100, 4)
	d := describe(t, 0, a.file("a"), b.file("b"), c.file("c"))
	r.feed(d, a.packet(0, 2, 1, closeObject), b.packet(0, 2, 1, closeObject), c.packet(0, 2, 1, closeObject))
	r.wait(time.Second)
	r.feed(d, a.packet(0, 0, 1), a.packet(0, 1, 1)) // overtaken
	r.want("completed 1 a 300")
	r.wait(r.cfg.CloseGrace - 2*time.Second)
	r.feed(d, c.packet(0, 0, 1)) // the sender goes on with this one
	r.wait(r.cfg.CloseGrace)
	r.want("completed 1 a 300", "failed 2 b session_over")
	r.feed(d, c.packet(0, 1, 1))
	r.want("completed 1 a 300", "failed 2 b session_over", "completed 3 c 300")
	r.close()
}

// An object that was whole before its FDT is not lost by its B flag, whether its OTI was known or not.
func TestConf_L12_WholeBeforeFDT(t *testing.T) {
	for _, noFTI := range []bool{false, true} {
		r := newRig(t)
		o := plain(t, 1, 300, 100, 4)
		o.noFTI = noFTI
		r.feed(o.packet(0, 2, 1, closeObject), o.packet(0, 0, 1), o.packet(0, 1, 1, closeObject))
		r.wait(3 * r.cfg.CloseGrace)
		r.feed(describe(t, 0, o.file("a")))
		r.wait(rivalTime) // see claim.go
		r.want("completed 1 a 300")
		r.close()
	}
}

// E95: a sender that was started again uses IDs and TOIs a second time; the pause tells it from an error.
func TestConf_E95_RestartedSender(t *testing.T) {
	old, next := plain(t, 1, 300, 100, 4), plain(t, 1, 400, 100, 4)
	done, unfinished := plain(t, 2, 200, 100, 4), plain(t, 3, 300, 100, 4)
	for name, pause := range map[string]func(*rig){
		"silence":    func(r *rig) { r.wait(r.cfg.RestartSilence) },
		"close":      func(r *rig) { r.feed(alc.AppendCloseSession(nil, key.TSI)) },
		"data first": func(r *rig) { r.wait(r.cfg.RestartSilence); r.feed(next.packet(0, 0, 1)) },
	} {
		for _, id := range []flute.InstanceID{3, 2} { // the same ID, and an older one
			r := newRig(t)
			r.feed(describe(t, 3, old.file("a"), done.file("b"), unfinished.file("c")))
			r.feed(old.packet(0, 0, 1), unfinished.packet(0, 0, 1))
			r.feed(done.all()...)
			pause(r)
			r.feed(describe(t, id, next.file("new")))
			r.feed(next.all()...)
			r.wait(rivalTime) // after an A flag, which anybody can forge
			r.file("new", next.content)
			failed := 0
			for _, e := range eventsOf[event.ObjectFailed](r) {
				if e.TOI == old.toi {
					failed++
				}
			}
			if failed != 1 {
				t.Errorf("%s, ID %d: %v", name, id, r.ends())
			}
			r.close()
		}
	}
}

// What was known of the sender before does not bind it afterwards: FLUTE version, Complete, A flag.
func TestConf_E95_NewRunForgets(t *testing.T) {
	old, next := plain(t, 1, 300, 100, 4), plain(t, 1, 400, 100, 4)
	r := newRig(t)
	r.feed(fdtInstance{files: []fdt.File{old.file("a")}, complete: true, version: 2}.packets(t)...)
	r.feed(old.all()...)
	if !r.s.Complete() {
		t.Error("not complete")
	}
	r.feed(alc.AppendCloseSession(nil, key.TSI))
	r.wait(time.Second)
	r.feed(fdtInstance{files: []fdt.File{next.file("bb")}, version: 1}.packets(t)...)
	r.feed(next.all()...)
	r.want("completed 1 a 300", "completed 1 bb 400")
	if r.s.Complete() {
		t.Error("complete")
	}
	r.wait(2 * r.cfg.CloseGrace)
	if r.s.Ended() {
		t.Error("the A flag of the old session has ended the new one")
	}
	r.close()
}

// A restarted sender may reuse the TOI of an object that is being published.
func TestConf_E95_TOIReusedDuringPublication(t *testing.T) {
	r, next := publishingApart(t)
	r.feed(next.all()...)
	r.work()
	r.work()
	r.want("completed 1 a 300", "completed 1 bb 400")
	r.close()
}

// A carousel that pauses is no restart.
func TestConf_E95_PauseIsNoRestart(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 300, 100, 4)
	d := describe(t, 3, o.file("a"))
	for i := range fec.ESI(3) {
		r.feed(d, o.packet(0, i, 1))
		r.wait(time.Minute)
	}
	r.want("completed 1 a 300")
	r.feed(d)
	r.feed(o.all()...)
	r.want("completed 1 a 300")
	r.close()
}

// C09: a symbol has the length E; only the last one of the object may be shorter, or padded.
func TestConf_C09_SymbolLength(t *testing.T) {
	o := plain(t, 1, 250, 100, 2)
	for _, padded := range []bool{false, true} {
		r := newRig(t)
		r.feed(describe(t, 0, o.file("a")))
		r.feed(o.raw(0, 0, o.content[:99]), o.raw(0, 0, o.content[:101]), o.raw(0, 0, nil),
			o.raw(1, 0, o.content[200:249]), o.raw(1, 0, o.content[199:250]))
		if n := r.dropped(drop.SymbolLength); n != 5 {
			t.Errorf("%d packets dropped", n)
		}
		last := o.content[200:]
		if padded {
			last = append(bytes.Clone(last), make([]byte, 50)...)
		}
		r.feed(o.packet(0, 0, 1), o.packet(0, 1, 1), o.raw(1, 0, last))
		r.want("completed 1 a 250")
		r.file("a", o.content)
		r.close()
	}
	c := coded(t, 1, 250, 100, 2, 4, "")
	r := newRig(t)
	r.feed(describe(t, 0, c.file("a")), c.raw(0, 2, make([]byte, 50)))
	if n := r.dropped(drop.SymbolLength); n != 1 {
		t.Error("a short repair symbol was taken")
	}
	r.close()
}

// C10: SBN and ESI out of range are dropped; duplicates change nothing, the first copy wins.
func TestConf_C10_OutOfRangeAndDuplicates(t *testing.T) {
	r := newRig(t)
	o := plain(t, 1, 700, 100, 4) // blocks of 4 and 3
	r.feed(describe(t, 0, o.file("a")))
	r.feed(o.raw(2, 0, o.content[:100]), o.raw(0, 4, o.content[:100]), o.raw(1, 3, o.content[:100]),
		o.raw(0, 3, o.content[:200]),
		o.raw(65535, 65535, o.content[:100]))
	r.feed(o.packet(0, 0, 1), o.raw(0, 0, make([]byte, 100)), o.packet(0, 0, 1))
	c := r.l.Counters()
	if c.Dropped[drop.SBN] != 2 || c.Dropped[drop.ESI] != 3 || c.Duplicate != 2 {
		t.Errorf("%+v", c)
	}
	r.feed(o.all()...)
	r.want("completed 1 a 700")
	r.file("a", o.content)
	r.feed(o.all()...)
	if c = r.l.Counters(); c.Duplicate != 3+7 {
		t.Errorf("%d duplicates", c.Duplicate)
	}
	r.close()
}

// C12: a packet may carry several symbols of consecutive ESIs, source and repair.
func TestConf_C12_SeveralSymbols(t *testing.T) {
	for n := 1; n <= 5; n++ {
		for _, o := range []object{plain(t, 1, 1950, 100, 5), coded(t, 1, 1950, 100, 5, 8, "")} {
			r := newRig(t)
			r.feed(describe(t, 0, o.file("a")))
			part := o.oti.Partition()
			for sbn := range fec.SBN(part.Blocks()) {
				most := int(part.BlockSymbols(sbn))
				from := 0
				if o.oti.EncodingID != 0 {
					from, most = 2, 8 // without the first ones
				}
				if sbn == fec.SBN(part.Blocks()-1) && o.oti.EncodingID != 0 {
					most, from = int(part.BlockSymbols(sbn)), 0 // a short symbol is the last in its packet
				}
				for esi := from; esi < most; esi += n {
					r.feed(o.packet(sbn, fec.ESI(esi), min(n, most-esi)))
				}
			}
			r.want("completed 1 a 1950")
			r.file("a", o.content)
			r.close()
		}
	}
}

// W02: the LCT header of RFC 3451 has SCT and ERT words in front of the extensions.
func TestConf_W02_OldLayout(t *testing.T) {
	old := func(b []byte, tr byte) []byte {
		p, err := alc.Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		at := len(b) - len(p.Body) - len(p.Extensions)
		out := bytes.Clone(b[:at])
		out[1] |= tr << 2
		for _, word := range []struct {
			bit   byte
			value uint32
		}{{2, 0xC0FF0000}, {1, 0x00000000}} { // one looks like EXT_FDT, the other like HEL 0
			if tr&word.bit != 0 {
				out = binary.BigEndian.AppendUint32(out, word.value)
				out[2]++
			}
		}
		return append(out, b[at:]...)
	}
	for tr := range byte(4) {
		for _, profile := range []ProfileLock{AnyVersion, Version1} {
			r := newRig(t, func(c *Config) { c.Profile = profile })
			o := plain(t, 1, 300, 100, 4)
			for _, p := range (fdtInstance{files: []fdt.File{o.file("a")}, version: 1, e: 60000}).packets(t) {
				r.feed(old(p, tr))
			}
			for _, p := range o.all() {
				r.feed(old(p, tr))
			}
			r.want("completed 1 a 300")
			r.close()
		}
		// In RFC 5651 the bits are reserved and ignored.
		r := newRig(t)
		o := plain(t, 1, 300, 100, 4)
		res := func(b []byte) []byte { b[1] |= tr << 2; return b }
		r.feed(res(describe(t, 0, o.file("a"))))
		for _, p := range o.all() {
			r.feed(res(p))
		}
		r.want("completed 1 a 300")
		r.close()
	}
}

// inRFC3451 returns b with SCT and ERT words, as far as their bits are set in tr, in front of its extensions.
func inRFC3451(t testing.TB, b []byte, tr byte, sct, ert uint32) []byte {
	t.Helper()
	p, err := alc.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	at := len(b) - len(p.Body) - len(p.Extensions)
	out := bytes.Clone(b[:at])
	out[1] |= tr << 2
	if tr&2 != 0 {
		out = binary.BigEndian.AppendUint32(out, sct)
		out[2]++
	}
	if tr&1 != 0 {
		out = binary.BigEndian.AppendUint32(out, ert)
		out[2]++
	}
	return append(out, b[at:]...)
}

// W02: which layout a packet has is decided by the session's FLUTE version, not by what else its words could be.
func TestConf_W02_WhoseLayout(t *testing.T) {
	o := plain(t, 1, 300, 100, 4)
	v1 := fdtInstance{files: []fdt.File{o.file("a")}, version: 1, e: 60000}.packets(t)[0]
	feedOld := func(r *rig, packets [][]byte, sct, ert uint32) {
		for _, b := range packets {
			r.feed(inRFC3451(t, b, 3, sct, ert))
		}
	}
	// Together the words look like an EXT_FTI of RFC 5651 that cannot be; the first one alone, like an EXT_CENC.
	const looksLikeFTI, looksLikeCENC, rest = 0x40020000, 0xc1030000, 0
	bareOTI := o
	bareOTI.noFTI = true
	// Version 1, known by the FDT Instance or by configuration.
	r := newRig(t)
	r.feed(inRFC3451(t, v1, 2, looksLikeCENC, rest))
	feedOld(r, bareOTI.all(), looksLikeFTI, rest)
	r.want("completed 1 a 300")
	r.close()
	r = newRig(t, func(c *Config) { c.Profile = Version1 })
	feedOld(r, bareOTI.all(), looksLikeFTI, rest)
	r.feed(v1)
	r.want("completed 1 a 300")
	r.close()
	// Not known, but in the layout of RFC 5651 it would be no packet.
	r = newRig(t)
	feedOld(r, o.all(), 0, 0)
	r.feed(v1)
	r.want("completed 1 a 300")
	r.close()

	// Version 2: the bits are ignored, although RFC 3451 would give a packet without EXT_FTI: the third word of this
	// one looks like an extension of one word.
	big := coded(t, 1, 3*0xC810, 0xC810, 4, 6, "")
	bare := big.file("a")
	bare.HasOTI, bare.OTI = false, fec.OTI{}
	set := func(b []byte) []byte { b[1] |= 3 << 2; return b }
	for name, edit := range map[string]func(*Config){
		"by FDT": func(*Config) {}, "by configuration": func(c *Config) { c.Profile = Version2 },
	} {
		r := newRig(t, edit)
		if name == "by FDT" {
			r.feed(describe(t, 0, bare))
		}
		for _, b := range big.all() {
			r.feed(set(b))
		}
		if name != "by FDT" {
			r.feed(describe(t, 0, bare))
		}
		if got := r.ends(); len(got) != 1 || !strings.HasPrefix(got[0], "completed 1 a") {
			t.Errorf("%s: %v, %+v", name, got, r.l.Counters())
		}
		r.close()
	}
	// What is no packet by RFC 5651 is none, whatever it would be by RFC 3451.
	for _, edit := range []func(*Config){func(*Config) {}, func(c *Config) { c.Profile = Version2 }} {
		r := newRig(t, edit)
		r.feed(describe(t, 0, o.file("a")))
		feedOld(r, o.all(), 0, 0)
		if r.want(); r.dropped(drop.Extension) != 3 {
			t.Errorf("%+v", r.l.Counters())
		}
		r.close()
	}
	r = newRig(t, func(c *Config) { c.Profile = Version2 })
	if feedOld(r, o.all(), 0, 0); r.dropped(drop.Extension) != 3 {
		t.Errorf("%+v", r.l.Counters())
	}
	r.close()
	// An FDT Instance of version 2 that says so in either layout is of RFC 5651: here RFC 3451 would miss its EXT_CENC.
	r = newRig(t)
	for _, b := range zipped(t, 0, document("", `<File TOI="1" Content-Location="a"/>`)) {
		p, err := alc.Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		h := lct.Header{HasTSI: true, TSI: key.TSI, HasTOI: true}
		cenc := []byte{lct.HETCENC, byte(flute.GZIP), 0, 0}
		at := bytes.Index(p.Extensions, cenc)
		h.Extensions = append(bytes.Clone(cenc), p.Extensions[:at]...)
		h.Extensions = append(h.Extensions, p.Extensions[at+len(cenc):]...)
		front, err := h.AppendBinary(nil)
		if err != nil {
			t.Fatal(err)
		}
		front[1] |= 2 << 2
		r.feed(append(front, p.Body...))
	}
	r.feed(o.all()...)
	r.want("completed 1 a 300")
	r.close()
}

// Objects of no bytes have nothing to wait for: in any order, with and without packets, encoded or not.
func TestConf_B10_EmptyObjects(t *testing.T) {
	o := plain(t, 1, 0, 100, 4)
	packet := o.raw(0, 0, nil)
	for name, feed := range map[string]func(*rig, []byte){
		"FDT only":     func(r *rig, d []byte) { r.feed(d) },
		"FDT first":    func(r *rig, d []byte) { r.feed(d, packet) },
		"packet first": func(r *rig, d []byte) { r.feed(packet, d, packet) },
		"crash between": func(r *rig, d []byte) {
			_, _ = r.s.Route(r.now, Origin{}, d)
			r.handed++
			r.crash()
		},
	} {
		for _, f := range []fdt.File{o.file("a"), {TOI: o.toi, ContentLocation: "a", ContentLength: new(uint64)}} {
			r := newRig(t)
			feed(r, describe(t, 0, f))
			if got := r.ends(); len(got) != 1 || got[0] != "completed 1 a 0" {
				t.Errorf("%s: %v", name, got)
			}
			r.close()
		}
	}
}

// A silent session ends, also one that never was one.
func TestSilentSession(t *testing.T) {
	r := newRig(t)
	if d := r.s.Deadline(); !d.IsZero() {
		t.Errorf("deadline %v before the first packet", d)
	}
	r.s.Advance(r.now)
	r.feed([]byte{0x10, 0, 0})
	r.wait(r.cfg.SessionTimeout)
	if !r.s.Ended() || len(r.events) != 0 {
		t.Errorf("ended %v, events %v", r.s.Ended(), r.events)
	}
	r = newRig(t)
	o := plain(t, 1, 300, 100, 4)
	r.feed(fdtInstance{files: []fdt.File{o.file("a")}, expires: start.Add(100 * time.Hour)}.packets(t)...)
	r.feed(o.packet(0, 0, 1))
	r.wait(r.cfg.SessionTimeout)
	r.want("failed 1 a session_over", "closed silent")
}

// Close waits for what is being published, takes no packets, and tells its reason.
func TestCloseDuringPublication(t *testing.T) {
	r := newRig(t)
	r.manual = true
	a, b := plain(t, 1, 300, 100, 4), plain(t, 2, 300, 100, 4)
	r.feed(describe(t, 0, a.file("a"), b.file("b")))
	r.feed(concat(a.all(), b.all()[:2])...)
	r.s.Close("enough")
	r.settle()
	r.want("failed 2 b session_over")
	if !r.s.Deadline().IsZero() || r.s.Ended() {
		t.Errorf("deadline %v, ended %v", r.s.Deadline(), r.s.Ended())
	}
	r.feed(b.packet(0, 2, 1))
	r.s.Advance(r.now.Add(time.Hour))
	r.work()
	r.want("failed 2 b session_over", "completed 1 a 300", "closed enough")
	r.close()
}

// Abort does not wait.
func TestAbort(t *testing.T) {
	r := newRig(t)
	r.manual = true
	a := plain(t, 1, 300, 100, 4)
	r.feed(describe(t, 0, a.file("a")))
	r.feed(a.all()...)
	w := r.works[0]
	r.works = nil
	r.s.Abort("given up")
	r.settle()
	r.want("failed 1 a quarantined", "closed given up")
	w.Cancel()
	w.Run(nil)
	r.close()
	if len(r.store.Files()) != 0 {
		t.Error("published")
	}
}
