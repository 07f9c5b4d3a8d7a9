package sender

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/lct"
)

// guarded is content that may be read within Works only.
type guarded struct {
	io.ReaderAt
	t      *testing.T
	inside bool
	crash  int // of the next reads
}

func (g *guarded) ReadAt(p []byte, off int64) (int, error) {
	if !g.inside {
		g.t.Error("the session reads the content itself")
	}
	if g.crash > 0 {
		g.crash--
		for i := range p {
			p[i] = 0xee
		}
		panic("guarded")
	}
	return g.ReaderAt.ReadAt(p, off)
}

// run runs w as a worker does.
func (g *guarded) run(w *Work) {
	g.inside = true
	defer func() {
		g.inside = false
		if v := recover(); v != nil {
			w.Fail(errors.New("crash"))
		}
	}()
	w.Run(nil)
}

// attended returns a session with one file of guarded content.
func attended(t *testing.T, cfg Config, size int) (*Session, *guarded) {
	t.Helper()
	cfg.Registry, cfg.FDTInterval, cfg.FDTDuration = schemes.Default(), time.Hour, 24*time.Hour
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	g := &guarded{ReaderAt: bytes.NewReader(pattern(size)), t: t}
	addTo(t, s, File{ContentLocation: "guarded", Content: g, Size: uint64(size), Digests: NoDigest})
	return s, g
}

// addTo prepares f and adds it to s.
func addTo(t testing.TB, s *Session, f File) flute.TOI {
	t.Helper()
	o, err := Prepare(context.Background(), f, nil)
	if err != nil {
		t.Fatal(err)
	}
	return add(t, s, o)
}

func add(t testing.TB, s *Session, o *Object) flute.TOI {
	t.Helper()
	toi, err := s.Add(o)
	if err != nil {
		t.Fatal(err)
	}
	return toi
}

// files returns the packets of the session to its end. do gets the Works.
func files(t *testing.T, s *Session, do func(works []*Work)) (packets [][]byte) {
	t.Helper()
	now := start
	for calls := 0; !s.Done(); calls++ {
		p, ok, err := s.AppendNext(nil, now)
		if err != nil || calls > 100_000 {
			t.Fatal("no end", err)
		}
		if do != nil {
			do(s.Works())
		}
		if _, toi, err := lct.Peek(p); ok && err == nil && !toi.IsFDT() {
			packets = append(packets, p)
		}
		now = latest(now, s.Deadline())
	}
	return packets
}

// However late the Works run, and wherever the content panics now and then, the packets are those of a session that
// reads when they are due. The session itself reads nothing.
func TestWorksReadAhead(t *testing.T) {
	for name, cfg := range map[string]Config{
		"no code":          {OTI: fec.OTI{SymbolLength: 100, MaxSourceBlockLength: 8}},
		"read-ahead":       {OTI: fec.OTI{SymbolLength: 100, MaxSourceBlockLength: 8}, ReadAhead: 350},
		"interleave":       {OTI: fec.OTI{SymbolLength: 100, MaxSourceBlockLength: 64}, ReadAhead: 450, Interleave: 5},
		"some in a packet": {OTI: fec.OTI{EncodingID: fec.RaptorQ, SymbolLength: 100, MaxSourceBlockLength: 50, GroupSize: 3}, Redundancy: -1},
		"repair":           {OTI: fec.OTI{EncodingID: fec.ReedSolomonGF28, SymbolLength: 100, MaxSourceBlockLength: 8, MaxEncodingSymbols: 11}},
		"repair, interleave": {
			OTI: fec.OTI{
				EncodingID: fec.ReedSolomonGF28, SymbolLength: 100, MaxSourceBlockLength: 8, MaxEncodingSymbols: 11,
			},
			Interleave: 3,
		},
		"sub-blocks": {OTI: fec.OTI{EncodingID: fec.RaptorQ, SymbolLength: 100, MaxSourceBlockLength: 8, SubBlocks: 2, Alignment: 4}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg.FDTOTI = fec.OTI{SymbolLength: 1000}
			s, g := attended(t, cfg, 29_950)
			g.inside = true // it reads when it is due
			want := files(t, s, nil)
			for seed := range uint64(20) {
				rng := rand.New(rand.NewPCG(seed, 0))
				s, g := attended(t, cfg, 29_950)
				s.Works()
				if seed%2 == 1 {
					g.crash = 1
				}
				var waiting []*Work
				got := files(t, s, func(works []*Work) {
					for waiting = append(waiting, works...); len(waiting) > 0 &&
						rng.IntN(3) == 0; waiting = waiting[1:] {
						g.run(waiting[0])
					}
				})
				if len(got) != len(want) {
					t.Fatalf("seed %d: %d packets, want %d; %v", seed, len(got), len(want), s.Events())
				}
				for i := range got {
					if !bytes.Equal(got[i], want[i]) {
						t.Fatalf("seed %d: packet %d differs", seed, i)
					}
				}
			}
		})
	}
}

