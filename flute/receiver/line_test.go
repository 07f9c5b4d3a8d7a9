package receiver

import (
	"slices"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
)

// A third port takes the place of one that nobody knows, or that was silent for long.
func TestReplaceable(t *testing.T) {
	now := start.Add(time.Hour)
	// silent returns a line that was not heard for d, that is known since some seconds, or not.
	silent := func(d time.Duration, known bool, since int) line {
		return line{run: 1, told: known, last: now.Add(-d), since: start.Add(time.Duration(since) * time.Second)}
	}
	before := func(l line) line { l.told, l.before = false, 1; return l }
	for name, c := range map[string]struct {
		a, b line
		want bool // a is replaced
	}{
		"a is free":                   {line{}, silent(time.Hour, true, 0), true},
		"nobody is known":             {silent(2, false, 0), silent(1, false, 1), true},
		"nobody is known, b is older": {silent(1, false, 0), silent(2, false, 1), false},
		"at the same time":            {silent(1, false, 0), silent(1, false, 1), false},
		"a is known":                  {silent(2, true, 1), silent(1, false, 0), false},
		"a was known":                 {before(silent(2, true, 1)), silent(1, false, 0), false},
		"a is known, and silent":      {silent(maxRivalTime, true, 1), silent(1, false, 0), true},
		"a is known, nearly silent":   {silent(maxRivalTime-1, true, 1), silent(1, false, 0), false},
		"b is known":                  {silent(1, false, 0), silent(2, true, 1), true},
		"b is known, and silent":      {silent(1, false, 0), silent(maxRivalTime, true, 1), false},
		"b is known, nearly silent":   {silent(1, false, 0), silent(maxRivalTime-1, true, 1), true},
		"both, a was first":           {silent(2, true, 0), silent(1, true, 1), false},
		"both, b was first":           {silent(1, true, 1), silent(2, true, 0), true},
		"both, a was first, silent":   {silent(maxRivalTime, true, 0), silent(1, true, 1), true},
		"both, b was first, silent":   {silent(1, true, 1), silent(maxRivalTime, true, 0), false},
		"both, since one moment":      {silent(2, true, 0), silent(1, true, 0), false},
	} {
		if got := replaceable(&c.a, &c.b, now); got != c.want {
			t.Errorf("%s: replaced %v", name, got)
		}
	}
}

// The line of a run is one that sends it now; else one that may, or that did before. Of two on one feed that which
// sends it goes first, else the one that was heard last.
func TestLineOf(t *testing.T) {
	at := func(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }
	for name, c := range map[string]struct {
		lines []line
		of    run
		want  int // -1: none
	}{
		"sends it":                {[]line{{run: 2, told: true}}, 2, 0},
		"sends another":           {[]line{{run: 2, told: true, before: 1}}, 1, -1},
		"did before":              {[]line{{run: 2, before: 1}}, 1, 0},
		"may":                     {[]line{{run: 3, doubts: []run{2, 3}}}, 2, 0},
		"may not":                 {[]line{{run: 3, doubts: []run{3}}}, 2, -1},
		"knows better":            {[]line{{run: 3, told: true, doubts: []run{2}}}, 2, -1},
		"no run":                  {[]line{{run: 3}, {}}, 0, -1},
		"the second":              {[]line{{run: 3, told: true}, {run: 2, told: true}}, 2, 1},
		"heard last":              {[]line{{run: 2, last: at(1)}, {run: 2, last: at(2)}}, 2, 1},
		"heard first":             {[]line{{run: 2, last: at(2)}, {run: 2, last: at(1)}}, 2, 0},
		"heard at once":           {[]line{{run: 2, last: at(1)}, {run: 2, last: at(1)}}, 2, 0},
		"the second sends it":     {[]line{{run: 3, before: 2, last: at(2)}, {run: 2, last: at(1)}}, 2, 1},
		"the first sends it":      {[]line{{run: 2, last: at(1)}, {run: 3, before: 2, last: at(2)}}, 2, 0},
		"both may":                {[]line{{run: 3, before: 2, last: at(1)}, {run: 4, before: 2, last: at(2)}}, 2, 1},
		"sends it on another":     {[]line{{run: 3, before: 2, last: at(2)}, {feed: 1, run: 2, last: at(1)}}, 2, 0},
		"sends it there, of late": {[]line{{run: 3, before: 2, last: at(1)}, {feed: 1, run: 2, last: at(2)}}, 2, 1},
	} {
		l := &Ledger{sessionRecord: sessionRecord{lines: c.lines}}
		got := -1
		if found := l.lineOf(c.of); found != nil {
			got = slices.Index([]*line{&l.lines[0], &l.lines[len(l.lines)-1]}, found)
		}
		if got != c.want {
			t.Errorf("%s: line %d, want %d", name, got, c.want)
		}
		doubtful := c.want >= 0 && !c.lines[max(0, c.want)].told
		if l.isDoubtful(c.of) != doubtful {
			t.Errorf("%s: in doubt %v", name, !doubtful)
		}
	}
}

