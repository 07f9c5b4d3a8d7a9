package sender

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
)

// TestNumbersAreKeptBeforeTheyAreUsed: the FDT Instance waits for the Work that keeps its ID. One that does not answer
// is waited for for two seconds, and told.
func TestNumbersAreKeptBeforeTheyAreUsed(t *testing.T) {
	for _, answers := range []bool{true, false} {
		kept := &memoryKeeper{}
		s, err := New(Config{Registry: schemes.Default(), Keeper: kept})
		if err != nil {
			t.Fatal(err)
		}
		s.Works() // somebody runs them
		addTo(t, s, File{ContentLocation: "a"})
		if _, ok, err := s.AppendNext(nil, start); ok || err != nil {
			t.Fatalf("a packet before the numbers are kept: %v", err)
		}
		works := s.Works()
		if len(works) != 1 || works[0].Lane() != any(kept) {
			t.Fatalf("%d Works", len(works))
		}
		at := s.Deadline()
		if !at.After(start) || at.After(start.Add(50*time.Millisecond)) {
			t.Errorf("it looks again after %v", at.Sub(start))
		}
		if answers {
			works[0].Run(nil)
		} else if _, ok, _ := s.AppendNext(nil, start.Add(keepPatience-time.Second)); ok {
			t.Error("a packet after a second")
		} else {
			at = start.Add(keepPatience)
		}
		if _, ok, err := s.AppendNext(nil, at); !ok || err != nil {
			t.Errorf("answers %v: no packet: %v", answers, err)
		}
		warnings := 0
		for _, e := range s.Events() {
			if _, ok := e.(event.Warning); ok {
				warnings++
			}
		}
		if (warnings == 0) != answers || warnings > 1 {
			t.Errorf("answers %v: %d warnings", answers, warnings)
		}
	}
}

// TestKeepFirst: with a Keeper that fails, or that does not answer, no FDT Instance goes out until it has kept the
// numbers. That is told once.
func TestKeepFirst(t *testing.T) {
	for _, answers := range []bool{true, false} {
		kept := &memoryKeeper{fail: true}
		s, err := New(Config{Registry: schemes.Default(), Keeper: kept, KeepFirst: true})
		if err != nil {
			t.Fatal(err)
		}
		s.Works() // somebody runs them
		addTo(t, s, File{ContentLocation: "a"})
		var held []*Work
		run := func() {
			held = append(held, s.Works()...)
			for ; answers && len(held) > 0; held = held[1:] {
				held[0].Run(nil)
			}
		}
		now, warnings := start, 0
		for ; now.Before(start.Add(time.Minute)); now = now.Add(100 * time.Millisecond) {
			if _, ok, err := s.AppendNext(nil, now); ok || err != nil {
				t.Fatalf("answers %v: a packet after %v, %v", answers, now.Sub(start), err)
			}
			run()
			for _, e := range s.Events() {
				if _, ok := e.(event.Warning); ok {
					warnings++
				}
			}
		}
		if warnings != 1 {
			t.Errorf("answers %v: %d warnings", answers, warnings)
		}
		kept.fail, answers = false, true
		run()
		sent := false
		for end := now.Add(2 * keepAgain); !sent && now.Before(end); now = now.Add(keepPoll) {
			if _, sent, err = s.AppendNext(nil, now); err != nil {
				t.Fatal(err)
			}
			run()
		}
		if !sent {
			t.Error("no packet once the numbers are kept")
		}
	}
}

// TestNumbersAfterACrash: whenever a session crashes, the next one uses no FDT Instance ID and no TOI of those before
// that has not expired.
func TestNumbersAfterACrash(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	kept := &memoryKeeper{}
	cfg := Config{
		Registry: schemes.Default(), Keeper: kept, TOIBits: 16, FDTCollect: -1, FDTFiles: 2, Parallel: 10,
		FDTDuration: 2 * time.Second,
	}
	now := start
	ids := map[flute.InstanceID]time.Time{} // of all sessions, with their expiry
	tois := map[flute.TOI]int{}             // the last session that used it
	for session := range 300 {
		if session > 0 {
			numbers := kept.numbers
			cfg.Resume = &numbers
		}
		s, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		v := viewer{start: start}
		own := map[flute.InstanceID]bool{} // of this session
		for i := range rng.IntN(400) {
			if rng.IntN(3) == 0 {
				toi := addTo(t, s, File{ContentLocation: fmt.Sprint(session, "-", i), TransferCount: -1})
				// 65,535 TOIs come round after more than a hundred sessions.
				if last, ok := tois[toi]; ok && last >= session-20 {
					t.Fatalf("TOI %v of session %d again in session %d", toi, last, session)
				}
			}
			pkt, ok, err := s.AppendNext(nil, now)
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				now = now.Add(10 * time.Millisecond)
				continue
			}
			p := v.read(t, pkt, now)
			if !p.TOI.IsFDT() {
				tois[p.TOI] = session
				continue
			}
			if p.fdt == nil {
				continue
			}
			if until, ok := ids[p.InstanceID]; ok && until.After(now) && !own[p.InstanceID] {
				t.Fatalf("session %d: FDT Instance ID %d again, before %v", session, p.InstanceID, until)
			}
			own[p.InstanceID] = true
			ids[p.InstanceID] = p.fdt.Expires
		}
		if rng.IntN(2) == 0 {
			s.AppendClose(nil)
		}
	}
}