// What is read ahead is bounded, also where blocks are short.
func TestReadAheadIsBounded(t *testing.T) {
	for _, block := range []uint32{4, 64, 4000} {
		s, g := attended(t, Config{OTI: fec.OTI{SymbolLength: 100, MaxSourceBlockLength: block}}, 4<<20)
		s.Works()
		sent, read := 0, 0
		g.ReaderAt = reads{g.ReaderAt, &read}
		files(t, s, func(works []*Work) {
			for _, w := range works {
				g.run(w)
			}
			if c := s.schedule.queue(0).active; len(c) > 0 {
				sent = int(c[0].source)
			}
			if ahead := read - sent; ahead > readWindow+2*defaultReadAhead && len(s.schedule.queue(0).active) > 0 {
				t.Fatalf("blocks of %d symbols: %d bytes were read ahead", block, ahead)
			}
		})
		if read != 4<<20 {
			t.Errorf("blocks of %d symbols: %d bytes were read", block, read)
		}
	}
}

// A Work costs some wake-ups of other goroutines, so that it must be worth them: each reads half of the window, however
// the content is cut into source blocks.
func TestWorksReadMuchAtOnce(t *testing.T) {
	const size = 8 << 20
	for name, cfg := range map[string]Config{
		"default":          {},
		"just one piece":   {OTI: fec.OTI{SymbolLength: 1024, MaxSourceBlockLength: 64}},
		"somewhat more":    {OTI: fec.OTI{SymbolLength: 1024, MaxSourceBlockLength: 96}},
		"long blocks":      {OTI: fec.OTI{SymbolLength: 1024, MaxSourceBlockLength: 4000}},
		"interleave":       {OTI: fec.OTI{SymbolLength: 1024, MaxSourceBlockLength: 4000}, Interleave: 4},
		"interleave short": {OTI: fec.OTI{SymbolLength: 1024, MaxSourceBlockLength: 96}, Interleave: 4},
	} {
		s, g := attended(t, cfg, size)
		s.Works()
		n := 0
		files(t, s, func(works []*Work) {
			for _, w := range works {
				n++
				g.run(w)
			}
		})
		if most := size/(readWindow/2) + 4; n > most {
			t.Errorf("%s: %d Works, want %d at most", name, n, most)
		}
	}
}

type reads struct {
	io.ReaderAt
	n *int
}

func (r reads) ReadAt(p []byte, off int64) (int, error) {
	*r.n += len(p)
	return r.ReaderAt.ReadAt(p, off)
}

