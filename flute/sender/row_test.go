package sender

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
)

// TestAppendRow: a session that is asked for rows sends the same packets, at the same times, as one that is asked for
// each, and knows and tells the same but for progress on the way: with any code, with several files, with digests that
// come later, whatever is done with it meanwhile.
func TestAppendRow(t *testing.T) {
	rows, all := 0, 0
	for seed := range uint64(80) {
		rng := rand.New(rand.NewPCG(seed, 7))
		cfg := Config{
			Registry: schemes.Default(), Interleave: 1 + rng.IntN(6)/5, Parallel: 1 + rng.IntN(4)/3,
			OTI:         fec.OTI{SymbolLength: 64, MaxSourceBlockLength: uint32(20 + rng.IntN(300))},
			FDTInterval: 40 * time.Millisecond, TransferCount: 1 + rng.IntN(2), ReadAhead: 64 * (1 + rng.IntN(100)),
			FileSCT: rng.IntN(8) == 0, FTI: FTI(rng.IntN(3)),
		}
		switch rng.IntN(4) {
		case 0:
			cfg.OTI.EncodingID, cfg.OTI.MaxSourceBlockLength = fec.ReedSolomonGF28, 60
		case 1:
			cfg.OTI.EncodingID = fec.RaptorQ
		}
		var sessions [2]*Session
		for i := range sessions {
			s, err := New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			sessions[i] = s
		}
		files := 0
		add := func() {
			files++
			f := File{ContentLocation: fmt.Sprint("f", files), Priority: int8(rng.IntN(2))}
			f.Size = uint64(rng.IntN(60_000))
			content := make([]byte, f.Size)
			for i := range content {
				content[i] = byte(rng.Uint32())
			}
			if f.Content = bytes.NewReader(content); rng.IntN(4) > 0 {
				f.Content = onDisk{f.Content}
			}
			if f.Digests = DigestSHA256; rng.IntN(2) == 0 {
				f.Digests |= DigestLater
			}
			if rng.IntN(8) == 0 {
				f.Within = 200 * time.Millisecond
			}
			if toi := addTo(t, sessions[0], f); addTo(t, sessions[1], f) != toi {
				t.Fatalf("seed %d: file %d has another TOI than %v", seed, files, toi)
			}
		}
		add()
		attended := rng.IntN(4) > 0
		now := start
		for range 2000 {
			now = now.Add(time.Duration(rng.IntN(4)) * time.Millisecond)
			if rng.IntN(300) == 0 {
				add()
			}
			disturb(sessions[:], rng, files)
			b, most := make([]byte, 0, 200+rng.IntN(8000)), rng.IntN(140)
			one, n := batchOf(t, sessions[0], b, now, most, attended)
			rows, all = rows+n, all+len(one)
			other, _ := batchOf(t, sessions[1], nil, now, -len(one), attended)
			if !slices.EqualFunc(one, other, bytes.Equal) {
				t.Fatalf("seed %d: %d and %d packets, or others", seed, len(one), len(other))
			}
			if x, y := sessions[0].Stats(), sessions[1].Stats(); x != y {
				t.Fatalf("seed %d:\n%+v\n%+v", seed, x, y)
			}
			if x, y := eventsOf(sessions[0]), eventsOf(sessions[1]); len(x)+len(y) > 0 && !reflect.DeepEqual(x, y) {
				t.Fatalf("seed %d:\n%+v\n%+v", seed, x, y)
			}
			if x, y := sessions[0].Deadline(), sessions[1].Deadline(); x != y {
				t.Fatalf("seed %d: next at %v and %v", seed, x, y)
			}
		}
	}
	if rows < 15_000 {
		t.Errorf("%d of %d packets came in rows", rows, all)
	}
}

// disturb pauses something of both sessions, has it go on, or removes one of so many files, now and then.
func disturb(sessions []*Session, rng *rand.Rand, files int) {
	what, paused, when := rng.IntN(400), rng.IntN(3) == 0, When(rng.IntN(2))
	toi, priority := flute.NewTOI(uint64(1+rng.IntN(files))), int8(rng.IntN(2))
	for _, s := range sessions {
		switch what {
		case 0, 1, 2, 3:
			s.PauseObject(toi, paused)
		case 4, 5, 6, 7:
			s.PauseQueue(priority, paused)
		case 8, 9, 10, 11:
			s.PauseSession(paused)
		case 12:
			s.Remove(toi, when)
		}
	}
}

// batchOf returns a packet with a row behind it of most packets at most, or, if most is negative, so many packets one
// by one.
func batchOf(t *testing.T, s *Session, b []byte, now time.Time, most int, attended bool) (all [][]byte, inRow int) {
	t.Helper()
	next := func() bool {
		p, ok, err := s.AppendNext(nil, now)
		if err != nil {
			t.Fatal(err)
		}
		if attended {
			for _, w := range s.Works() {
				w.Run(nil)
			}
		}
		if ok {
			all = append(all, p)
		}
		return ok
	}
	for range -most {
		if !next() {
			return all, 0
		}
	}
	if most < 0 || !next() || most == 0 {
		return all, 0
	}
	row, n := s.AppendRow(b, now, most)
	if n > most || n > 0 && len(row)%n != 0 || &row[:1][0] != &b[:1][0] {
		t.Fatalf("%d packets of %d bytes in all, of %d", n, len(row), most)
	}
	for i := range n {
		all = append(all, row[i*len(row)/n:(i+1)*len(row)/n])
	}
	return all, n
}

// eventsOf returns what a session tells, but for progress.
func eventsOf(s *Session) []event.Event {
	return slices.DeleteFunc(s.Events(), func(e event.Event) bool { _, is := e.(event.ObjectProgress); return is })
}
