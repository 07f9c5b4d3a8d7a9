package pacing

import (
	"testing"
	"time"
)

func TestMeter(t *testing.T) {
	var m Meter
	now := time.Unix(1000, 0)
	if r := m.Rate(now); r != 0 {
		t.Errorf("%d bit/s before anything was sent", r)
	}
	// 100 datagrams of 125 bytes a second, in batches of two.
	batch := [][]byte{make([]byte, 125), make([]byte, 125)}
	for range 50 {
		m.Note(batch, now)
		now = now.Add(20 * time.Millisecond)
	}
	if r := m.Rate(now); r != 100_000 {
		t.Errorf("%d bit/s, want 100000", r)
	}
	// Half of it, then nothing.
	for range 25 {
		m.Note(batch, now)
		now = now.Add(40 * time.Millisecond)
	}
	if r := m.Rate(now.Add(-time.Millisecond)); r != 100_000 {
		t.Errorf("%d bit/s before the second is over", r)
	}
	if r := m.Rate(now); r != 50_000 {
		t.Errorf("%d bit/s, want 50000", r)
	}
	if r := m.Rate(now.Add(time.Minute)); r != 0 {
		t.Errorf("%d bit/s after a minute without a packet", r)
	}
}
