package sender

import (
	"testing"
	"time"
)

// TestUpdateOfACarousel: a new version ends the old one whatever that is doing: sent for the second time, or waiting
// for its next turn.
func TestUpdateOfACarousel(t *testing.T) {
	for _, state := range []objectState{active, waiting} {
		r := newRun(t, Config{TransferCount: -1, Delay: time.Second})
		toi := r.add("a", 30_000)
		old := r.s.names.objects[toi]
		for old.sent == 0 || old.state != state {
			r.until(r.now.Add(time.Millisecond))
		}
		o, err := Prepare(t.Context(), File{ContentLocation: "a", Content: zeros{}, Size: 20_000}, nil)
		if err != nil {
			t.Fatal(err)
		}
		toi, err = r.s.Update(o, AtOnce)
		if err != nil {
			t.Fatal(err)
		}
		r.until(r.now.Add(5 * time.Second))
		if n := r.s.names.objects[toi]; n.sent < 3 || old.live() {
			t.Errorf("updated in state %d: the new version was sent %d times, the old one lives: %t", state, n.sent,
				old.live())
		}
		r.s.Abort("over")
	}
}
