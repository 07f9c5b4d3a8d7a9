package inspect

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/store/mem"
)

// one returns the only session of a report.
func one(t testing.TB, r *Report) *Session {
	t.Helper()
	if len(r.Sessions) != 1 {
		t.Fatalf("%d sessions:\n%s", len(r.Sessions), r.Text())
	}
	return &r.Sessions[0]
}

// TestGoodCaptures: what our sender sends breaks no rule, whatever its scheme, profile and content encoding.
func TestGoodCaptures(t *testing.T) {
	type edit = func(*sender.Config, *sender.File)
	code := func(id fec.EncodingID) edit {
		return func(c *sender.Config, _ *sender.File) { c.OTI.EncodingID = id }
	}
	tests := map[string]edit{
		"no-code": nil,
		"raptor":  code(fec.Raptor), "raptorq": code(fec.RaptorQ), "rs8": code(fec.ReedSolomonGF28),
		"rs": code(fec.ReedSolomonGF2m), "ldpc": code(fec.LDPCStaircase), "triangle": code(fec.LDPCTriangle),
		"version 1": func(c *sender.Config, _ *sender.File) { c.Profile = fdt.RFC3926 },
		"mbms":      func(c *sender.Config, _ *sender.File) { c.Profile = fdt.MBMSDownload },
		"gzip":      func(c *sender.Config, f *sender.File) { c.FDTCENC, f.CENC = flute.GZIP, flute.GZIP },
		"carousel":  func(c *sender.Config, f *sender.File) { f.TransferCount = 3 },
		"times": func(c *sender.Config, _ *sender.File) {
			c.FileSCT, c.ERT, c.SLC = true, true, true
		},
	}
	for name, edit := range tests {
		t.Run(name, func(t *testing.T) {
			list := sent(t, []int{1_000_000, 100_000, 5}, edit)
			r := judged(t, pcap(t, list), Config{})
			x := one(t, r)
			if r.Verdict != Clean || len(x.Violations) > 0 || x.Lost > 0 || x.Late > 0 || x.Duplicates > 0 {
				t.Errorf("%s", r.Text())
			}
			for _, o := range x.Objects {
				if o.State != "verified" || o.Missing > 0 || o.Whole != o.Blocks || o.Location == "" {
					t.Errorf("%+v", o)
				}
			}
			if len(x.Objects) != 3 || x.Packets != uint64(len(list)) || !x.Closed {
				t.Errorf("%d objects, %d packets", len(x.Objects), x.Packets)
			}
		})
	}
}

