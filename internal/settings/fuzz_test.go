package settings

import (
	"context"
	"encoding"
	"math"
	"math/big"
	"net/netip"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/flute-node/flute-node/internal/allocbound"
)

// written are numbers as most people write them, which math/big reads, too.
var written = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?) ?([A-Za-z]*)$`)

// checkQuantity fails t unless got is what text says, in units, and what is shown of it is near it. What is above zero
// never becomes zero, which means "without a bound".
func checkQuantity(t *testing.T, text string, got uint64, units map[string]int64, again func(string) (uint64, error)) {
	t.Helper()
	if parts := written.FindStringSubmatch(text); parts != nil {
		want, ok := new(big.Rat).SetString(parts[1])
		unit := units[strings.ToLower(parts[2])]
		if !ok || unit == 0 {
			t.Fatalf("%q is taken for %d", text, got)
		}
		want.Mul(want, new(big.Rat).SetInt64(unit))
		exact, _ := want.Float64()
		if diff := exact - float64(got); diff < -1 || diff > 1+exact/(1<<50) || got == 0 && want.Sign() > 0 {
			t.Fatalf("%q is taken for %d, and is %v", text, got, want.FloatString(3))
		}
	}
	for _, text := range []string{strings.ToLower(text), strings.ToUpper(text)} {
		if n, err := again(text); err != nil || n != got {
			t.Fatalf("%q is %d, %v; want %d", text, n, err, got)
		}
	}
}

// checkShown fails t unless text, which shows n, is read as a number near it.
func checkShown(t *testing.T, n uint64, text string, again func(string) (uint64, error)) {
	t.Helper()
	if n >= 1e15 {
		return // units that nobody writes
	}
	if got, err := again(text); err != nil || math.Abs(float64(got)-float64(n)) > 1+float64(n)/1000 {
		t.Fatalf("%d is shown as %s, which is %d, %v", n, text, got, err)
	}
}

// checkWords compares what words make of a text with other ways to read it.
func checkWords(t *testing.T, text string) {
	t.Helper()
	size := func(text string) (uint64, error) {
		var b Bytes
		err := b.UnmarshalText([]byte(text))
		return uint64(b), err
	}
	rate := func(text string) (uint64, error) {
		var r BitRate
		err := r.UnmarshalText([]byte(text))
		return uint64(r), err
	}
	ascii := !strings.ContainsFunc(text, func(c rune) bool { return c > '~' })
	if n, err := size(text); err == nil && ascii {
		checkQuantity(t, text, n, map[string]int64{
			"": 1, "b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30,
			"tib": 1 << 40,
		}, size)
		checkShown(t, n, Bytes(n).String(), size)
	}
	if n, err := rate(text); err == nil && ascii && !strings.HasSuffix(text, "/s") {
		checkQuantity(t, text, n, map[string]int64{"": 1, "bit": 1, "kbit": 1e3, "mbit": 1e6, "gbit": 1e9}, rate)
		checkShown(t, n, BitRate(n).String(), rate)
	}
	var p, shown Percent
	if p.UnmarshalText([]byte(text)) == nil {
		err := shown.UnmarshalText([]byte(p.String()))
		if err != nil || p < 0 || p > maxPercent || math.Abs(float64(shown-p)) > float64(p)/200 {
			t.Fatalf("%q is %v, and that %v: %v", text, float64(p), float64(shown), err)
		}
	}
	var c, again Carousel
	if c.UnmarshalText([]byte(text)) == nil {
		if err := again.UnmarshalText([]byte(c.String())); err != nil || again != c ||
			strings.Count(text, "=") != strings.Count(c.String(), "=") {
			t.Fatalf("%q is %+v, and that %+v: %v", text, c, again, err)
		}
	}
	var e Endpoint
	if e.UnmarshalText([]byte(text)) == nil {
		asked := ""
		to, err := e.Resolve(context.Background(), func(_ context.Context, host string) ([]netip.Addr, error) {
			asked = host
			return []netip.Addr{netip.MustParseAddr("192.0.2.1")}, nil
		})
		if err != nil || to.Port() == 0 || asked != "" && !strings.HasPrefix(text, asked+":") ||
			asked == "" && to.String() != text && netip.MustParseAddrPort(text) != to {
			t.Fatalf("%q is %v, of %q: %v", text, to, asked, err)
		}
	}
	if d, err := ParseDuration(text, false); err == nil {
		if again, err := ParseDuration(d.String(), false); err != nil || again != d {
			t.Fatalf("%q is %v, and that %v, %v", text, d, again, err)
		}
	}
	if n, err := ParseNumber(text, 3, 1<<40); err == nil {
		if want, ok := new(big.Int).SetString(text, 10); !ok || !want.IsUint64() || want.Uint64() != n || n < 3 ||
			n > 1<<40 {
			t.Fatalf("%q is %d", text, n)
		}
	}
}

// FuzzWords: no text of an operator makes a word panic, or take memory beyond that text; an error is of one line, and
// leaves what was. What is taken is what another reader makes of it, and what is shown of it is read as the same.
func FuzzWords(f *testing.F) {
	for _, s := range []string{
		"", "100Mbit", "1.5GB", "20%", "forever", "interval=1m,burst=2", "delay=1s", "239.1.1.1:4000", "[ff1e::1]:4000",
		"239.1.1.2:4000,source=192.0.2.9,interface=lo,channel=1", "+1h", "20:15", "2026-11-28T20:15:00Z", "-128", "10m",
		"1e400", "0x10", "0.5bit", "0.25", "interval=1s,interval=2s", "99999999999999999999TB", "é\x00\n",
	} {
		f.Add(s)
	}
	f.Add("-1$28T20:1\xff" + strings.Repeat("\xe4", 670))
	words := map[string]func() encoding.TextUnmarshaler{
		"bytes":     func() encoding.TextUnmarshaler { return new(Bytes) },
		"bit rate":  func() encoding.TextUnmarshaler { return new(BitRate) },
		"percent":   func() encoding.TextUnmarshaler { return new(Percent) },
		"transfers": func() encoding.TextUnmarshaler { return new(Transfers) },
		"carousel":  func() encoding.TextUnmarshaler { return new(Carousel) },
		"endpoint":  func() encoding.TextUnmarshaler { return new(Endpoint) },
		"feed":      func() encoding.TextUnmarshaler { return new(Feed) },
		"moment":    func() encoding.TextUnmarshaler { return new(Moment) },
		"span":      func() encoding.TextUnmarshaler { return new(Span) },
		"priority":  func() encoding.TextUnmarshaler { return new(Priority) },
	}
	bound := allocbound.Bound{PerByte: 64, Fixed: 4 << 10}
	f.Fuzz(func(t *testing.T, text string) {
		for name, word := range words {
			var err error
			bound.Check(t, len(text), func() { err = word().UnmarshalText([]byte(text)) })
			if err == nil {
				continue
			}
			empty, failed := word(), word()
			if again := failed.UnmarshalText([]byte(text)); again == nil || !reflect.DeepEqual(failed, empty) {
				t.Errorf("%s %q: %v, then %v, which leaves %+v", name, text, err, again, failed)
			}
			if told := err.Error(); told == "" || strings.Contains(told, "\n") && !strings.Contains(text, "\n") {
				t.Errorf("%s %q: %q", name, text, err)
			}
		}
		bound.Check(t, len(text), func() {
			_, _ = ParseDuration(text, true)
			_, _ = ParseNumber(text, 0, 1<<62)
		})
		checkWords(t, text)
		if d, err := ParseDuration(text, true); err == nil && d <= 0 {
			t.Errorf("%q is %v", text, d)
		}
	})
}
