package settings

import (
	"encoding"
	"strings"
	"testing"

	"github.com/flute-node/flute-node/internal/allocbound"
)

// FuzzWords: no text of an operator makes a word panic, or take memory beyond that text; an error is of one line.
func FuzzWords(f *testing.F) {
	for _, s := range []string{
		"", "100Mbit", "1.5GB", "20%", "forever", "interval=1m,burst=2", "delay=1s", "239.1.1.1:4000", "[ff1e::1]:4000",
		"239.1.1.2:4000,source=192.0.2.9,interface=lo,channel=1", "+1h", "20:15", "2026-11-28T20:15:00Z", "-128", "10m",
		"1e400", "0x10", "99999999999999999999TB", "é\x00\n",
	} {
		f.Add(s)
	}
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
			if told := err.Error(); told == "" || strings.Contains(told, "\n") && !strings.Contains(text, "\n") {
				t.Errorf("%s %q: %q", name, text, err)
			}
		}
		bound.Check(t, len(text), func() {
			_, _ = ParseDuration(text, true)
			_, _ = ParseNumber(text, 0, 1<<62)
		})
		if d, err := ParseDuration(text, true); err == nil && d <= 0 {
			t.Errorf("%q is %v", text, d)
		}
	})
}