// A pause makes a seam if it is long for any sender that goes on, and for this one: eight times as long as usual, and
// always after half a minute. The first packet after an A flag makes one, too.
func TestSeams(t *testing.T) {
	p := &alc.Packet{}
	closing := &alc.Packet{}
	closing.CloseSession = true
	const sec, age, least = time.Second, time.Minute, seamSilence / 16
	const slower = age - (age-maxSeamSilence)/16
	for name, c := range map[string]struct {
		silence, pace time.Duration
		restart       time.Duration // Config.RestartSilence
		closed        bool
		p             *alc.Packet
		seam          bool
		quiet         bool
		paceThen      time.Duration
	}{
		"short":            {silence: seamSilence - 1, p: p, paceThen: (seamSilence - 1) / 16},
		"long":             {silence: seamSilence, p: p, seam: true, paceThen: least},
		"slow":             {silence: 8*sec - 1, pace: sec, restart: age, p: p, paceThen: 19 * sec / 16},
		"slow, long":       {silence: 8 * sec, pace: sec, restart: age, p: p, seam: true, paceThen: 19 * sec / 16},
		"very slow":        {silence: maxSeamSilence - 1, pace: age, restart: age, p: p, paceThen: slower},
		"very slow, long":  {silence: maxSeamSilence, pace: age, restart: age, p: p, seam: true, paceThen: slower},
		"restart":          {silence: age, restart: age, p: p, seam: true, quiet: true, paceThen: least},
		"restart, early":   {silence: age - 1, restart: age, p: p, seam: true, paceThen: least},
		"restarts quickly": {silence: sec / 10, restart: sec / 10, p: p, seam: true, quiet: true, paceThen: sec / 160},
		"after A":          {silence: 16, closed: true, p: p, seam: true, paceThen: 1},
		"A after A":        {silence: 16, closed: true, p: closing, paceThen: 1},
		"A":                {silence: 16, p: closing, paceThen: 1},
		"long after A":     {silence: seamSilence, closed: true, p: p, seam: true, paceThen: least},
		"A long after A":   {silence: seamSilence, closed: true, p: closing, seam: true, paceThen: least},
	} {
		r := newRig(t, func(cfg *Config) { cfg.RestartSilence = c.restart })
		r.l.last, r.l.runs = start, 4
		closed := noTime
		if c.closed {
			closed = start
		}
		ln := &r.l.lines[0]
		*ln = line{run: 4, told: true, past: []run{1}, doubts: []run{7}, last: start, closed: closed, pace: c.pace}
		now := start.Add(c.silence)
		r.s.listen(now, ln, c.p)
		if seam := ln.run == 5; seam != c.seam || ln.told == c.seam || ln.quiet != c.quiet {
			t.Errorf("%s: run %d, told %v, quiet %v", name, ln.run, ln.told, ln.quiet)
		}
		if c.seam && (ln.before != 4 || !slices.Equal(ln.past, []run{1, 4}) || !slices.Equal(ln.doubts, []run{5}) ||
			!ln.ended.Equal(closed)) {
			t.Errorf("%s: %+v", name, ln)
		}
		if ln.pace != c.paceThen || !ln.last.Equal(now) || ln.closed.Equal(now) != c.p.CloseSession ||
			ln.closed.IsZero() == c.p.CloseSession || !ln.fdt.IsZero() {
			t.Errorf("%s: pace %v, want %v: %+v", name, ln.pace, c.paceThen, ln)
		}
	}
	// A second seam, and an FDT Instance.
	r := newRig(t)
	ln := &r.l.lines[0]
	*ln = line{run: 4, before: 2, quiet: true, ended: start, doubts: []run{3, 4}, past: []run{2}}
	r.l.runs = 4
	r.s.seam(ln)
	if ln.run != 5 || ln.before != 2 || ln.quiet || !ln.ended.IsZero() || !slices.Equal(ln.doubts, []run{3, 4, 5}) ||
		!slices.Equal(ln.past, []run{2}) {
		t.Errorf("%+v", ln)
	}
	for name, c := range map[string]struct {
		edit func(p *alc.Packet)
		want bool
	}{
		"FDT":      {func(*alc.Packet) {}, true},
		"file":     {func(p *alc.Packet) { p.TOI = flute.NewTOI(1) }, false},
		"no TOI":   {func(p *alc.Packet) { p.HasTOI = false }, false},
		"no bytes": {func(p *alc.Packet) { p.Body = nil }, false},
	} {
		p := &alc.Packet{Body: []byte("x")}
		p.HasTOI = true
		c.edit(p)
		ln := line{run: 1}
		if r.s.listen(start, &ln, p); ln.fdt.Equal(start) != c.want {
			t.Errorf("%s: FDT at %v", name, ln.fdt)
		}
	}
}

