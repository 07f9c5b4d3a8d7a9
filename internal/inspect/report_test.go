package inspect

import "testing"

// TestOtherTraffic: what is told of traffic that is no FLUTE is the same each time, whatever it breaks.
func TestOtherTraffic(t *testing.T) {
	broken := breaches{}
	for _, x := range rules[:10] {
		broken[x.id] = &breach{detail: x.id}
	}
	for range 50 {
		r := &Report{}
		r.other("a > b", 1, broken, "")
		r.other("a > c", 1, nil, "no rule")
		if r.Others[0].Fault != rules[0].id || r.Others[1].Fault != "no rule" {
			t.Fatalf("%+v", r.Others)
		}
	}
}