// A source that hangs delays its file only, even where one file is sent at a time; when it answers, the file goes on.
func TestHungSourceGivesItsPlace(t *testing.T) {
	for _, hangs := range []string{"at its first read", "in its midst"} {
		s, g := attended(t, Config{Parallel: 1, OTI: fec.OTI{SymbolLength: 100, MaxSourceBlockLength: 64}}, 2<<20)
		addTo(t, s, File{ContentLocation: "sound", Content: bytes.NewReader(pattern(5_000)), Size: 5_000})
		s.Works()
		var hung []*Work
		n, ended, answered := 0, []string{}, time.Time{}
		now := start
		for calls := 0; !s.Done() && calls < 100_000; calls++ {
			_, _, err := s.AppendNext(nil, now)
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range s.Works() {
				if n++; hangs == "at its first read" && answered.IsZero() || n == 2 {
					hung = append(hung, w)
				} else {
					g.run(w)
				}
			}
			for _, e := range s.Events() {
				if e, ok := e.(event.ObjectCompleted); ok {
					if ended = append(ended, e.ContentLocation); e.ContentLocation == "sound" {
						if took := now.Sub(start); took > stallTime+time.Second {
							t.Errorf("%s: the sound file waited for %v", hangs, took)
						}
						answered = now
						for _, w := range hung {
							g.run(w)
						}
					}
				}
			}
			now = latest(now, s.Deadline())
		}
		if len(ended) != 2 || ended[0] != "sound" {
			t.Errorf("%s: %q", hangs, ended)
		}
	}
}

// A file that ends while it is being opened or read is closed: by the Work if that has begun, else by another one.
func TestEndWhileReading(t *testing.T) {
	for _, begun := range []bool{false, true} {
		d := sendFromDisk(t, Config{OTI: fec.OTI{SymbolLength: 100, MaxSourceBlockLength: 8}}, File{TransferCount: -1},
			nil)
		d.sent(1)
		c := d.session.schedule.queue(0).active[0]
		d.drained = false
		d.now = d.now.Add(versionInterval) // it is time to look
		d.run(func() bool { return c.content.work != nil && !c.content.work.done() })
		works := d.session.Works()
		if len(works) != 1 {
			t.Fatalf("%d Works", len(works))
		}
		if begun {
			works[0].state.Store(workRunning) // as if it hung
		}
		job := c.content.job
		d.session.Remove(flute.NewTOI(2), AtOnce)
		if begun {
			if d.disk.open != 1 {
				t.Error("it was closed while it was read")
			}
			_ = job.run(nil)
			works[0].state.Store(workDone)
		}
		for _, w := range append(works, d.session.Works()...) {
			w.Run(nil)
		}
		if d.disk.open != 0 {
			t.Errorf("begun %v: %d are open", begun, d.disk.open)
		}
		d.drained = true
		d.closed()
	}
}

// A Work reads nothing more once its transfer has ended.
func TestReadingEnds(t *testing.T) {
	j := &readJob{pieces: []*piece{{buf: make([]byte, 1)}, {buf: make([]byte, 1)}}}
	n := 0
	j.src = abandoning{j, &n}
	if err := j.run(nil); err != nil || n != 1 {
		t.Errorf("%d reads, %v", n, err)
	}
}

// abandoning is content whose transfer ends while it is read.
type abandoning struct {
	job *readJob
	n   *int
}

func (a abandoning) ReadAt(p []byte, _ int64) (int, error) {
	*a.n++
	a.job.owner.Store(jobAbandoned)
	return len(p), nil
}

// A read that was lost with who was to do it is offered again, at growing intervals.
func TestReadThatIsLost(t *testing.T) {
	s, g := attended(t, Config{}, 1000)
	s.Works()
	var offers []time.Duration
	now := start
	for ; len(offers) < 4; now = latest(now, s.Deadline()) {
		if _, _, err := s.AppendNext(nil, now); err != nil || now.Sub(start) > time.Hour {
			t.Fatal("it is not offered again", err)
		}
		for _, w := range s.Works() {
			if offers = append(offers, now.Sub(start)); len(offers) == 4 {
				g.run(w)
			}
		}
	}
	if offers[1]-offers[0] < offerAgain || offers[2]-offers[1] < 2*offerAgain || offers[3] > 10*offerAgain {
		t.Errorf("offered at %v", offers)
	}
	files(t, s, func([]*Work) {})
}

