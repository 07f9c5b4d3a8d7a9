package main

import "testing"

func TestDropperDropsOneOfEachWindow(t *testing.T) {
	for _, window := range []int{1, 2, 20} {
		d := newDropper(window, 0, 7)
		for range 50 {
			lost := 0
			for range window {
				if d.drop() {
					lost++
				}
			}
			if lost != 1 {
				t.Fatalf("window of %d: %d dropped, want 1", window, lost)
			}
		}
	}
}

func TestDropperIsDecidedByItsSeed(t *testing.T) {
	const n = 2000
	pattern := func(seed uint64) string {
		d, out := newDropper(20, 0, seed), make([]byte, n)
		for i := range out {
			out[i] = '.'
			if d.drop() {
				out[i] = 'x'
			}
		}
		return string(out)
	}
	first := pattern(1)
	if again := pattern(1); again != first {
		t.Error("the same seed drops other datagrams")
	}
	if pattern(2) == first {
		t.Error("two seeds drop the same datagrams")
	}
}

func TestDropperOffDropsNothing(t *testing.T) {
	d := newDropper(0, 0, 1)
	for range 100 {
		if d.drop() {
			t.Fatal("dropped a datagram")
		}
	}
}

func TestDropperSparesTheFirst(t *testing.T) {
	d := newDropper(1, 3, 1)
	for i := range 6 {
		if got, want := d.drop(), i >= 3; got != want {
			t.Errorf("datagram %d: dropped %v, want %v", i, got, want)
		}
	}
}
