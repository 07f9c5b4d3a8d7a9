package iobench

import (
	"context"
	"errors"
	"math"
	"os"
	"slices"
	"testing"
)

func TestMeasure(t *testing.T) {
	dir := t.TempDir()
	costs, err := Measure(t.Context(), Config{Dir: dir, Bytes: 4 << 20, Payload: 1400})
	if err != nil {
		t.Fatal(err)
	}
	want := []Part{Write, SHA256, MD5, Copy, Read, Send, Receive}
	if len(costs) != len(want) {
		t.Fatalf("%v", costs)
	}
	for i, c := range costs {
		// The clock of a thread may go in steps of 10 ms: a short part may seem to cost nothing.
		if c.Part != want[i] || c.Seconds < 0 || math.IsNaN(c.Seconds) || c.Clock <= 0 {
			t.Errorf("%+v, want %s", c, want[i])
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestMeasureEndsEarly(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Measure(ctx, Config{Dir: t.TempDir(), Bytes: 1 << 40, Payload: 1400}); !errors.Is(err,
		context.Canceled) {
		t.Error(err)
	}
	if _, err := Measure(t.Context(), Config{Dir: "/nowhere/at/all", Bytes: 1, Payload: 1400}); err == nil {
		t.Error("a folder that is not there is no error")
	}
}

func TestLimit(t *testing.T) {
	costs := []Cost{
		{SHA256, 1, 9},
		{MD5, 4, 9},
		{Copy, 100, 9},
		{Write, 0.5, 1.25},
		{Read, 0.25, 9},
		{Send, 0.125, 9},
		{Receive, 0.125, 9},
	}
	for _, test := range []struct {
		digest     Part
		processors int
		want       float64
	}{{SHA256, 2, 1.5}, {MD5, 1, 9}, {"", 1, 1}, {"", 0, 1}} {
		if got, disk := Limit(costs, test.digest, test.processors); got != test.want || disk != 1.25 {
			t.Errorf("%q on %d: %v, %v; want %v, 1.25", test.digest, test.processors, got, disk, test.want)
		}
	}
}

func TestLeast(t *testing.T) {
	got := Least([]Cost{{Write, 1, 4}, {Read, 2, 2}, {Copy, 1, 1}}, []Cost{{Read, 1, 3}, {Write, 2, 3}})
	if want := []Cost{{Write, 1, 3}, {Read, 1, 2}, {Copy, 1, 1}}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}
