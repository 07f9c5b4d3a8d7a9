package main

import (
	"math"
	"testing"
)

func TestQuantities(t *testing.T) {
	for text, want := range map[string]uint64{
		"0": 0, "1000": 1000, "8MiB": 8 << 20, "8mib": 8 << 20, "5MB": 5e6, "1.5KiB": 1536, "2GiB": 2 << 30, "7B": 7,
	} {
		var s byteSize
		if err := s.UnmarshalText([]byte(text)); err != nil || uint64(s) != want {
			t.Errorf("size %q: %d, %v; want %d", text, s, err, want)
		}
	}
	for text, want := range map[string]uint64{"100Mbit": 1e8, "1Gbit": 1e9, "64000": 64000, "2.5Mbit/s": 2.5e6, "0": 0} {
		var r bitRate
		if err := r.UnmarshalText([]byte(text)); err != nil || uint64(r) != want {
			t.Errorf("rate %q: %d, %v; want %d", text, r, err, want)
		}
	}
	for _, text := range []string{"", "MiB", "-1", "8 apples", "1e400", "NaN", "Inf", "0x10", "99999999999999999999"} {
		var s byteSize
		if err := s.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("size %q was read as %d", text, s)
		}
	}
	for text, want := range map[string]float64{"20%": 0.2, "0.5%": 0.005, "0%": 0} {
		var p percentage
		if err := p.UnmarshalText([]byte(text)); err != nil || math.Abs(float64(p)-want) > 1e-12 {
			t.Errorf("%q: %v, %v; want %v", text, p, err, want)
		}
	}
	for _, text := range []string{"20", "%", "-1%", "NaN%", "5000%"} {
		var p percentage
		if err := p.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was read as %v", text, p)
		}
	}
	for text, want := range map[string]int{"1": 1, "12": 12, "forever": -1} {
		var r repeatCount
		if err := r.UnmarshalText([]byte(text)); err != nil || int(r) != want {
			t.Errorf("%q: %d, %v; want %d", text, r, err, want)
		}
	}
	for _, text := range []string{"0", "-1", "often", ""} {
		var r repeatCount
		if err := r.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was read as %d", text, r)
		}
	}
}

func TestFormatBytes(t *testing.T) {
	for n, want := range map[uint64]string{0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 8 << 20: "8.0 MiB", 5 << 40: "5.0 TiB", 1 << 60: "1048576.0 TiB"} {
		if got := formatBytes(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}
