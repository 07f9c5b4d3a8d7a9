package settings

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestQuantities(t *testing.T) {
	for text, want := range map[string]uint64{
		"0": 0, "1000": 1000, "8MiB": 8 << 20, "8mib": 8 << 20, "5MB": 5e6, "1.5KiB": 1536, "2GiB": 2 << 30, "7B": 7,
	} {
		var s Bytes
		if err := s.UnmarshalText([]byte(text)); err != nil || uint64(s) != want {
			t.Errorf("size %q: %d, %v; want %d", text, s, err, want)
		}
	}
	for text, want := range map[string]uint64{
		"100Mbit": 1e8, "1Gbit": 1e9, "64000": 64000, "2.5Mbit/s": 2.5e6, "0": 0, "0.001kbit": 1, "1.9": 1,
		"0.00 Mbit": 0,
	} {
		var r BitRate
		if err := r.UnmarshalText([]byte(text)); err != nil || uint64(r) != want {
			t.Errorf("rate %q: %d, %v; want %d", text, r, err, want)
		}
	}
	for _, text := range []string{"", "MiB", "-1", "8 apples", "1e400", "NaN", "Inf", "0x10", "99999999999999999999"} {
		var s Bytes
		if err := s.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("size %q was read as %d", text, s)
		}
	}
	tiny := "0." + strings.Repeat("0", 400) + "1"
	for _, text := range []string{ // no rate of 0, which is none
		"0.5", "0.99bit", "0.0001kbit", "1e-9Mbit", "-0.5", "1e-400", tiny, tiny + "Gbit",
	} {
		var r BitRate
		if err := r.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("rate %q was read as %d", text, r)
		}
	}
	for text, want := range map[string]float64{"20%": 0.2, "0.5%": 0.005, "0%": 0} {
		var p Percent
		if err := p.UnmarshalText([]byte(text)); err != nil || math.Abs(float64(p)-want) > 1e-12 {
			t.Errorf("%q: %v, %v; want %v", text, p, err, want)
		}
	}
	for _, text := range []string{"20", "%", "-1%", "NaN%", "5000%"} {
		var p Percent
		if err := p.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was read as %v", text, p)
		}
	}
	for text, want := range map[string]int{"1": 1, "12": 12, "forever": -1} {
		var r Transfers
		if err := r.UnmarshalText([]byte(text)); err != nil || int(r) != want {
			t.Errorf("%q: %d, %v; want %d", text, r, err, want)
		}
	}
	for _, text := range []string{"0", "-1", "often", ""} {
		var r Transfers
		if err := r.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was read as %d", text, r)
		}
	}
}

func TestBytesString(t *testing.T) {
	for n, want := range map[Bytes]string{
		0: "0 B", 1023: "1023 B", 1 << 10: "1 KiB", 1536: "1.5 KiB", 5 << 30: "5 GiB", math.MaxUint64: "16 EiB",
	} {
		if got := n.String(); got != want {
			t.Errorf("%d: %s, want %s", uint64(n), got, want)
		}
	}
}

func TestParseDuration(t *testing.T) {
	for _, test := range []struct {
		text      string
		aboveZero bool
		want      time.Duration
		err       string // empty: none
	}{
		{"1h30m", true, 90 * time.Minute, ""},
		{"0s", false, 0, ""},
		{"0s", true, 0, `"0s" is no time above 0, such as 30s, 5m or 1h30m`},
		{"-3s", false, 0, `"-3s" is no time of 0 or more, such as 30s, 5m or 1h30m`},
		{"soon", false, 0, `"soon" is no time of 0 or more, such as 30s, 5m or 1h30m`},
		{"30", false, 0, `"30" is no time of 0 or more, such as 30s, 5m or 1h30m`},
	} {
		got, err := ParseDuration(test.text, test.aboveZero)
		if got != test.want || text(err) != test.err {
			t.Errorf("%q, above 0 %v: %v, %v; want %v, %s", test.text, test.aboveZero, got, err, test.want, test.err)
		}
	}
}

func TestParseNumber(t *testing.T) {
	for _, test := range []struct {
		text        string
		least, most uint64
		want        uint64
		err         string // empty: none
	}{
		{"255", 1, 255, 255, ""},
		{"0", 0, 255, 0, ""},
		{"18446744073709551615", 0, 1<<64 - 1, 1<<64 - 1, ""},
		{"256", 1, 255, 0, "256 is too large: take 1 to 255"},
		{"18446744073709551616", 0, 1<<64 - 1, 0, "18446744073709551616 is too large: take 0 to 18446744073709551615"},
		{"0", 1, 255, 0, `"0" is no whole number of 1 or more`},
		{"-1", 0, 255, 0, `"-1" is no whole number of 0 or more`},
		{"1.5", 1, 255, 0, `"1.5" is no whole number of 1 or more`},
		{"", 1, 255, 0, `"" is no whole number of 1 or more`},
	} {
		got, err := ParseNumber(test.text, test.least, test.most)
		if got != test.want || text(err) != test.err {
			t.Errorf("%q, %d to %d: %d, %v; want %d, %s", test.text, test.least, test.most, got, err, test.want,
				test.err)
		}
	}
}

// text is that of an error; empty for none.
func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestSlowRate: at --rate 100, a hundred bits per second, nothing seems to happen for minutes. Whoever sends is told.
func TestSlowRate(t *testing.T) {
	for _, test := range []struct {
		rate   BitRate
		symbol uint16
		told   bool
	}{
		{0, 0, false},
		{100, 0, true},
		{100, 100, false}, // a modem: 8 seconds a packet
		{1119, 0, true},
		{1120, 0, false}, // 10 seconds
		{100e6, 0, false},
	} {
		if doubt := test.rate.Doubt(test.symbol); (doubt != "") != test.told {
			t.Errorf("rate %d, symbol %d: %q", test.rate, test.symbol, doubt)
		}
	}
}