// TestResumeWaitsForIDs: FDT Instance IDs of the session before that have not expired are not used.
func TestResumeWaitsForIDs(t *testing.T) {
	until := start.Add(time.Hour)
	s, err := New(Config{Registry: schemes.Default(), Resume: &Numbers{
		InstanceID: 7, InUse: uint32(flute.MaxInstanceID), Until: until, TOI: flute.NewTOI(3),
	}})
	if err != nil {
		t.Fatal(err)
	}
	var ids []flute.InstanceID
	v := viewer{start: start}
	for i := range 2 {
		addTo(t, s, File{ContentLocation: fmt.Sprint(i), TransferCount: -1})
		for now := start.Add(time.Duration(i) * time.Second); ; {
			pkt, ok, err := s.AppendNext(nil, now)
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				break
			}
			if p := v.read(t, pkt, now); p.fdt != nil && (len(ids) == 0 || p.InstanceID != ids[len(ids)-1]) {
				ids = append(ids, p.InstanceID)
			}
			now = now.Add(time.Millisecond)
			if len(v.instances) > 5 || now.After(until) {
				t.Fatal("it goes on")
			}
			if now.Sub(start) > 3*time.Second {
				break
			}
		}
	}
	if len(ids) != 1 || ids[0] != 7 {
		t.Errorf("FDT Instances %v: one ID was free", ids)
	}
}

// TestManyTOIsAreKept: more files than are kept ahead are not described before their TOIs are kept.
func TestManyTOIsAreKept(t *testing.T) {
	kept := &memoryKeeper{}
	s, err := New(Config{Registry: schemes.Default(), Keeper: kept, TOIBits: 16, FDTCollect: -1})
	if err != nil {
		t.Fatal(err)
	}
	v := viewer{start: start}
	now := start
	for round := range 3 {
		var last flute.TOI
		for i := range shortLeaseTOIs + 10 {
			last = addTo(t, s, File{ContentLocation: fmt.Sprint(round, "-", i)})
		}
		for described := false; !described; now = now.Add(time.Millisecond) {
			pkt, ok, err := s.AppendNext(nil, now)
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				continue
			}
			if p := v.read(t, pkt, now); p.fdt != nil {
				described = p.fdt.Files[len(p.fdt.Files)-1].TOI == last
			}
		}
		if kept.numbers.TOI.Compare(last) <= 0 {
			t.Fatalf("TOI %v is described, and kept is %v", last, kept.numbers.TOI)
		}
	}
}

// TestNumbersRefused: Numbers of another kind of session are refused; the largest ones are taken.
func TestNumbersRefused(t *testing.T) {
	most, one, last := flute.MaxInstanceID, flute.NewTOI(1), flute.NewTOI(1<<16-1)
	for _, c := range []struct {
		numbers Numbers
		ok      bool
	}{
		{Numbers{TOI: one}, true},
		{Numbers{InstanceID: most, InUse: uint32(most), TOI: last}, true},
		{Numbers{InstanceID: most + 1, TOI: one}, false},
		{Numbers{InUse: uint32(most) + 1, TOI: one}, false},
		{Numbers{}, false},
		{Numbers{TOI: flute.NewTOI(1 << 16)}, false},
	} {
		_, err := New(Config{Registry: schemes.Default(), TOIBits: 16, Resume: &c.numbers})
		if (err == nil) != c.ok {
			t.Errorf("%+v: %v", c.numbers, err)
		}
	}
}

// TestTermsCover: a lease covers what is within each of its three terms, the last one included.
func TestTermsCover(t *testing.T) {
	have := terms{5, 7, start}
	for _, c := range []struct {
		need terms
		want bool
	}{
		{have, true},
		{terms{4, 6, start.Add(-1)}, true},
		{terms{6, 7, start}, false},
		{terms{5, 8, start}, false},
		{terms{5, 7, start.Add(1)}, false},
	} {
		if got := have.covers(c.need); got != c.want {
			t.Errorf("%+v covers %+v: %v", have, c.need, got)
		}
	}
}

