package receiver

import (
	"bytes"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/rs"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/lct"
)

// An object that Selection.MaxAge gives up is given up at that age, and looked at then; one that has ended, or that
// nothing describes, is not.
func TestAgeOfObjects(t *testing.T) {
	const age = time.Minute
	for name, c := range map[string]struct {
		after time.Duration
		edit  func(e *entry)
		old   bool
		again bool
	}{
		"just in time":      {age - 1, func(*entry) {}, false, true},
		"too old":           {age, func(*entry) {}, true, false},
		"ended":             {age, func(e *entry) { e.phase = failed }, false, false},
		"being published":   {age, func(e *entry) { e.phase = finishing }, false, false},
		"nothing describes": {age, func(e *entry) { e.file = nil }, false, false},
	} {
		r := newRig(t, func(cfg *Config) { cfg.Selection.MaxAge = age })
		e := described(t, r)
		c.edit(e)
		if got := r.l.isTooOld(e.born.Add(c.after), e); got != c.old || r.l.wake.Equal(e.born.Add(age)) != c.again {
			t.Errorf("%s: too old %v, looked at again at %v", name, got, r.l.wake)
		}
	}
	r := newRig(t)
	if e := described(t, r); r.l.isTooOld(e.born.Add(time.Hour*1e5), e) || !r.l.wake.IsZero() {
		t.Error("an object becomes too old though nobody said when")
	}
}

// A feed is told to be silent after so many datagrams on others, and so long a time; not before either.
func TestWhenAFeedIsSilent(t *testing.T) {
	for name, c := range map[string]struct {
		missed int
		since  time.Duration
		want   bool
	}{
		"both":          {feedMissed, feedSilence, true},
		"one more":      {feedMissed - 1, feedSilence, false},
		"not so long":   {feedMissed, feedSilence - 1, false},
		"far too many":  {10 * feedMissed, time.Second, false},
		"for very long": {1, time.Hour, false},
	} {
		r := newRig(t, withFeeds(2))
		o := plain(t, 1, 3000, 100, 4)
		r.on(0, describe(t, 0, o.file("a")), o.packet(0, 0, 1))
		r.on(1, o.packet(0, 0, 1))
		one := &r.l.feeds.list[1]
		one.missed, one.last = c.missed-1, r.now.Add(-c.since)
		r.on(0, o.packet(0, 1, 1))
		if one.silent != c.want {
			t.Errorf("%s: silent %v", name, one.silent)
		}
		if r.on(1, o.packet(0, 1, 1)); one.silent || one.missed != 0 {
			t.Errorf("%s: silent though it was heard", name)
		}
		r.close()
	}
}

// A datagram of a feed that there is not counts as one of the first.
func TestUnknownFeed(t *testing.T) {
	for _, n := range []int{2, 3} {
		r := newRig(t, withFeeds(n))
		first := r.s.line(r.now, Origin{Port: 9}, &alc.Packet{})
		for feed := range uint8(6) {
			got := r.s.line(r.now, Origin{Feed: feed, Port: 9}, &alc.Packet{})
			if (got == first) != (feed == 0 || int(feed) >= n) {
				t.Errorf("%d feeds: feed %d is the first: %v", n, feed, got == first)
			}
		}
	}
}

// More than one symbol of so many out of order says that the sender does not count up.
func TestIsShuffled(t *testing.T) {
	for packets, want := range map[uint64]bool{10 * disorderShare: false, 10*disorderShare - 1: true} {
		if s := (&sequences{disorders: 10, packets: packets}); s.isShuffled() != want {
			t.Errorf("10 of %d packets: shuffled %v", packets, !want)
		}
	}
}

// What is kept of a packet are its parts, however long its EXT_FTI is: an instance-specific tail (RFC 5445, section
// 4.2.2.3) makes it up to 1,018 bytes long.
func TestKeptParts(t *testing.T) {
	for _, n := range []int{0, 2, 10, 14, 18, 250, 254, 258, 1018} {
		var k pending
		p := &alc.Packet{FTI: bytes.Repeat([]byte{1}, n), Body: []byte("body")}
		p.Codepoint = 5
		k.add(p)
		if got := k.packets[0]; !bytes.Equal(got.fti(), p.FTI) || string(got.body()) != "body" || got[0] != 5 ||
			k.bytes != keptCost(p) {
			t.Errorf("EXT_FTI of %d bytes: %d are kept, %q", n, len(got.fti()), got.body())
		}
	}
}

// A long tail in EXT_FTI of an object that nothing describes yet crashes nothing, and costs no object.
func TestLongTailIsKept(t *testing.T) {
	for _, words := range []int{1, 59, 60, 61, 200} {
		r := newRig(t, func(c *Config) { c.Variant = rs.Rizzo })
		o := coded(t, 1, 1000, 100, 5, 8, rs.Rizzo)
		o.oti.EncodingID = fec.SmallBlockSystematic
		fti := append(o.oti.AppendFTI(nil), make([]byte, 4*words)...)
		fti[len(fti)-4*words] = byte(words)
		edit := func(h *lct.Header) { h.Extensions = lct.AppendExtension(nil, lct.HETFTI, fti) }
		part := o.oti.Partition()
		for sbn := range fec.SBN(part.Blocks()) {
			for esi := range fec.ESI(part.BlockSymbols(sbn)) {
				off, n := part.Symbol(sbn, esi)
				h := lct.Header{
					Codepoint: uint8(o.oti.EncodingID), HasTSI: true, TSI: key.TSI, HasTOI: true, TOI: o.toi,
				}
				edit(&h)
				b, err := h.AppendBinary(nil)
				if err != nil {
					t.Fatal(err)
				}
				b = o.oti.AppendPayloadID(b, fec.PayloadID{
					SBN: sbn, ESI: esi, SourceBlockLength: uint16(part.BlockSymbols(sbn)),
				})
				r.feed(append(b, o.content[off:off+uint64(n)]...))
			}
		}
		r.feed(describe(t, 0, o.file("a")))
		r.file("a", o.content)
		r.close()
	}
}

// An object that was put is repaired for a while.
func TestIsRepaired(t *testing.T) {
	now := start.Add(time.Hour)
	for name, c := range map[string]struct {
		put  time.Time
		want bool
	}{
		"never": {}, "now": {now, true}, "lately": {now.Add(1 - repairGrace), true}, "long ago": {now.Add(-repairGrace), false},
	} {
		e := &entry{record: record{toi: flute.NewTOI(1)}, put: c.put}
		if got := e.isRepaired(now); got != c.want {
			t.Errorf("%s: repaired %v", name, got)
		}
	}
}
