package lct

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// near is when these tests receive.
var near = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)

func TestTime(t *testing.T) {
	for _, c := range []struct {
		name  string
		bytes string
		want  Time
	}{
		{"nothing", "0201 0000", Time{}},
		{
			"as the peer library writes it", "0203 c000 eef45080 00000000",
			Time{HasSCT: true, Fine: true, SCT: time.Unix(0xeef45080-2208988800, 0).UTC()},
		},
		{
			"seconds only", "0202 8000 00000001",
			Time{HasSCT: true, SCT: time.Date(2036, 2, 7, 6, 28, 17, 0, time.UTC)}, // era 1 is nearer than 1900
		},
		{"half a second", "0203 c000 eef45080 80000000", Time{
			HasSCT: true, Fine: true, SCT: time.Unix(0xeef45080-2208988800, 5e8).UTC(),
		}},
		{"ERT", "0202 2000 0000003c", Time{HasERT: true, ERT: time.Minute}},
		{"longest ERT", "0202 2000 ffffffff", Time{HasERT: true, ERT: math.MaxUint32 * time.Second}},
		{"SLC", "0202 1000 eef45080", Time{HasSLC: true, SLC: time.Unix(0xeef45080-2208988800, 0).UTC()}},
	} {
		b := unhex(t, c.bytes)
		got, err := ParseTime(b[2:], near)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: Parse (-want +got):\n%s", c.name, d)
		}
		if d := cmp.Diff(append([]byte("before"), b...), c.want.Append([]byte("before"))); d != "" {
			t.Errorf("%s: Append (-want +got):\n%s", c.name, d)
		}
		for n := range len(b) - 2 {
			if v, err := ParseTime(b[2:2+n:2+n], near); !bare(err, ErrTime) || v != (Time{}) {
				t.Errorf("%s cut to %d bytes: %+v, %v", c.name, n, v, err)
			}
		}
	}
}

// TestTimeNanoseconds writes times at the edges of the fraction: they come back to the nanosecond.
func TestTimeNanoseconds(t *testing.T) {
	for _, ns := range []int{0, 1, 2, 3, 499999999, 500000000, 500000001, 999999998, 999999999} {
		want := Time{HasSCT: true, Fine: true, SCT: time.Unix(near.Unix(), int64(ns)).UTC()}
		got, err := ParseTime(want.Append(nil)[2:], near)
		if err != nil || got != want {
			t.Errorf("%d ns: %+v, %v", ns, got, err)
		}
	}
}

// TestTimeERT rounds up: a receiver must not leave early.
func TestTimeERT(t *testing.T) {
	for _, c := range []struct{ in, want time.Duration }{
		{-time.Hour, 0},
		{1, time.Second},
		{time.Second, time.Second},
		{time.Second + 1, 2 * time.Second},
		{math.MaxUint32 * time.Second, math.MaxUint32 * time.Second},
		{math.MaxUint32*time.Second + 1, math.MaxUint32 * time.Second},
		{math.MaxInt64, math.MaxUint32 * time.Second},
	} {
		got, err := ParseTime(Time{HasERT: true, ERT: c.in}.Append(nil)[2:], near)
		if err != nil || got.ERT != c.want {
			t.Errorf("%v: %v, %v; want %v", c.in, got.ERT, err, c.want)
		}
	}
}

// TestTimeEra reads the same seconds from both sides of the wrap of 7 February 2036.
func TestTimeEra(t *testing.T) {
	wrap := time.Date(2036, 2, 7, 6, 28, 16, 0, time.UTC)
	for _, offset := range []time.Duration{-48 * time.Hour, -time.Second, 0, time.Second, 48 * time.Hour} {
		want := wrap.Add(offset)
		b := Time{HasSCT: true, SCT: want, HasSLC: true, SLC: want}.Append(nil)
		for _, now := range []time.Time{wrap.AddDate(-20, 0, 0), wrap.Add(-time.Hour), wrap, wrap.AddDate(20, 0, 0)} {
			got, err := ParseTime(b[2:], now)
			if err != nil || !got.SCT.Equal(want) || !got.SLC.Equal(want) {
				t.Errorf("%v read at %v: %+v, %v", want, now, got, err)
			}
		}
	}
}

func TestParseTimeAllocatesNothing(t *testing.T) {
	b := Time{HasSCT: true, Fine: true, SCT: near, HasERT: true, HasSLC: true, SLC: near}.Append(nil)
	out := make([]byte, 0, 32)
	var v Time
	if n := testing.AllocsPerRun(100, func() { v, _ = ParseTime(b[2:], near) }); n != 0 {
		t.Errorf("ParseTime allocates %v times", n)
	}
	if n := testing.AllocsPerRun(100, func() { _ = v.Append(out) }); n != 0 {
		t.Errorf("Append allocates %v times", n)
	}
}