// Runs are kept up to a bound, the latest of them.
func TestRunsAreBounded(t *testing.T) {
	var runs []run
	for i := range run(2 * maxDoubts) {
		runs = push(runs, i)
		if n := len(runs); n != min(int(i)+1, maxDoubts) || runs[0] != i+1-run(n) || runs[n-1] != i {
			t.Errorf("after %d: %v", i, runs)
		}
	}
}

// Each port of a feed has a line, up to two; a packet whose port is not known belongs to the first.
func TestLines(t *testing.T) {
	now := start.Add(time.Hour)
	one, two := line{run: 1, port: 7}, line{run: 2, port: 8}
	late, late2 := line{run: 1, port: 7, last: start}, line{run: 2, port: 8, last: start}
	for name, c := range map[string]struct {
		lines  [2]line
		port   uint16
		route  bool
		want   int
		isNew  bool
		isPort uint16
	}{
		"first packet":        {port: 7, want: 0, isNew: true, isPort: 7},
		"same port":           {lines: [2]line{one}, port: 7, want: 0, isPort: 7},
		"port not known":      {lines: [2]line{one}, port: 0, want: 0, isPort: 7},
		"port known now":      {lines: [2]line{{run: 1}}, port: 7, want: 0, isPort: 7},
		"second port":         {lines: [2]line{late}, port: 8, want: 1, isNew: true, isPort: 8},
		"second port again":   {lines: [2]line{one, two}, port: 8, want: 1, isPort: 8},
		"third for the first": {lines: [2]line{one, late2}, port: 9, want: 0, isNew: true, isPort: 9},
		"third for the other": {lines: [2]line{late, two}, port: 9, want: 1, isNew: true, isPort: 9},
		"ROUTE":               {lines: [2]line{{run: 1}}, port: 8, route: true, want: 0},
	} {
		for _, quiet := range []time.Duration{0, 1} {
			r := newRig(t, func(cfg *Config) { cfg.ROUTE = c.route })
			copy(r.l.lines, c.lines[:])
			r.l.runs = 2
			r.l.last, r.l.closed = now.Add(quiet-r.cfg.RestartSilence), quiet == 0
			p := &alc.Packet{Body: []byte("x")}
			p.HasTOI = true
			ln := r.s.line(now, Origin{Port: c.port}, p)
			if ln.fdt.Equal(now) == c.route || !ln.last.Equal(now) || c.route && ln.run != 1 {
				t.Errorf("%s: it was not heard: %+v", name, ln)
			}
			isNew := ln.run == 3 && ln.since.Equal(now)
			if ln != &r.l.lines[c.want] || ln.port != c.isPort || isNew != c.isNew && !c.route {
				t.Errorf("%s: %+v", name, ln)
			}
			if !c.isNew {
				continue
			}
			if !slices.Equal(ln.doubts, []run{3}) || !ln.last.Equal(now) || ln.told {
				t.Errorf("%s: %+v", name, ln)
			}
			first := c.lines[0].run == 0
			if ln.quiet != (quiet == 0 && !first) || ln.ended.Equal(r.l.last) != (quiet == 0 && !first) {
				t.Errorf("%s: quiet %v, ended %v", name, ln.quiet, ln.ended)
			}
		}
	}
}

