package supervisor

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestBackoff(t *testing.T) {
	const s = time.Second
	tests := []struct {
		name    string
		backoff Backoff
		after   []time.Duration // since the failure before
		want    []time.Duration
	}{
		{"none", Backoff{}, []time.Duration{0, 0}, []time.Duration{0, 0}},
		{
			"doubles up to the limit",
			Backoff{Min: s, Max: 5 * s, Jitter: -1},
			make([]time.Duration, 5),
			[]time.Duration{s, 2 * s, 4 * s, 5 * s, 5 * s},
		},
		{
			"decays",
			Backoff{Min: s, Max: 64 * s, Decay: 10 * s, Jitter: -1},
			[]time.Duration{0, 0, 10 * s, 1000 * s},
			[]time.Duration{s, 2 * s, 2 * s, s},
		},
		{
			"the limit is not exceeded by memory",
			Backoff{Min: s, Max: 4 * s, Decay: s, Jitter: -1},
			[]time.Duration{0, 0, 0, 0, 0, 0, s},
			[]time.Duration{s, 2 * s, 4 * s, 4 * s, 4 * s, 4 * s, 2828427124},
		},
		{"default limit", Backoff{Min: 40 * s, Jitter: -1}, []time.Duration{0}, []time.Duration{30 * s}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBackoff(tt.backoff)
			now := time.Unix(0, 0)
			var got []time.Duration
			for _, d := range tt.after {
				now = now.Add(d)
				got = append(got, b.next(now))
			}
			round := cmp.Transformer("round", func(d time.Duration) int64 {
				return d.Round(time.Millisecond).Milliseconds()
			})
			if diff := cmp.Diff(tt.want, got, round); diff != "" {
				t.Errorf("delays (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBackoffJitter(t *testing.T) {
	b, same, other := Backoff{Min: time.Second, Seed: 7}, Backoff{Min: time.Second, Seed: 7}, Backoff{Min: time.Second}
	x, y, z := newBackoff(b), newBackoff(same), newBackoff(other)
	differ := false
	now := time.Unix(0, 0)
	least, most := time.Hour, time.Duration(0)
	for range 500 {
		now = now.Add(time.Hour) // all is forgotten
		d := x.next(now)
		if d2 := y.next(now); d != d2 {
			t.Fatalf("the same seed gives %v and %v", d, d2)
		}
		differ = differ || d != z.next(now)
		least, most = min(least, d), max(most, d)
	}
	if least < 750*time.Millisecond || most > 1250*time.Millisecond {
		t.Errorf("delays between %v and %v, want 1s ± 25 %%", least, most)
	}
	if least > 800*time.Millisecond || most < 1200*time.Millisecond {
		t.Errorf("delays between %v and %v use too little of the jitter", least, most)
	}
	if !differ {
		t.Error("a random seed gives the delays of seed 7")
	}
}
