package main

import (
	"math"
	"testing"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/lct"
)

func TestDropperDropsOneOfEachWindow(t *testing.T) {
	for _, window := range []int{1, 2, 20} {
		d := newDropper(window, 7)
		for range 50 {
			lost := 0
			for range window {
				if d.drop(nil) {
					lost++
				}
			}
			if lost != 1 {
				t.Fatalf("window of %d: %d dropped, want 1", window, lost)
			}
		}
	}
}

func TestRandomDropperDropsItsPart(t *testing.T) {
	const n = 100_000
	for _, loss := range []float64{0.01, 0.1, 0.5} {
		d, lost := newRandomDropper(loss, 7), 0
		for range n {
			if d.drop(nil) {
				lost++
			}
		}
		// Five standard deviations of a binomial distribution.
		if want, limit := loss*n, 5*math.Sqrt(n*loss*(1-loss)); math.Abs(float64(lost)-want) > limit {
			t.Errorf("loss of %g: %d of %d dropped, want %g ± %.0f", loss, lost, n, want, limit)
		}
	}
}

func TestRandomDropperHasBursts(t *testing.T) {
	d, run, longest := newRandomDropper(0.1, 7), 0, 0
	for range 100_000 {
		if !d.drop(nil) {
			run = 0
			continue
		}
		if run++; run > longest {
			longest = run
		}
	}
	if longest < 3 {
		t.Errorf("at most %d datagrams in a row are dropped, want some bursts of 3", longest)
	}
}

func TestDropperIsDecidedByItsSeed(t *testing.T) {
	const n = 2000
	makers := map[string]func(seed uint64) *dropper{
		"windows": func(seed uint64) *dropper { return newDropper(20, seed) },
		"random":  func(seed uint64) *dropper { return newRandomDropper(0.05, seed) },
	}
	for name, dropper := range makers {
		first := pattern(dropper(1), n)
		if again := pattern(dropper(1), n); again != first {
			t.Errorf("%s: the same seed drops other datagrams", name)
		}
		if pattern(dropper(2), n) == first {
			t.Errorf("%s: two seeds drop the same datagrams", name)
		}
	}
}

// pattern has a letter for each of n datagrams: x where it is dropped.
func pattern(d *dropper, n int) string {
	out := make([]byte, n)
	for i := range out {
		out[i] = '.'
		if d.drop(nil) {
			out[i] = 'x'
		}
	}
	return string(out)
}

func TestDropperOffDropsNothing(t *testing.T) {
	d := newDropper(0, 1)
	for range 100 {
		if d.drop(nil) {
			t.Fatal("dropped a datagram")
		}
	}
}

// packetOf returns the header of a packet with this TOI.
func packetOf(t *testing.T, toi uint64) []byte {
	t.Helper()
	h := lct.Header{HasTSI: true, TSI: 1, HasTOI: true, TOI: flute.NewTOI(toi)}
	b, err := h.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestDropperSparesFDTInstances(t *testing.T) {
	for name, d := range map[string]*dropper{"windows": newDropper(1, 1), "random": newRandomDropper(1, 1)} {
		for _, spare := range []bool{false, true} {
			d.spare = spare
			if got, want := d.drop(packetOf(t, 0)), !spare; got != want {
				t.Errorf("%s, spare %v: an FDT Instance is dropped: %v", name, spare, got)
			}
			if !d.drop(packetOf(t, 1)) {
				t.Errorf("%s, spare %v: a packet of a file is let through", name, spare)
			}
			if !d.drop([]byte("no packet")) {
				t.Errorf("%s, spare %v: what is no packet is let through", name, spare)
			}
		}
	}
}
