package fdt

import (
	"testing"
	"time"
)

// TestConf_E28_NTPEras holds the example of RFC 6726, section 3.3, and the edges of the eras.
func TestConf_E28_NTPEras(t *testing.T) {
	day := func(y int, m time.Month, d, h int) time.Time { return time.Date(y, m, d, h, 0, 0, 0, time.UTC) }
	for _, tt := range []struct {
		name string
		near time.Time
		ntp  uint32
		want time.Time
	}{
		{"the RFC's session start", day(2036, 2, 7, 0), 4294944000, day(2036, 2, 7, 0)},
		{"the RFC's Expires, read just after it was sent", day(2036, 2, 7, 0), 149504, day(2036, 2, 9, 0)},
		{"the RFC's Expires, read in era 1", day(2036, 2, 8, 0), 149504, day(2036, 2, 9, 0)},
		{"the RFC's moment in era 1", day(2036, 2, 8, 0), 63104, day(2036, 2, 8, 0)},
		{"era 0 seen from era 1", day(2036, 2, 8, 0), 4294944000, day(2036, 2, 7, 0)},
		{"first second of era 1", day(2036, 2, 7, 0), 0, time.Date(2036, 2, 7, 6, 28, 16, 0, time.UTC)},
		{"the Unix epoch", day(2025, 1, 1, 0), 2208988800, day(1970, 1, 1, 0)},
		{"era 0 is closer", day(1960, 1, 1, 0), 149504, time.Unix(149504-ntpEpoch, 0).UTC()},
		{"an hour ahead", time.Date(2025, 12, 1, 23, 0, 0, 999, time.UTC), 3973622400, day(2025, 12, 2, 0)},
		{"the far end of an era", day(2100, 1, 1, 0), ntp(day(2160, 1, 1, 0)), day(2160, 1, 1, 0)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := fromNTP(tt.ntp, tt.near); !got.Equal(tt.want) || got.Location() != time.UTC {
				t.Errorf("fromNTP(%d, %v) = %v, want %v", tt.ntp, tt.near, got, tt.want)
			}
			if got := ntp(tt.want); got != tt.ntp {
				t.Errorf("ntp(%v) = %d, want %d", tt.want, got, tt.ntp)
			}
		})
	}
}

// TestConf_E27_Expires reads and writes an FDT Instance across the end of era 0.
func TestConf_E27_Expires(t *testing.T) {
	in := sample()
	in.Expires = time.Date(2036, 2, 9, 0, 0, 0, 0, time.UTC)
	b := mustAppend(t, in, RFC6726)
	got, err := Parse(b, time.Date(2036, 2, 7, 0, 0, 0, 0, time.UTC), Limits{})
	if err != nil || !got.Expires.Equal(in.Expires) {
		t.Errorf("Parse = %v, %v; want %v", got, err, in.Expires)
	}
	if xml := string(b); !contains(xml, `Expires="149504"`) {
		t.Errorf("Expires is not 149504: %.900s", xml)
	}
}

// fromNTP undoes NTP as long as the times are less than 68 years apart.
func FuzzNTP(f *testing.F) {
	f.Add(int64(1764633600), int64(3600))
	f.Add(int64(2085978496), int64(-1))
	f.Add(int64(2085978496), int64(1<<31-1))
	f.Fuzz(func(t *testing.T, near, ahead int64) {
		near, ahead = near%(1<<40), ahead%(1<<31)
		want := time.Unix(near+ahead, 0)
		if got := fromNTP(ntp(want), time.Unix(near, 0)); !got.Equal(want) {
			t.Errorf("fromNTP(ntp(%v), %d) = %v", want, near, got)
		}
	})
}
