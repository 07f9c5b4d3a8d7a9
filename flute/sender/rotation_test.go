package sender

import (
	"testing"
	"time"
)

// rotating returns a plan of a session whose FDT Instances live for an hour and come every ten seconds.
func rotating() *plan {
	cfg := &Config{
		FDTDuration: time.Hour, FDTInterval: 10 * time.Second, FDTCollect: time.Second, FDTTransfers: 2,
	}
	return &plan{cfg: cfg, stats: &statistics{}}
}

// TestOutdated: a page needs a new FDT Instance when it has none, or one that does not tell the truth, or one that
// might expire before the next: a minute before it does (RFC 6726, section 3.3), or as long as two rounds take.
func TestOutdated(t *testing.T) {
	now := start.Add(time.Hour)
	for _, c := range []struct {
		name    string
		expires time.Duration // from now on
		began   time.Duration // before
		change  func(p *page)
		want    bool
	}{
		{"a minute before it expires", time.Minute, time.Second, nil, false},
		{"less", time.Minute - 1, time.Second, nil, true},
		{"two rounds before", 4 * time.Minute, 2 * time.Minute, nil, false},
		{"less than two rounds before", 4*time.Minute - 1, 2 * time.Minute, nil, true},
		{"without files rounds do not count", time.Minute, 2 * time.Minute, func(p *page) { p.live = 0 }, false},
		{"it is not true", time.Hour, time.Second, func(p *page) { p.stale = true }, true},
		{"there is none", time.Hour, time.Second, func(p *page) { p.number = 0 }, true},
	} {
		p := &page{live: 1}
		p.number, p.expires, p.began = 1, now.Add(c.expires), now.Add(-c.began)
		if c.change != nil {
			c.change(p)
		}
		if got := rotating().outdated(p, now); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// TestTurnsOfPages: a page has its turn after the interval; after the last file soon; what changes waits for more that
// does; a large FDT Instance leaves the files their time; and none is made before IDs are free.
func TestTurnsOfPages(t *testing.T) {
	const second = time.Second
	rests := func(l *plan, _ *page) { l.sending.rest = start.Add(30 * second) }
	for _, c := range []struct {
		name             string
		files            int
		change           func(l *plan, p *page)
		repeat, announce time.Duration // announce is zero: at once
	}{
		{"a turn", 1, nil, 10 * second, 0},
		{"after the last file", 0, nil, fdtSpread, 0},
		{"after the last file, of a short interval", 0, func(l *plan, _ *page) { l.cfg.FDTInterval = 1 }, 1, 0},
		{"the files have their time", 1, rests, 30 * second, 0},
		{"after the last file they need none", 0, rests, fdtSpread, 0},
		{"changes are collected", 1, func(l *plan, p *page) {
			p.stale, p.created, l.cfg.FDTCollect = true, start.Add(2*second), 9*second
		}, 11 * second, 11 * second},
		{"and were", 1, func(_ *plan, p *page) { p.stale, p.created = true, start.Add(2*second) }, 10 * second, 3 * second},
		{"the first FDT Instance collects nothing", 1, func(_ *plan, p *page) {
			p.stale, p.number = true, 0
		}, 10 * second, 0},
		{"no ID is free", 1, func(l *plan, p *page) {
			p.stale, l.sending.retry = true, start.Add(40*second)
		}, 40 * second, 40 * second},
		{"none is needed", 1, func(l *plan, _ *page) { l.sending.retry = start.Add(40 * second) }, 10 * second, 0},
		{"one is needed by then", 1, func(l *plan, p *page) {
			p.expires, l.sending.retry = start.Add(69*second), start.Add(40*second)
		}, 40 * second, 0},
	} {
		l := rotating()
		p := &page{live: c.files}
		l.pages = []*page{p}
		l.live.objects = c.files
		p.number, p.began, p.created, p.expires = 1, start, start, start.Add(time.Hour)
		if c.change != nil {
			c.change(l, p)
		}
		if got := l.repeatAt(p).Sub(start); got != c.repeat {
			t.Errorf("%s: its turn is after %v, want %v", c.name, got, c.repeat)
		}
		at := l.announceAt(p, start)
		if at.IsZero() != (c.announce == 0) || c.announce != 0 && at.Sub(start) != c.announce {
			t.Errorf("%s: it is announced after %v, want %v", c.name, at.Sub(start), c.announce)
		}
	}
}

// TestRotates: an FDT Instance is sent as long as its page has files to be sent, and some times after that.
func TestRotates(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(l *plan, p *page)
		want   bool
	}{
		{"it was sent often enough", func(*plan, *page) {}, false},
		{"files are to be sent", func(_ *plan, p *page) { p.live = 1 }, true},
		{"it does not tell the truth", func(_ *plan, p *page) { p.stale = true }, true},
		{"it was sent once too rarely", func(_ *plan, p *page) { p.sent = 1 }, true},
		{"and so were those before it", func(_ *plan, p *page) { p.ended = 4 }, true},
		{"it is forgotten", func(_ *plan, p *page) { p.live, p.gone = 1, true }, false},
		{"it has none yet", func(_ *plan, p *page) { p.live, p.number = 1, 0 }, false},
		{"the session is complete, and all is over", func(l *plan, _ *page) { l.complete = true }, true},
		{"other files are to be sent", func(l *plan, _ *page) { l.complete, l.live.objects = true, 1 }, false},
		{"it was sent after the last file", func(l *plan, p *page) { l.complete, p.final = true, 7 }, false},
	} {
		l := rotating()
		l.stats.counts.Added = 7
		p := &page{rounds: 5, ended: 3}
		p.number, p.sent = 1, 2
		if c.change(l, p); l.rotates(p) != c.want {
			t.Errorf("%s: %v", c.name, !c.want)
		}
	}
}

// TestShareOfFDT: its packets are between those of files, one of so many; or one of two while a file waits for it.
func TestShareOfFDT(t *testing.T) {
	for _, c := range []struct {
		files, urgent, wanted bool
		gap                   int
		want                  bool
	}{
		{files: false, want: true},
		{files: true, urgent: true, want: true},
		{files: true, gap: fdtShare - 2, want: false},
		{files: true, gap: fdtShare - 1, want: true},
		{files: true, wanted: true, gap: 0, want: false},
		{files: true, wanted: true, gap: 1, want: true},
		{files: true, gap: 1, want: false},
	} {
		l := rotating()
		l.sending.urgent, l.sending.gap = c.urgent, c.gap
		var wanted *object
		if c.wanted {
			wanted = &object{}
		}
		if got := l.isNext(c.files, wanted); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

// TestNextPage: of the pages that have a turn, that describe what is gone, and that a file waits for, the one that can
// be sent first; a file that waits comes before others that can be sent at the same time.
func TestNextPage(t *testing.T) {
	for _, c := range []struct {
		name               string
		turn, wrong, waits time.Duration // when; zero: there is none
		want               int
	}{
		{"none", 0, 0, 0, 0},
		{"a turn", 10, 0, 0, 1},
		{"a wrong one", 0, 10, 0, 2},
		{"a turn before a wrong one", 9, 10, 0, 1},
		{"a turn, and a wrong one at the same time", 10, 10, 0, 1},
		{"a wrong one before a turn", 10, 9, 0, 2},
		{"a file that waits", 0, 0, 10, 3},
		{"a file that waits, and a turn at the same time", 10, 0, 10, 3},
		{"a turn before a file that waits", 9, 0, 10, 1},
		{"a wrong one before both", 10, 8, 9, 2},
		{"a file that waits before both", 10, 9, 8, 3},
	} {
		l := rotating()
		l.cfg.FDTInterval, l.live.objects = 1, 1
		pages := []*page{nil, {live: 1}, {stale: true}, {live: 1, stale: true}}
		for _, p := range pages[1:] {
			p.number, p.expires = 1, start.Add(time.Hour)
		}
		var wanted *object
		var at time.Duration
		if c.turn > 0 {
			pages[1].began = start.Add(c.turn - 1)
			l.rotate(pages[1])
			l.rotate(pages[1]) // it has one
		}
		l.cfg.FDTCollect = 1
		if c.wrong > 0 {
			pages[2].created = start.Add(c.wrong - 1)
			l.wrong.Push(&page{}) // that is not wrong any more
			l.correct(pages[2])
			l.correct(pages[2])
		}
		if c.waits > 0 {
			pages[3].created = start.Add(c.waits - 1)
			wanted = &object{page: pages[3]}
		}
		for _, d := range []time.Duration{c.turn, c.wrong, c.waits} {
			if d > 0 && (at == 0 || d < at) {
				at = d
			}
		}
		for range 2 { // looking changes nothing
			p, when := l.next(wanted, start)
			if p != pages[c.want] || p != nil && when.Sub(start) != at {
				t.Errorf("%s: %+v after %v, want %d after %v", c.name, p, when.Sub(start), c.want, at)
			}
		}
		if c.turn > 0 && l.rotation.Len() != 1 || l.wrong.Len() > 1 {
			t.Errorf("%s: %d turns, %d wrong pages", c.name, l.rotation.Len(), l.wrong.Len())
		}
	}
}

// TestTransmissionExpires: an FDT Instance is not sent after it has expired; until then it is known when that will be.
func TestTransmissionExpires(t *testing.T) {
	for after, ends := range map[time.Duration]bool{-1: false, 0: true} {
		l := rotating()
		p := &page{}
		p.expires = start.Add(time.Hour)
		l.sending.page = p
		if next := l.expire(p.expires.Add(after), true); !next.Equal(p.expires) || (l.sending.page == nil) != ends {
			t.Errorf("%v after it expires: next %v, it ends: %v", after, next, l.sending.page == nil)
		}
		if !l.sending.urgent {
			t.Error("a file that is not described makes the next one not urgent")
		}
		l.sending.page = nil
		if next := l.expire(start, false); !next.IsZero() || l.sending.urgent {
			t.Errorf("nothing is sent: %v", next)
		}
	}
}

// TestManyLargeFilesDoNotWait: new files wait for no others if they are large, many, and as many as a page had before,
// or if their page takes no more.
func TestManyLargeFilesDoNotWait(t *testing.T) {
	const size = 1000 // of the FDT Instance
	for _, c := range []struct {
		name          string
		before, fresh int
		bytes         uint64
		isLast, waits bool
	}{
		{"many", collectFiles, collectFiles, collectShare * size, true, false},
		{"too few", 1, collectFiles - 1, collectShare * size, true, true},
		{"fewer than before", collectFiles + 1, collectFiles, collectShare * size, true, true},
		{"too small", collectFiles, collectFiles, collectShare*size - 1, true, true},
		{"the last ones of a page", collectFiles, 1, collectShare * size, false, false},
		{"small ones", collectFiles, 1, collectShare*size - 1, false, true},
		{"one was removed", collectFiles, 0, collectShare * size, false, true},
	} {
		l := rotating()
		p := &page{
			fresh: c.fresh, freshBytes: c.bytes, size: tally{bytes: size}, objects: make([]*object, c.before+c.fresh),
			stale: true,
		}
		p.number, p.created, p.expires = 1, start, start.Add(time.Hour)
		if l.pages = []*page{p}; !c.isLast {
			l.pages = append(l.pages, &page{})
		}
		want := time.Time{}
		if c.waits {
			want = start.Add(l.cfg.FDTCollect)
		}
		if at := l.announceAt(p, start); !at.Equal(want) {
			t.Errorf("%s: announced at %v, want %v", c.name, at, want)
		}
	}
}
