package settings

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/internal/allocbound"
	"github.com/flute-node/flute-node/internal/defaults"
	"github.com/flute-node/flute-node/node"
)

// description returns a session description with these lines behind its head.
func description(lines ...string) []byte {
	head := []string{"v=0", "o=user 2890844526 2890842807 IN IP4 192.0.2.1", "s=Files", "t=0 0"}
	return []byte(strings.Join(append(head, lines...), "\r\n") + "\r\n")
}

func TestConf_L41_E84_SDP(t *testing.T) {
	const media = "m=application 4000 FLUTE/UDP 0"
	for name, c := range map[string]struct {
		lines []string
		want  string
	}{
		"one channel": {
			[]string{"a=flute-tsi:3", "a=source-filter: incl IN IP4 * 192.0.2.9", media, "c=IN IP4 239.1.1.1/127"},
			"239.1.1.1:4000 192.0.2.9 [3] []",
		},
		"two channels": {
			[]string{
				"a=flute-tsi:3", "a=flute-ch:2", "a=source-filter: incl IN IP6 * 2001:db8::9",
				media, "c=IN IP6 ff1e::1", "m=application 4001 FLUTE/UDP 0", "c=IN IP6 ff1e::2",
			},
			"[ff1e::1]:4000 2001:db8::9 [3] [[ff1e::2]:4001 from 2001:db8::9, channel 1]",
		},
		"ranges": {
			[]string{"c=IN IP4 239.1.1.1/127/2", "m=application 4000/2 flute/udp 0", "a=flute-ch:4"},
			"239.1.1.1:4000 invalid IP [] [239.1.1.1:4001, channel 1 239.1.1.2:4000, channel 2 " +
				"239.1.1.2:4001, channel 3]",
		},
		"other media": {
			[]string{"m=video 5000 RTP/AVP 96", "c=IN IP4 239.9.9.9/1", media, "c=IN IP4 239.1.1.1/1"},
			"239.1.1.1:4000 invalid IP [] []",
		},
	} {
		d, err := ParseSDP(description(c.lines...))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var cfg node.ReceiveConfig
		d.Apply(&cfg)
		if got := fmt.Sprint(cfg.Group, cfg.Source, cfg.TSIs, cfg.Feeds); got != c.want {
			t.Errorf("%s:\n%s, want\n%s", name, got, c.want)
		}
	}
	for name, lines := range map[string][]string{
		"no media":         {"c=IN IP4 239.1.1.1/1"},
		"no address":       {media},
		"channels":         {"a=flute-ch:2", media, "c=IN IP4 239.1.1.1/1"},
		"no channels":      {"a=flute-ch:0", media, "c=IN IP4 239.1.1.1/1"},
		"tsi":              {"a=flute-tsi:x", media, "c=IN IP4 239.1.1.1/1"},
		"long tsi":         {"a=flute-tsi:281474976710656", media, "c=IN IP4 239.1.1.1/1"},
		"two tsis":         {"a=flute-tsi:1", media, "a=flute-tsi:2", "c=IN IP4 239.1.1.1/1"},
		"port":             {"m=application 0 FLUTE/UDP 0", "c=IN IP4 239.1.1.1/1"},
		"ports":            {"m=application 65535/2 FLUTE/UDP 0", "c=IN IP4 239.1.1.1/1"},
		"many":             {"m=application 4000/9 FLUTE/UDP 0", "c=IN IP4 239.1.1.1/1"},
		"very many":        {"m=application 4000 FLUTE/UDP 0", "c=IN IP4 239.1.1.1/1/2000000000"},
		"greatest port":    {"m=application 9223372036854775807/2 FLUTE/UDP 0", "c=IN IP4 239.1.1.1/1"},
		"too many groups":  {media, "c=IN IP4 255.255.255.255/1/2"},
		"zone":             {media, "c=IN IP6 ff02::1%$(reboot)"},
		"zone of a source": {"a=source-filter: incl IN IP6 * fe80::1%;reboot", media, "c=IN IP6 ff02::1"},
		"host":             {media, "c=IN IP4 group.example"},
		"excluded source":  {"a=source-filter: excl IN IP4 * 192.0.2.9", media, "c=IN IP4 239.1.1.1/1"},
		"two sources":      {"a=source-filter: incl IN IP4 * 192.0.2.9 192.0.2.8", media, "c=IN IP4 239.1.1.1/1"},
		"source by a name": {"a=source-filter: incl IN IP4 * sender", media, "c=IN IP4 239.1.1.1/1"},
		"not a line":       {"hello", media, "c=IN IP4 239.1.1.1/1"},
	} {
		if d, err := ParseSDP(description(lines...)); err == nil {
			t.Errorf("%s: %+v", name, d)
		} else if !strings.HasPrefix(err.Error(), "session description: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is written is read as the same, with all that a description can say.
func TestSDPText(t *testing.T) {
	origin := netip.MustParseAddr("192.0.2.1")
	at := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	for name, d := range map[string]Description{
		"least": {Feeds: []flute.Feed{{Group: netip.MustParseAddrPort("239.1.1.1:4000")}}, Name: "x", Version: 1, TTL: 1},
		"most": {
			TSI: 1<<48 - 1, HasTSI: true, Name: "Straße 5", ID: 7, Version: 9, From: at, Until: at.Add(time.Hour),
			FEC: new(uint8(6)), Rate: 50000, TTL: 64,
			Feeds: []flute.Feed{
				{Group: netip.MustParseAddrPort("239.1.1.1:4000"), Source: netip.MustParseAddr("192.0.2.9")},
				{Group: netip.MustParseAddrPort("239.1.1.2:1"), Source: netip.MustParseAddr("192.0.2.8"), Channel: 1},
			},
		},
		"any sender on the second channel": {
			Name: "x", Version: 1, TTL: 1, Feeds: []flute.Feed{
				{Group: netip.MustParseAddrPort("239.1.1.1:4000"), Source: netip.MustParseAddr("192.0.2.9")},
				{Group: netip.MustParseAddrPort("239.1.1.2:4000"), Channel: 1},
			},
		},
		"IPv6": {
			Name: "x", Version: 1, Feeds: []flute.Feed{
				{Group: netip.MustParseAddrPort("[ff1e::1]:65535"), Source: netip.MustParseAddr("2001:db8::1")},
			},
		},
	} {
		text, err := d.Text(origin)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		read, err := ParseSDP(text)
		if err != nil || !reflect.DeepEqual(*read, d) {
			t.Errorf("%s: %+v, %v\n%s", name, read, err, text)
		}
	}
	feed := []flute.Feed{{Group: netip.MustParseAddrPort("239.1.1.1:4000")}}
	for name, d := range map[string]Description{
		"no channel": {}, "a line in the name": {Feeds: feed, Name: "x\r\na=flute-tsi:2"},
	} {
		if text, err := d.Text(origin); err == nil {
			t.Errorf("%s: %s", name, text)
		}
	}
	if _, err := (&Description{Feeds: feed}).Text(netip.Addr{}); err == nil {
		t.Error("no origin")
	}
}

// 10 MB of SDP are refused at once.
func TestLongSDP(t *testing.T) {
	text := append(description("m=application 4000 FLUTE/UDP 0", "c=IN IP4 239.1.1.1/1"),
		bytes.Repeat([]byte("a=x\r\n"), 2<<20)...)
	allocbound.Bound{Fixed: 4 << 10}.Check(t, 0, func() {
		if d, err := ParseSDP(text[:10<<20]); err == nil {
			t.Errorf("%+v", d)
		}
	})
}

// TestMemoryOfSDP: what a description takes, or its error, is a small multiple of its bytes, whatever they are.
func TestMemoryOfSDP(t *testing.T) {
	many := func(text string) string { return strings.Repeat(text, (MaxSDP-200)/len(text)) }
	flute := "m=application 1 FLUTE/UDP 0\n"
	for name, text := range map[string]string{
		"media":               many("m=\n"),
		"words of media":      "m=" + many("a "),
		"times":               "t=" + many("\xff "),
		"origins":             many("o=a b c d e f\n"),
		"a line without =":    many("\xff"),
		"an address":          "c=IN IP6 ff::" + many("\xff") + "\n" + flute,
		"a number":            "c=IN IP6 ff1e::1/" + many("\xff") + "\n" + flute,
		"numbers":             "c=IN IP6 ff1e::1" + many("/1") + "\n" + flute,
		"a port":              "c=IN IP6 ff1e::1\nm=application " + many("\xff") + " FLUTE/UDP 0\n",
		"sources":             "c=IN IP6 ff1e::1\na=source-filter:" + many("\xff ") + "\n" + flute,
		"a source":            "c=IN IP6 ff1e::1\na=source-filter: incl IN IP4 * 1.1." + many("\xff") + "\n" + flute,
		"a TSI":               "a=flute-tsi:" + many("\xff"),
		"a count of channels": "a=flute-ch:" + many("\xff"),
	} {
		t.Run(name, func(t *testing.T) {
			text := []byte("v=0\n" + text)
			allocbound.Bound{PerByte: 25, Fixed: 8 << 10}.Check(t, len(text), func() {
				if d, err := ParseSDP(text); err == nil || len(err.Error()) > 400 {
					t.Errorf("%+v, %.400v", d, err)
				}
			})
		})
	}
}

// FuzzSDP: whatever is read gives a few channels, or an error; it is written so that it is read the same. How lines end
// makes no difference. Every description that can be written is read as it was.
func FuzzSDP(f *testing.F) {
	f.Add(description("a=flute-tsi:3", "m=application 4000/2 FLUTE/UDP 0", "c=IN IP4 239.1.1.1/127/3"))
	f.Add(description("m=application 4000 FLUTE/UDP 0", "c=IN IP4 239.1.1.1/127",
		"a=source-filter: incl IN IP4 * 192.0.2.9", "m=application 4001 FLUTE/UDP 0", "c=IN IP6 ff1e::1"))
	f.Fuzz(func(t *testing.T, text []byte) {
		checkWritten(t, made(text))
		var d *Description
		var err error
		allocbound.Bound{PerByte: 25, Fixed: 8 << 10}.Check(t, len(text), func() { d, err = ParseSDP(text) })
		if (err == nil) != (d != nil) || d != nil && (len(d.Feeds) == 0 || len(d.Feeds) > defaults.MaxFeeds) {
			t.Fatalf("%+v, %v", d, err)
		}
		if d == nil {
			return
		}
		for i, feed := range d.Feeds {
			if int(feed.Channel) != i || feed.Group.Port() == 0 || feed.Group.Addr().Zone() != "" ||
				feed.Source.Zone() != "" || feed.Interface != "" {
				t.Fatalf("channel %d of %d: %+v", i, len(d.Feeds), feed)
			}
		}
		text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
		other, err := ParseSDP(bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")))
		if len(text)+bytes.Count(text, []byte("\n")) <= MaxSDP && (err != nil || !reflect.DeepEqual(other, d)) {
			t.Fatalf("with CRLF: %+v, %v; want %+v", other, err, d)
		}
		if len(d.Name) < MaxSDP/2 && !strings.ContainsFunc(d.Name, unicode.IsControl) {
			checkWritten(t, d)
		}
	})
}

// checkWritten fails t unless d is written so that it is read the same, but for what a description cannot say.
func checkWritten(t *testing.T, d *Description) {
	t.Helper()
	text, err := d.Text(netip.MustParseAddr("192.0.2.1"))
	if err != nil {
		t.Fatalf("%+v: %v", d, err)
	}
	want := *d
	want.Feeds, want.TTL = slices.Clone(d.Feeds), 0
	want.Name, want.Version = cmp.Or(d.Name, "FLUTE"), max(1, d.Version)
	for i := range want.Feeds {
		feed := &want.Feeds[i]
		feed.Group = netip.AddrPortFrom(feed.Group.Addr().Unmap(), feed.Group.Port())
		feed.Source = feed.Source.Unmap()
		if a := feed.Group.Addr(); a.Is4() && a.IsMulticast() {
			want.TTL = max(1, d.TTL)
		}
	}
	if got, err := ParseSDP(text); err != nil || !reflect.DeepEqual(*got, want) {
		t.Fatalf("%+v, %v; want %+v; of\n%s", got, err, want, text)
	}
}

// made returns a description that these bytes choose.
func made(choices []byte) *Description {
	next := func() uint64 {
		var b [8]byte
		n := copy(b[:1+len(choices)%8], choices)
		choices = choices[n:]
		return binary.LittleEndian.Uint64(b[:])
	}
	d := &Description{Name: "x", ID: next(), Version: next(), Rate: next(), TTL: uint8(next())}
	if n := next(); n%3 > 0 {
		d.HasTSI, d.TSI = true, flute.TSI(n%(1<<48))
	}
	if n := next(); n%3 > 0 {
		d.FEC = new(uint8(n))
	}
	for _, to := range []*time.Time{&d.From, &d.Until} {
		if n := next() % (1<<40 - ntpEpoch); n > 0 {
			*to = time.Unix(int64(n), 0).UTC()
		}
	}
	for i := range 1 + next()%defaults.MaxFeeds {
		g, s := next(), next()
		group := netip.AddrFrom4([4]byte{224 + byte(g)%16, byte(g >> 8), byte(g >> 16), byte(g >> 24)})
		source := netip.AddrFrom4([4]byte{192, 0, 2, byte(s)})
		if g%5 == 0 {
			group, source = netip.AddrFrom16([16]byte{0xff, 0x1e, 15: byte(g)}), netip.AddrFrom16([16]byte{15: byte(s)})
		}
		if s%3 == 0 {
			source = netip.Addr{}
		}
		d.Feeds = append(d.Feeds, flute.Feed{
			Group: netip.AddrPortFrom(group, max(1, uint16(next()))), Source: source, Channel: uint8(i),
		})
	}
	return d
}
