package iobench

import (
	"context"
	"errors"
	"math"
	"os"
	"testing"
)

func TestMeasure(t *testing.T) {
	dir := t.TempDir()
	costs, err := Measure(t.Context(), Config{Dir: dir, Bytes: 4 << 20, Payload: 1400})
	if err != nil {
		t.Fatal(err)
	}
	want := []Part{SHA256, MD5, Copy, Write, Read, Send, Receive}
	if len(costs) != len(want) {
		t.Fatalf("%v", costs)
	}
	for i, c := range costs {
		// The clock of a thread may go in steps of 10 ms: a short part may seem to cost nothing.
		if c.Part != want[i] || c.Seconds < 0 || math.IsNaN(c.Seconds) {
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
	costs := []Cost{{SHA256, 1}, {MD5, 4}, {Copy, 100}, {Write, 0.5}, {Read, 0.25}, {Send, 0.125}, {Receive, 0.125}}
	for _, test := range []struct {
		digest     Part
		processors int
		want       float64
	}{{SHA256, 2, 1.5}, {MD5, 1, 9}, {"", 1, 1}, {"", 0, 1}} {
		if got := Limit(costs, test.digest, test.processors); got != test.want {
			t.Errorf("%q on %d: %v, want %v", test.digest, test.processors, got, test.want)
		}
	}
}
