package sender

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
)

// TestPriority adds files of many priorities while others are sent. Each packet must be of the first priority that has
// a file which is described; no more of its files may be in transfer than is allowed; all come to their end.
func TestPriority(t *testing.T) {
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 2))
		cfg := Config{
			Registry: schemes.Default(), OTI: fec.OTI{SymbolLength: 8, MaxSourceBlockLength: 4}, FDTCollect: -1,
			Parallel: 1 + rng.IntN(3), Queues: map[int8]int{-128: 1, 3: 4},
		}
		s, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		priority, left := map[flute.TOI]int8{}, map[flute.TOI]int{}
		add := func() {
			p := []int8{-128, -1, 0, 3, 127}[rng.IntN(5)]
			content := pattern(8 * (1 + rng.IntN(30)))
			toi := addTo(t, s, File{
				ContentLocation: fmt.Sprint(len(priority)),
				Content:         bytes.NewReader(content), Size: uint64(len(content)),
				Digests: NoDigest, Priority: p,
			})
			priority[toi], left[toi] = p, len(content)/8
		}
		began := map[int8][]flute.TOI{} // files in transfer
		for now := start; len(left) > 0 || len(priority) < 20; {
			if len(priority) < 20 && rng.IntN(10) == 0 || len(left) == 0 {
				add()
			}
			first := int8(127) // of the files that could be sent
			for toi := range left {
				if o := s.names.objects[toi]; o.described(s.cfg, now) {
					first = min(first, priority[toi])
				}
			}
			pkt, ok, err := s.AppendNext(nil, now)
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				if now = latest(now, s.Deadline()); len(priority) == 20 && s.Done() {
					t.Fatalf("seed %d: done, and %d files were not sent", seed, len(left))
				}
				continue
			}
			h, err := alc.Parse(pkt)
			if err != nil {
				t.Fatal(err)
			}
			if h.TOI.IsFDT() {
				continue
			}
			p := priority[h.TOI]
			if p > first {
				t.Fatalf("seed %d: a packet of priority %d while there are files of %d", seed, p, first)
			}
			in := began[p]
			i := slices.Index(in, h.TOI)
			most := cmp.Or(cfg.Queues[p], cfg.Parallel)
			if i < 0 && len(in) >= most {
				t.Fatalf("seed %d: %d files of priority %d are in transfer", seed, len(in)+1, p)
			} else if i >= 0 {
				in = slices.Delete(in, i, i+1)
			}
			in = append(in, h.TOI)
			if left[h.TOI]--; left[h.TOI] == 0 {
				delete(left, h.TOI)
				in = in[:len(in)-1]
			}
			began[p] = in
		}
	}
}

// Of files in transfer each has a packet before one of them has its next.
func TestTurnsOfAQueue(t *testing.T) {
	var q queue
	q.parallel = 4
	carriers := make([]carrier, 4)
	for i := range carriers {
		q.enter(&carriers[i])
	}
	if !q.full() || !q.sends() {
		t.Error("it is not full, or does not send")
	}
	served := map[*carrier]int{}
	for range 40 {
		served[q.active[q.turn]]++
		q.pass()
	}
	for i := range carriers {
		if n := served[&carriers[i]]; n != 10 {
			t.Errorf("carrier %d was served %d times of 40", i, n)
		}
	}
	// One that waits for its source gives its place away, in the middle of its turn; the others keep their order.
	q.turn = 1
	next := q.active[2]
	q.park()
	if q.active[q.turn] != next || len(q.parked) != 1 || q.full() {
		t.Error("the next one has no turn")
	}
	for range q.active {
		q.waits++
	}
	if q.sends() {
		t.Error("it sends although all wait")
	}
	q.enter(q.parked[0]) // last in turn
	if !q.sends() || q.active[q.turn] != next {
		t.Error("one that comes back does not send, or has the next turn")
	}
	for q.active[q.turn] != &carriers[1] {
		if !q.sends() {
			t.Fatal("one that comes back is not looked at, since those before it still wait")
		}
		q.waits++
		q.pass()
	}
	q.paused = true
	if q.sends() || q.lasts() || q.returns() || q.wanted(&Config{}, start) != nil {
		t.Error("it is paused and sends")
	}
}