// TestDamagedCaptures: each damage, and what it must be called.
func TestDamagedCaptures(t *testing.T) {
	flip := func(list []packet, n int) {
		for i := range list {
			if !isFDT(list[i]) {
				if n--; n == 0 {
					list[i].payload[len(list[i].payload)-1] ^= 1
				}
			}
		}
	}
	drop := func(list []packet, from, n int) []packet { return slices.Delete(list, from, from+n) }
	tests := []struct {
		name    string
		edit    func(*sender.Config, *sender.File)
		damage  func([]packet) []packet
		file    func([]byte) []byte
		verdict string
		rules   []string
		check   func(*Report, *Session) bool
	}{
		{
			name: "packets lost", damage: func(l []packet) []packet { return drop(drop(l, 100, 5), 300, 1) },
			verdict: Incomplete,
			check:   func(_ *Report, x *Session) bool { return x.Lost == 6 && x.Objects[0].Missing == 6 },
		},
		{
			name:    "packets lost that FEC repairs",
			edit:    func(c *sender.Config, _ *sender.File) { c.OTI.EncodingID = fec.RaptorQ },
			damage:  func(l []packet) []packet { return drop(l, 100, 5) },
			verdict: Clean,
			check:   func(_ *Report, x *Session) bool { return x.Lost == 5 && x.FEC.Blocks > 0 && x.FEC.Least > 0 },
		},
		{
			name:    "too many lost for FEC",
			edit:    func(c *sender.Config, _ *sender.File) { c.OTI.EncodingID = fec.ReedSolomonGF28 },
			damage:  func(l []packet) []packet { return drop(l, 100, 40) },
			verdict: Incomplete,
			check:   func(_ *Report, x *Session) bool { return x.FEC.Lacking > 0 && x.FEC.Worst > 0 },
		},
		{name: "reordered", damage: func(l []packet) []packet {
			for i := 70; i < 110; i += 10 { // within a source block
				l[i].payload, l[i+1].payload = l[i+1].payload, l[i].payload
			}
			return l
		}, verdict: Clean, check: func(_ *Report, x *Session) bool { return x.Late == 4 && x.Lost == 0 }},
		{name: "doubled", damage: func(l []packet) []packet {
			for i := 150; i > 50; i -= 10 {
				l = slices.Insert(l, i, l[i])
			}
			return l
		}, verdict: Clean, check: func(_ *Report, x *Session) bool { return x.Duplicates == 10 && x.Lost == 0 }},
		{
			name: "a wrong byte", damage: func(l []packet) []packet { flip(l, 100); return l },
			verdict: Violations, rules: []string{"E59"},
			check: func(_ *Report, x *Session) bool { return x.Objects[0].State == "failed" },
		},
		{name: "FLUTE version 3", damage: func(l []packet) []packet {
			for i := range l {
				if isFDT(l[i]) {
					at := bytes.IndexByte(l[i].payload, 192)
					l[i].payload[at+1] = 0x30 | l[i].payload[at+1]&15
				}
			}
			return l
		}, verdict: Violations, rules: []string{"E01"}},
		{
			name: "HEL 0", damage: func(l []packet) []packet {
				p := bytes.Clone(l[60].payload)
				p[12], p[13] = 64, 0 // the first extension
				return slices.Insert(l, 60, packet{l[60].at, p})
			}, verdict: Violations, rules: []string{"L28"},
			check: func(_ *Report, x *Session) bool { return x.Violations[0].Packets[0] == 61 },
		},
		{name: "HDR_LEN beyond the datagram", damage: func(l []packet) []packet {
			p := bytes.Clone(l[60].payload[:100])
			p[2] = 255
			return slices.Insert(l, 60, packet{l[60].at, p})
		}, verdict: Violations, rules: []string{"L15"}},
		{name: "LCT version 2", damage: func(l []packet) []packet {
			p := bytes.Clone(l[60].payload)
			p[0] = 0x20
			return slices.Insert(l, 60, packet{l[60].at, p})
		}, verdict: Violations, rules: []string{"A01"}},
		{
			name: "no FDT Instance", damage: func(l []packet) []packet { return slices.DeleteFunc(l, isFDT) },
			verdict: Incomplete, check: func(_ *Report, x *Session) bool { return x.Objects[0].State == "undescribed" },
		},
		{name: "FDT Instance not whole", edit: func(c *sender.Config, f *sender.File) {
			c.FDTOTI = fec.OTI{SymbolLength: 64, MaxSourceBlockLength: 64}
		}, damage: func(l []packet) []packet {
			n := 0
			return slices.DeleteFunc(l, func(p packet) bool {
				if isFDT(p) {
					n++
				}
				return isFDT(p) && n%9 == 1
			})
		}, verdict: Incomplete, rules: []string{"E36"}},
		{name: "another codepoint", damage: func(l []packet) []packet {
			for i := range l {
				if !isFDT(l[i]) && len(l[i].payload) > 100 {
					l[i].payload[3] = 5
				}
			}
			return l
		}, verdict: Violations, rules: []string{"E83", "B10"}},
		{
			name: "symbols of another length", damage: func(l []packet) []packet {
				l[100].payload = l[100].payload[:1000]
				return l
			}, verdict: Violations, rules: []string{"C05"},
			check: func(_ *Report, x *Session) bool { return x.Objects[0].Missing == 1 },
		},
		{name: "an SBN that is none", damage: func(l []packet) []packet {
			p := bytes.Clone(l[100].payload)
			binary.BigEndian.PutUint16(p[int(p[2])*4:], 9999)
			return slices.Insert(l, 100, packet{l[100].at, p})
		}, verdict: Violations, rules: []string{"C10"}},
		{name: "A and then more", damage: func(l []packet) []packet {
			return slices.Insert(l, 300, l[len(l)-1])
		}, verdict: Clean, rules: []string{"L09"}},
		{
			name: "expired", edit: func(c *sender.Config, _ *sender.File) { c.NoSCT = true },
			damage: func(l []packet) []packet {
				for i := range l {
					l[i].at = l[i].at.Add(5 * time.Hour)
				}
				return l
			}, verdict: Violations, rules: []string{"E29", "E30"},
		},
		{
			name: "a capture cut at its end", file: func(b []byte) []byte { return b[:len(b)-700_000] },
			verdict: Incomplete, check: func(r *Report, _ *Session) bool { return r.CutShort != "" },
		},
		{name: "padding in a reserved bit", damage: func(l []packet) []packet {
			l[90].payload[1] |= 0x08
			return l
		}, verdict: Violations, rules: []string{"L03"}},
		{name: "several datagrams in one packet of the capture", damage: func(l []packet) []packet {
			var big []byte
			for _, p := range l[100:110] {
				big = append(big, p.payload...)
			}
			return slices.Replace(l, 100, 110, packet{l[100].at, big})
		}, verdict: Clean, check: func(r *Report, _ *Session) bool { return r.Joined == 1 }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			list := sent(t, []int{1_000_000}, test.edit)
			if test.damage != nil {
				list = test.damage(list)
			}
			file := pcap(t, list)
			if test.file != nil {
				file = test.file(file)
			}
			r := judged(t, file, Config{})
			x := one(t, r)
			got := broken(x)
			slices.Sort(got)
			slices.Sort(test.rules)
			if diff := cmp.Diff(test.rules, got); diff != "" || r.Verdict != test.verdict {
				t.Errorf("rules %s\n%s", diff, r.Text())
			}
			if test.check != nil && !test.check(r, x) {
				t.Errorf("%s", r.Text())
			}
			answer := map[string]string{Clean: "Neither", Violations: "The sender"}[test.verdict]
			if len(r.Answer) == 0 || !strings.HasPrefix(r.Answer[0], answer) {
				t.Errorf("%q", r.Answer)
			}
		})
	}
}

