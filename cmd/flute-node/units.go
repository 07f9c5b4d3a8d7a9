package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// byteSize is a number of bytes on the command line: 8MiB, 5MB, 1000.
type byteSize uint64

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *byteSize) UnmarshalText(text []byte) error {
	v, ok := quantity(string(text), map[string]float64{
		"": 1, "b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40,
	})
	if !ok {
		return fmt.Errorf("%q is no number of bytes: write 1000, 5MB or 8MiB; "+
			"units are B, kB, MB, GB, TB, KiB, MiB, GiB, TiB", text)
	}
	*s = byteSize(v)
	return nil
}

// bitRate is a number of bits per second on the command line: 100Mbit, 1Gbit, 64000.
type bitRate uint64

// UnmarshalText implements encoding.TextUnmarshaler.
func (r *bitRate) UnmarshalText(text []byte) error {
	v, ok := quantity(strings.TrimSuffix(string(text), "/s"), map[string]float64{
		"": 1, "bit": 1, "kbit": 1e3, "mbit": 1e6, "gbit": 1e9,
	})
	if !ok {
		return fmt.Errorf("%q is no number of bits per second: write 64000, 100Mbit or 1Gbit; "+
			"units are bit, kbit, Mbit, Gbit", text)
	}
	*r = bitRate(v)
	return nil
}

// String writes the rate in the unit that suits it.
func (r bitRate) String() string {
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

// quantity reads a number with one of the units, in any case.
func quantity(text string, units map[string]float64) (n uint64, ok bool) {
	number := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
	unit, ok := units[strings.ToLower(text[len(number):])]
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if v *= unit; !ok || err != nil || v < 0 || v >= math.MaxInt64 || math.IsNaN(v) {
		return 0, false
	}
	return uint64(v), true
}

// percentage is a share on the command line: 5%, 0.5%.
type percentage float64

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *percentage) UnmarshalText(text []byte) error {
	v, err := strconv.ParseFloat(strings.TrimSuffix(string(text), "%"), 64)
	if err != nil || !strings.HasSuffix(string(text), "%") || math.IsNaN(v) || v < 0 || v > 1000 {
		return fmt.Errorf("%q is no percentage from 0%% to 1000%%, such as 20%% or 0.5%%", text)
	}
	*p = percentage(v / 100)
	return nil
}

// repeatCount is a number of transfers on the command line: 3, or forever.
type repeatCount int

// UnmarshalText implements encoding.TextUnmarshaler.
func (r *repeatCount) UnmarshalText(text []byte) error {
	if string(text) == "forever" {
		*r = -1
		return nil
	}
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 1 {
		return fmt.Errorf("%q is neither a number of transfers nor forever", text)
	}
	*r = repeatCount(n)
	return nil
}

// oneLine folds an error, which may be joined of several, into one line.
func oneLine(s string) string { return strings.ReplaceAll(strings.TrimSpace(s), "\n", "; ") }

// formatBytes writes a number of bytes for people.
func formatBytes(n uint64) string {
	const units = "KMGT"
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	v, i := float64(n)/1024, 0
	for v >= 1024 && i < len(units)-1 {
		v, i = v/1024, i+1
	}
	return fmt.Sprintf("%.1f %ciB", v, units[i])
}