// The first packet of a feed brings what the feed does that was heard last.
func TestFirstLineOfAFeed(t *testing.T) {
	r := newRig(t, withFeeds(3))
	r.l.lines[0] = line{run: 1, port: 7, told: true, newest: 5, last: start}
	r.l.lines[2] = line{
		feed: 1, run: 4, port: 8, before: 2, newest: 6, past: []run{2}, doubts: []run{3, 4}, last: start.Add(1),
	}
	r.l.runs = 4
	now := start.Add(2)
	ln := r.s.line(now, Origin{Feed: 2, Port: 9}, &alc.Packet{})
	if ln != &r.l.lines[4] || ln.feed != 2 || ln.port != 9 || ln.run != 4 || ln.before != 2 || ln.newest != 6 ||
		ln.told || !slices.Equal(ln.past, []run{2}) || !slices.Equal(ln.doubts, []run{3, 4}) || !ln.since.Equal(now) {
		t.Errorf("%+v", ln)
	}
	ln.past[0], ln.doubts[0] = 99, 99
	if other := r.l.lines[2]; other.past[0] == 99 || other.doubts[0] == 99 {
		t.Error("two lines share a list")
	}
	if r.l.lines[2].last = start.Add(-1); r.l.latestLine() != ln {
		t.Error("another line was heard last")
	}
}

// Where a port sends nothing but packets of files for some time, beside one with FDT Instances, both are of one sender.
func TestJoinLines(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(ln *line)
		want bool
	}{
		"in time":   {func(*line) {}, true},
		"early":     {func(ln *line) { ln.since = ln.since.Add(1) }, false},
		"told":      {func(ln *line) { ln.told = true }, false},
		"with FDT":  {func(ln *line) { ln.fdt = start }, false},
		"not heard": {func(ln *line) { ln.run = 0 }, false},
	} {
		r := newRig(t)
		own, other := &r.l.lines[0], &r.l.lines[1]
		*own = line{run: 1, since: start.Add(-time.Hour)}
		*other = line{run: 2, since: start.Add(-portShare)}
		c.edit(other)
		run := other.run
		if r.s.joinLines(start, own); (other.run == 1) != c.want || !c.want && other.run != run || own.told {
			t.Errorf("%s: run %d, told %v", name, other.run, own.told)
		}
	}
}

// A session has another port than that of a line, if packets came from one.
func TestOtherPort(t *testing.T) {
	l := &Ledger{sessionRecord: sessionRecord{lines: make([]line, 2)}}
	if l.lines[0].run = 1; l.otherPort(&l.lines[0]) || !l.otherPort(&l.lines[1]) {
		t.Error("a line is another one than itself, or one that was not heard counts")
	}
	if silentFor(nil, start) != portSilence || silentFor(&line{last: start}, start.Add(5)) != 5 {
		t.Error("how long nothing has come on a line")
	}
}

// A packet that comes in the same read as the one before changes the usual time between two.
func TestHeardAtOnce(t *testing.T) {
	ln := line{pace: 16 * time.Millisecond}
	if ln.hearAtOnce(); ln.pace != 15*time.Millisecond {
		t.Errorf("pace %v", ln.pace)
	}
}