// While a file goes on for long, none of a later queue is described in a hurry, nor opened.
func TestLaterQueuesAreLeftAlone(t *testing.T) {
	cfg := Config{OTI: fec.OTI{SymbolLength: 8}, FDTOTI: fec.OTI{SymbolLength: 1400}, FDTCollect: -1}
	s, _ := oneFile(t, cfg, 8*2*openLead)
	add := func(priority int8) flute.TOI {
		content := onDisk{bytes.NewReader(pattern(8))}
		return addTo(t, s, File{
			ContentLocation: fmt.Sprint(priority), Content: content, Size: 8, Digests: NoDigest, Priority: priority,
		})
	}
	next := func() (toi flute.TOI, left uint64) {
		t.Helper()
		pkt, ok, err := s.AppendNext(nil, start)
		if !ok || err != nil {
			t.Fatal(ok, err)
		}
		for _, w := range s.Works() {
			w.Run(nil)
		}
		p, err := alc.Parse(pkt)
		if err != nil {
			t.Fatal(err)
		}
		if in := s.schedule.queue(0).active; len(in) > 0 {
			left = in[0].left
		}
		return p.TOI, left
	}
	for toi := (flute.TOI{}); toi.IsFDT(); {
		toi, _ = next()
	}
	later := add(1)
	for {
		toi, left := next()
		if o := s.names.objects[later]; left > openLead && (toi.IsFDT() || o.state != pending) {
			t.Fatalf("%d packets before the end of the first file there is TOI %v; the later one is in state %d",
				left, toi, o.state)
		}
		if left <= openLead/2 { // but it is ready in time
			if o := s.names.objects[later]; o.state != active {
				t.Errorf("%d packets before the end the later file is in state %d", left, o.state)
			}
			break
		}
	}
}

// TestQueueRemove: wherever the transfer of an object is in the queue, it is found, and it alone is taken out. The turn
// stays with the one that had it, or goes to the next one.
func TestQueueRemove(t *testing.T) {
	for turn, next := range [][]int{{1, 0, 0}, {1, 2, 1}, {2, 2, 0}} { // by the place of what is removed
		for place := range 9 {
			q, all := queue{turn: turn}, [9]carrier{}
			for i := range all {
				all[i].object = &object{}
				list := [...]*[]*carrier{&q.active, &q.parked, &q.held}[i/3]
				*list = append(*list, &all[i])
			}
			if c := q.find(all[place].object); c != &all[place] {
				t.Fatalf("object %d is not found", place)
			}
			want := turn
			if place < 3 {
				want = next[place]
			}
			q.remove(&all[place])
			for i := range all {
				if there := q.find(all[i].object) != nil; there != (i != place) {
					t.Errorf("%d was removed: %d is there: %v", place, i, there)
				}
			}
			if got := q.active[q.turn]; got != &all[want] {
				t.Errorf("%d had its turn, %d was removed: the turn is not that of %d", turn, place, want)
			}
		}
	}
}

// TestLapses: a file in transfer whose description has expired needs a new one at once, others when the first of them
// expires.
func TestLapses(t *testing.T) {
	for name, c := range map[string]struct {
		until       []time.Duration // of files in transfer, from now on
		paused      bool
		undescribed bool
		next        time.Duration // 0: never
	}{
		"none":            {},
		"later":           {until: []time.Duration{3, 1, 2}, next: 1},
		"now":             {until: []time.Duration{3, 0, 2}, undescribed: true, next: 2},
		"before":          {until: []time.Duration{-1}, undescribed: true},
		"in a paused one": {until: []time.Duration{-1, 1}, paused: true},
	} {
		q := &queue{paused: c.paused}
		for _, after := range c.until {
			o := &object{}
			o.covered = start.Add(after)
			q.active = append(q.active, &carrier{object: o})
		}
		s := &schedule{queues: []*queue{q, {}}}
		undescribed, next := s.lapses(start)
		if undescribed != c.undescribed || next.IsZero() != (c.next == 0) || c.next != 0 && next.Sub(start) != c.next {
			t.Errorf("%s: %v, %v", name, undescribed, next)
		}
	}
}