// The second panic within a minute ends the file.
func TestContentThatPanicsInWorks(t *testing.T) {
	s, g := attended(t, Config{}, 1000)
	s.Works()
	g.crash = 2
	files(t, s, func(works []*Work) {
		for _, w := range works {
			g.run(w)
		}
	})
	for _, e := range s.Events() {
		if f, ok := e.(event.ObjectFailed); ok && f.Reason == event.FailQuarantined {
			return
		}
	}
	t.Error("it was not given up")
}

// Content in memory is known as such.
func TestInMemory(t *testing.T) {
	for _, tt := range []struct {
		r    io.ReaderAt
		want bool
	}{
		{bytes.NewReader(nil), true},
		{io.NewSectionReader(bytes.NewReader(nil), 0, 0), true},
		{io.NewSectionReader(&guarded{}, 0, 0), false},
		{&memory{}, true},
		{&guarded{}, false},
	} {
		if got := inMemory(tt.r); got != tt.want {
			t.Errorf("%T: %v", tt.r, got)
		}
	}
}

// TestLimitReadAhead: many sessions read less ahead, give back what was more, and have each byte read once.
func TestLimitReadAhead(t *testing.T) {
	const size, limit = 4 << 20, 32 << 10
	for _, block := range []uint32{4, 64, 4000} {
		s, g := attended(t, Config{
			OTI: fec.OTI{SymbolLength: 100, MaxSourceBlockLength: block}, Parallel: 2, TransferCount: 2,
		}, size)
		s.Works()
		sent, read, most := 0, 0, 0
		g.ReaderAt = reads{g.ReaderAt, &read}
		files(t, s, func(works []*Work) {
			for _, w := range works {
				g.run(w)
			}
			active := s.schedule.queue(0).active
			if len(active) == 0 {
				return
			}
			c := active[0]
			if c.number == 0 { // the limit comes within the first transfer
				if c.source > size/2 {
					s.LimitReadAhead(2*limit, 0)
				}
				return
			}
			sent = int(c.source)
			most = max(most, read-size-sent)
			memory := 0
			for _, p := range append(c.content.pieces, c.content.spare...) {
				memory += cap(p.buf)
			}
			if ahead := c.content.ahead(); ahead > limit+leastPiece/2 {
				t.Fatalf("blocks of %d symbols: %d bytes are read ahead", block, ahead)
			}
			if memory > 2*limit {
				t.Fatalf("blocks of %d symbols: %d bytes are held", block, memory)
			}
		})
		if most > 2*limit || most < limit/2 {
			t.Errorf("blocks of %d symbols: %d bytes were read ahead", block, most)
		}
		if read != 2*size {
			t.Errorf("blocks of %d symbols: %d bytes were read", block, read)
		}
	}
}

// TestReadAheadLimits: what is asked for is kept between what a read takes and the window, and small changes are none.
func TestReadAheadLimits(t *testing.T) {
	s, _ := attended(t, Config{OTI: fec.OTI{SymbolLength: 100}, Parallel: 3}, 1000)
	for _, c := range []struct{ all, least, want int }{
		{0, 0, 0},
		{1 << 30, 0, 0},
		{300_000, 0, 100_000},
		{330_000, 0, 100_000},
		{270_000, 0, 100_000},
		{3000, 0, leastPiece},
		{3000, 40_000, 40_000},
		{3000, 1 << 30, 0},
		{150_000, 0, 50_000},
		{0, 9, 0},
	} {
		if s.LimitReadAhead(c.all, c.least); s.schedule.most != c.want {
			t.Errorf("%d bytes, %d of each file at least: %d, want %d", c.all, c.least, s.schedule.most, c.want)
		}
	}
}
