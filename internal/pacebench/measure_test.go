package pacebench

import (
	"math"
	"testing"
	"time"
)

// TestMeasure counts whole seconds after the first arrival, and what arrives ahead of a rate.
func TestMeasure(t *testing.T) {
	const ms = time.Millisecond
	arrivals := []Arrival{
		{500 * ms, 1000, 1}, {600 * ms, 1000, 1}, {1499 * ms, 2000, 2}, // the first second
		{1500 * ms, 1000, 1}, {2400 * ms, 500, 1}, // the second
		{2500 * ms, 9999, 1}, // after it
	}
	r := Measure(arrivals, 2, 8000) // 1000 bytes a second
	if len(r.Seconds) != 2 || r.Seconds[0] != 32000 || r.Seconds[1] != 12000 {
		t.Errorf("seconds: %v", r.Seconds)
	}
	if r.First != 500*ms || r.Datagrams != 6 {
		t.Errorf("%+v", r)
	}
	// After 600 ms 1900 bytes are ahead, after 1499 ms 3001, after 1500 ms 4000.
	if r.Burst != 4000 {
		t.Errorf("burst: %d", r.Burst)
	}
	if worst := r.Worst(32000); math.Abs(worst+0.625) > 1e-9 {
		t.Errorf("worst: %v", worst)
	}
	if r := Measure(nil, 2, 8000); r.Worst(8000) != -1 {
		t.Errorf("nothing arrived: %+v", r)
	}
}