// TestTOIsAhead: the TOIs that are kept ahead begin with 1 again after the last one, as those that are given do.
func TestTOIsAhead(t *testing.T) {
	a := upTo(3)
	for n, want := range []uint64{1, 2, 3, 1, 2, 3, 1} {
		if got := a.ahead(uint64(n)); got != flute.NewTOI(want) {
			t.Errorf("%d ahead: %v, want %d", n, got, want)
		}
	}
	for bits, want := range map[int]uint64{16: shortLeaseTOIs, 32: leaseTOIs} {
		if a := newTOIs(flute.NewTOI(1), bits); a.lease() != want {
			t.Errorf("%d bits: %d TOIs ahead", bits, a.lease())
		}
	}
}

// TestLease: numbers are kept again when half of those that were kept are used. Until those that are needed are kept,
// or cannot be, no FDT Instance is made.
func TestLease(t *testing.T) {
	ms := time.Millisecond
	at := start.Add(time.Hour)
	half := terms{1 + leaseIDs/2, leaseTOIs / 2, at}
	less := func(change func(*terms)) terms { t := half; change(&t); return t }
	need := terms{1, 0, at}
	for _, c := range []struct {
		name   string
		lease  lease
		ok     bool
		begins bool // a Work
		fails  bool // that is told
	}{
		{"all is kept", lease{granted: half}, true, false, false},
		{"less than half of the IDs", lease{granted: less(func(t *terms) { t.ids-- })}, true, true, false},
		{"less than half of the TOIs", lease{granted: less(func(t *terms) { t.steps-- })}, true, true, false},
		{"a shorter time", lease{granted: less(func(t *terms) { t.until = at.Add(-1) })}, false, true, false},
		{"what is needed", lease{granted: need}, true, true, false},
		{"nothing", lease{}, false, true, false},
		{"nothing, and the Keeper has failed just now", lease{failed: true, retry: start.Add(1)}, true, false, false},
		{"nothing, and the Keeper has failed a while ago", lease{failed: true, retry: start}, true, true, false},
		{"nothing, strictly", lease{failed: true, strict: true, retry: start.Add(1)}, false, false, false},
		{"a Work is under way", lease{work: &Work{}, begun: start.Add(ms - keepPatience)}, false, false, false},
		{"it takes too long", lease{work: &Work{}, begun: start.Add(-keepPatience)}, true, false, true},
		{"that was told", lease{work: &Work{}, begun: start.Add(-keepPatience), failed: true}, true, false, false},
		{
			"it takes too long, strictly",
			lease{work: &Work{}, begun: start.Add(-keepPatience), strict: true},
			false, false, true,
		},
	} {
		cfg := Config{FDTDuration: time.Hour}
		n := names{tois: newTOIs(flute.NewTOI(1), 32)}
		l := &plan{cfg: &cfg, names: &n, stats: &statistics{}, works: &worklist{attended: true}, lease: c.lease}
		l.lease.keeper = &memoryKeeper{}
		under := c.lease.work != nil
		if got := l.mayPublish(start, at); got != c.ok {
			t.Errorf("%s: an FDT Instance may be made: %v", c.name, got)
		}
		if begun := l.lease.work != nil && !under; begun != c.begins || len(l.works.works) == 1 != c.begins {
			t.Errorf("%s: a Work was begun: %v", c.name, begun)
		}
		if (len(l.stats.events) == 1) != c.fails || len(l.stats.events) > 1 {
			t.Errorf("%s: %v", c.name, l.stats.events)
		}
		if !c.begins {
			continue
		}
		until := at.Add(time.Hour)
		if want := (terms{leaseIDs, leaseTOIs, until}); l.lease.asked != want || !l.lease.begun.Equal(start) {
			t.Errorf("%s: asked for %+v", c.name, l.lease.asked)
		}
		j := l.lease.work.job.(*keepJob)
		want := Numbers{InstanceID: leaseIDs, InUse: leaseIDs, Until: until, TOI: flute.NewTOI(1 + leaseTOIs)}
		if j.numbers != want {
			t.Errorf("%s: %+v are kept", c.name, j.numbers)
		}
	}
}

// TestLeaseEnds: what was kept may be used, and a failure is over; what was not kept is tried again after a second.
func TestLeaseEnds(t *testing.T) {
	asked := terms{9, 9, start}
	for _, err := range []error{nil, ErrClosed} {
		l := &plan{stats: &statistics{}, lease: lease{asked: asked, failed: true, work: &Work{}}}
		if l.collectLease(start); l.lease.work == nil {
			t.Fatal("a Work that is under way is not waited for")
		}
		l.lease.work.err = err
		l.lease.work.state.Store(workDone)
		l.collectLease(start)
		k := &l.lease
		if k.work != nil || k.failed != (err != nil) || (k.granted == asked) != (err == nil) {
			t.Errorf("%v: %+v", err, k)
		}
		if want := start.Add(keepAgain); k.retry.Equal(want) != (err != nil) {
			t.Errorf("%v: again at %v", err, k.retry)
		}
		l.collectLease(start) // there is none
	}
}
