package settings

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/flute-node/flute-node/internal/defaults"
)

// Bytes is a number of bytes: 8MiB, 5MB, 1000.
type Bytes uint64

// UnmarshalText implements encoding.TextUnmarshaler.
func (b *Bytes) UnmarshalText(text []byte) error {
	v, ok := quantity(string(text), map[string]float64{
		"": 1, "b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12,
		"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40,
	})
	if !ok {
		return fmt.Errorf("%q is no number of bytes: write 1000, 5MB or 8MiB; "+
			"units are B, kB, MB, GB, TB, KiB, MiB, GiB, TiB", text)
	}
	*b = Bytes(v)
	return nil
}

// String writes the number with up to four digits: 1.5 GiB.
func (b Bytes) String() string {
	const units = "KMGTPE"
	if b < 1<<10 {
		return fmt.Sprintf("%d B", uint64(b))
	}
	v, i := float64(b)/(1<<10), 0
	for v >= 1<<10 {
		v, i = v/(1<<10), i+1
	}
	return fmt.Sprintf("%.4g %ciB", v, units[i])
}

// BitRate is a number of bits per second: 100Mbit, 1Gbit, 64000.
type BitRate uint64

// UnmarshalText implements encoding.TextUnmarshaler.
func (r *BitRate) UnmarshalText(text []byte) error {
	v, ok := quantity(strings.TrimSuffix(string(text), "/s"), map[string]float64{
		"": 1, "bit": 1, "kbit": 1e3, "mbit": 1e6, "gbit": 1e9,
	})
	if !ok {
		return fmt.Errorf("%q is no number of bits per second: write 64000, 100Mbit or 1Gbit; "+
			"units are bit, kbit, Mbit, Gbit", text)
	}
	*r = BitRate(v)
	return nil
}

// String writes the rate in the unit that suits it.
func (r BitRate) String() string {
	switch v := float64(r); {
	case v >= 1e9:
		return fmt.Sprintf("%.4g Gbit/s", v/1e9)
	case v >= 1e6:
		return fmt.Sprintf("%.4g Mbit/s", v/1e6)
	case v >= 1e3:
		return fmt.Sprintf("%.4g kbit/s", v/1e3)
	}
	return fmt.Sprintf("%d bit/s", uint64(r))
}

// slowPacket is how long a packet may take before whoever sends is asked whether the rate is meant.
const slowPacket = 10 * time.Second

// Doubt asks whether a rate at which nothing seems to happen is meant: 100 is what people write for 100 Mbit/s. symbol
// is the symbol length; zero is the default. It returns the empty string for all other rates.
func (r BitRate) Doubt(symbol uint16) string {
	symbol = cmp.Or(symbol, uint16(defaults.SymbolLength))
	seconds := float64(symbol) * 8 / float64(r)
	if r == 0 || seconds <= slowPacket.Seconds() {
		return ""
	}
	return fmt.Sprintf("at a rate of %v a packet of %d bytes takes %.0f seconds: %d is in bits per second, not %dMbit",
		r, symbol, seconds, uint64(r), uint64(r))
}

// quantity reads a number with one of the units, in any case. What is above zero and less than one is none: as zero it
// would mean the opposite, no bound.
func quantity(text string, units map[string]float64) (n uint64, ok bool) {
	number := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	unit, ok := units[strings.ToLower(text[len(number):])]
	number = strings.TrimSpace(number)
	v, err := strconv.ParseFloat(number, 64)
	if v *= unit; !ok || err != nil || v < 0 || v > 0 && v < 1 || v >= math.MaxInt64 || math.IsNaN(v) {
		return 0, false
	}
	if v == 0 && strings.Trim(number, "+-0.") != "" { // 1e-400 is above zero, and as a float64 none
		return 0, false
	}
	return uint64(v), true
}

// Percent is a share: 0.05 is 5%.
type Percent float64

// maxPercent is the largest share, 1000%: ten repair symbols for each source symbol.
const maxPercent = 10

// UnmarshalText implements encoding.TextUnmarshaler: 5%, 0.5%.
func (p *Percent) UnmarshalText(text []byte) error {
	v, err := strconv.ParseFloat(strings.TrimSuffix(string(text), "%"), 64)
	if err != nil || !strings.HasSuffix(string(text), "%") || math.IsNaN(v) || v < 0 || v > 100*maxPercent {
		return fmt.Errorf("%q is no percentage from 0%% to %d%%, such as 20%% or 0.5%%", text, 100*maxPercent)
	}
	*p = Percent(v / 100)
	return nil
}

// String writes the share in percent, with three digits at most.
func (p Percent) String() string { return fmt.Sprintf("%.3g%%", 100*float64(p)) }

// Transfers is a number of transfers of a file: 3, or forever, which is negative.
type Transfers int

// UnmarshalText implements encoding.TextUnmarshaler.
func (t *Transfers) UnmarshalText(text []byte) error {
	if string(text) == "forever" {
		*t = -1
		return nil
	}
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 1 {
		return fmt.Errorf("%q is neither a number of transfers nor forever", text)
	}
	*t = Transfers(n)
	return nil
}

// UnmarshalJSON implements json.Unmarshaler: a number, or what UnmarshalText takes.
func (t *Transfers) UnmarshalJSON(data []byte) error { return numberOrText(data, t.UnmarshalText) }

// UnmarshalJSON implements json.Unmarshaler: a number, or what UnmarshalText takes.
func (r *BitRate) UnmarshalJSON(data []byte) error { return numberOrText(data, r.UnmarshalText) }

// numberOrText reads a JSON value: null leaves all as it is.
func numberOrText(data []byte, read func(text []byte) error) error {
	if string(data) == "null" {
		return nil
	}
	text := string(data)
	if strings.HasPrefix(text, `"`) {
		if err := json.Unmarshal(data, &text); err != nil {
			return err
		}
	}
	return read([]byte(text))
}

// ParseDuration reads a time such as 1h30m: of 0 or more, or above 0.
func ParseDuration(text string, aboveZero bool) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err == nil && d >= 0 && (d > 0 || !aboveZero) {
		return d, nil
	}
	want := "of 0 or more"
	if aboveZero {
		want = "above 0"
	}
	return 0, fmt.Errorf("%q is no time %s, such as 30s, 5m or 1h30m", text, want)
}

// ParseNumber reads a whole number from least to most.
func ParseNumber(text string, least, most uint64) (uint64, error) {
	v, err := strconv.ParseUint(text, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange) || err == nil && v > most:
		return 0, fmt.Errorf("%s is too large: take %d to %d", text, least, most)
	case err != nil || v < least:
		return 0, fmt.Errorf("%q is no whole number of %d or more", text, least)
	}
	return v, nil
}