// TestExtract: what is whole is in the store.
func TestExtract(t *testing.T) {
	st := mem.New()
	judged(t, pcap(t, sent(t, []int{50_000, 70}, nil)), Config{Store: st})
	want := []string{"192.0.2.1/239.1.1.1-3400-7/f0.bin", "192.0.2.1/239.1.1.1-3400-7/f1.bin"}
	if diff := cmp.Diff(want, st.Files()); diff != "" {
		t.Error(diff)
	}
}

// TestUnverified: without decoding, the verdict on what is complete rests on the symbols.
func TestUnverified(t *testing.T) {
	x := one(t, judged(t, pcap(t, sent(t, []int{500_000}, nil)), Config{Unverified: true}))
	if x.Verdict != Clean || x.Objects[0].State != "complete" {
		t.Errorf("%+v", x.Objects)
	}
}

// TestManySessions: sessions without end, of one packet each, do not push out one that shows FDT Instances, and take no
// more memory than some thousand.
func TestManySessions(t *testing.T) {
	n := 200_000
	if testing.Short() {
		n = 20_000
	}
	list := sent(t, []int{30_000}, nil)
	var all []packet
	for i := range n {
		if i%(n/len(list)) == 0 && i*len(list)/n < len(list) {
			p := list[i*len(list)/n]
			all = append(all, packet{begin, p.payload})
		}
		stray := []byte{0x10, 0xa0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0}
		binary.BigEndian.PutUint32(stray[8:], uint32(i+100))
		all = append(all, packet{begin, stray})
	}
	r := judged(t, pcap(t, all), Config{Unverified: true})
	if x := one(t, r); x.Key.TSI != 7 || x.Objects[0].State != "complete" {
		t.Errorf("%.2000s", r.Text())
	}
	if r.Forgotten < uint64(n-maxSessions) {
		t.Error(r.Forgotten)
	}
}

// TestHostileNames: what a sender calls its files does nothing to a terminal or a page.
func TestHostileNames(t *testing.T) {
	const hostile = "file:///'&lt;script>alert(1)&lt;/script>&#x202e;&amp;"
	list := sent(t, []int{30}, func(_ *sender.Config, f *sender.File) {
		f.ContentLocation = "file:///" + strings.Repeat("a", len(hostile)-8)
	})
	for i := range list {
		list[i].payload = bytes.ReplaceAll(list[i].payload,
			[]byte("file:///"+strings.Repeat("a", len(hostile)-8)), []byte(hostile))
	}
	r := judged(t, pcap(t, list), Config{})
	r.Finish("a\x1b[31m</title><script>.pcap", *r.Counts, nil)
	page, err := r.HTML()
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{"text": r.Text(), "page": string(page)} {
		if strings.ContainsAny(text, "\x1b\u202e\x07") || what == "page" && strings.Contains(text, "<script>") {
			t.Errorf("%s: %s", what, text)
		}
	}
	if !strings.Contains(string(page), "alert(1)") {
		t.Error("the name is not shown")
	}
	for _, fetch := range []string{"http:", "https:", "src=", "url(", "@import", "href"} {
		if bytes.Contains(page, []byte(fetch)) {
			t.Errorf("the page has %s", fetch)
		}
	}
}

func TestSpans(t *testing.T) {
	var s spans
	for _, e := range []uint32{5, 7, 6, 6, 0, 9, 8, 1, 4, 3, 2} {
		s.add(e)
	}
	if fmt.Sprint(s.list) != "[{0 10}]" || s.count != 10 || s.below(4) != 4 {
		t.Errorf("%+v", s)
	}
	for e := range uint32(2 * maxSpans) {
		if _, full := s.add(20 + 2*e); full != (len(s.list) == maxSpans && e >= maxSpans-1) {
			t.Fatal(e, full)
		}
	}
}
