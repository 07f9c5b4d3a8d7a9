package sender

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute/lct"
)

// newTransfer returns a transfer of size bytes that are read by Works, and that nobody has begun.
func newTransfer(t *testing.T, oti fec.OTI, size uint64, interleave, window int) *transfer {
	t.Helper()
	cfg, err := Config{Registry: schemes.Default(), OTI: oti}.validated()
	if err != nil {
		t.Fatal(err)
	}
	c, err := newCoding(cfg, cfg.OTI, "", redundancy{ratio: cfg.Redundancy}, size)
	if err != nil {
		t.Fatal(err)
	}
	x := &transfer{}
	x.content.reset(&Object{source: sized{}}, true)
	x.start(&c, headers{}, 0, interleave, window)
	return x
}

// asked returns the spans that x asks for next.
func (x *transfer) asksFor() (spans []span) {
	j := x.content.newJob()
	x.lookAhead(j)
	for _, p := range j.pieces {
		spans = append(spans, span{p.off, uint64(len(p.buf))})
	}
	return spans
}

// TestLookAhead: what is asked for fills the window and does not exceed it but by one piece, is no more than one Work
// reads, and comes in the order in which it will be sent.
func TestLookAhead(t *testing.T) {
	const kib = 1 << 10
	noCode := fec.OTI{SymbolLength: kib, MaxSourceBlockLength: 128} // blocks of a quarter of the window
	whole := fec.OTI{EncodingID: fec.RaptorQ, SymbolLength: kib, MaxSourceBlockLength: 128}
	for _, c := range []struct {
		name    string
		oti     fec.OTI
		size    uint64
		window  int
		prepare func(x *transfer)
		want    int // pieces
		length  uint64
		hungry  bool
	}{
		{"blocks as a whole", whole, 1 << 20, 0, nil, 4, 128 * kib, true},
		{"a file of just the window", whole, readWindow, 0, nil, 4, 128 * kib, false},
		{"short blocks, all of each", noCode, 1 << 20, 64 * kib, nil, 8, 64 * kib, true},
		{"a byte less is read", whole, 1 << 20, 0, func(x *transfer) { x.content.bytes = readWindow - 1 }, 1, 128 * kib, true},
		{"the window is full", whole, 1 << 20, 0, func(x *transfer) { x.content.bytes = readWindow }, 0, 0, true},
		{
			"long blocks, the beginning of each",
			fec.OTI{SymbolLength: kib, MaxSourceBlockLength: 129},
			1290 * kib, 64 * kib, nil, 8, 64 * kib, true,
		},
		{
			"many short ones",
			fec.OTI{SymbolLength: 64, MaxSourceBlockLength: 1},
			100 * 64, 64, nil, maxPieces, 64, true,
		},
		{
			"just so many",
			fec.OTI{SymbolLength: 64, MaxSourceBlockLength: 1},
			maxPieces * 64, 64, nil, maxPieces, 64, false,
		},
		{
			"the rest of a block in transfer",
			fec.OTI{SymbolLength: kib, MaxSourceBlockLength: 300},
			300 * kib, 100 * kib, func(x *transfer) {
				x.asked, x.next, x.active = 1, 1, 1
				x.slots[0].off, x.slots[0].size = x.coding.part.Block(0)
				x.slots[0].asked = 100 * kib
			}, 2, 100 * kib, false,
		},
		{
			"not if the window is full",
			fec.OTI{SymbolLength: kib, MaxSourceBlockLength: 300},
			300 * kib, 100 * kib, func(x *transfer) {
				x.asked, x.next, x.active, x.content.bytes = 1, 1, 1, readWindow
				x.slots[0].off, x.slots[0].size = x.coding.part.Block(0)
				x.slots[0].asked = 100 * kib
			}, 0, 0, true,
		},
	} {
		x := newTransfer(t, c.oti, c.size, 1, c.window)
		if c.prepare != nil {
			c.prepare(x)
		}
		spans := x.asksFor()
		if len(spans) != c.want || x.content.hungry != c.hungry {
			t.Errorf("%s: %d pieces, want %d; hungry: %v", c.name, len(spans), c.want, x.content.hungry)
		}
		for i, s := range spans {
			if s.n != c.length || i > 0 && s.off <= spans[i-1].off {
				t.Errorf("%s: piece %d is %+v", c.name, i, s)
			}
		}
	}
}

// TestFirstPiece: what was asked for before a block is in transfer is not asked for again, and nothing else counts as
// asked for.
func TestFirstPiece(t *testing.T) {
	for _, c := range []struct {
		symbols uint32
		window  int
		asked   uint32 // blocks
		want    uint64 // bytes of the first one
	}{
		{8, 100, 0, 0},
		{8, 100, 1, 800},
		{8, 100, 5, 800},
		{2000, 100_000, 1, 100_000},
		{2000, 1 << 20, 1, 200_000},
		{2000, 1 << 20, 0, 0},
	} {
		oti := fec.OTI{SymbolLength: 100, MaxSourceBlockLength: c.symbols}
		x := newTransfer(t, oti, uint64(c.symbols)*100*9, 1, c.window)
		if x.asked = c.asked; c.asked > 0 {
			x.content.pieces = []*piece{{buf: make([]byte, c.want)}}
		}
		if err := x.open(&x.slots[0]); err != nil {
			t.Fatal(err)
		}
		if s := x.slots[0]; s.asked != c.want || x.asked != max(1, c.asked) || s.heldOff != 0 {
			t.Errorf("%+v: %d bytes, %d blocks", c, s.asked, x.asked)
		}
	}
}

// TestHolds: blocks in transfer that have their bytes; others have lent them.
func TestHolds(t *testing.T) {
	x := transfer{slots: make([]block, 4), active: 3}
	x.slots[1].held = []byte{1}
	x.slots[3].held = []byte{1} // not in transfer
	if n := x.holds(); n != 1 {
		t.Errorf("%d blocks", n)
	}
}

// TestKeptBlockLeavesARunningWork: the block before leaves its memory to its Work while that runs, and has it back
// otherwise.
func TestKeptBlockLeavesARunningWork(t *testing.T) {
	for _, running := range []bool{false, true} {
		oti := fec.OTI{EncodingID: fec.ReedSolomonGF28, SymbolLength: 100, MaxSourceBlockLength: 10}
		x := newTransfer(t, oti, 5000, 1, 0)
		x.kept = &keptBlocks{blocks: map[fec.SBN]*keptBlock{0: {held: make([]byte, 1000)}}}
		work := &Work{}
		if running {
			work.state.Store(workRunning)
		}
		s := &x.slots[0]
		s.held, s.enc, s.work = []byte{1}, &xorEncoder{}, work
		if err := x.open(s); err != nil {
			t.Fatal(err)
		}
		if s.kept == nil || len(s.held) != 1000 || (s.own.enc == nil) != running || (s.own.held == nil) != running {
			t.Errorf("running %v: %+v", running, s.own)
		}
		if s.work == work || !running && !work.done() {
			t.Errorf("running %v: the Work is still to be done", running)
		}
	}
}

// TestOpenLeavesARunningWork: whoever opens the next block leaves its memory to a Work that runs, and a kept block to
// the cache.
func TestOpenLeavesARunningWork(t *testing.T) {
	for _, name := range []string{"running", "not begun", "kept"} {
		x := newTransfer(t, fec.OTI{SymbolLength: 100, MaxSourceBlockLength: 10}, 5000, 1, 0)
		own, work := make([]byte, 1000), &Work{}
		b := &x.slots[0]
		b.held, b.work = own, work
		switch name {
		case "running":
			work.state.Store(workRunning)
		case "kept":
			b.kept, b.own = &keptBlock{held: own}, keptBlock{held: []byte{1}}
		}
		if err := b.open(x.coding, &x.content, 1); err != nil {
			t.Fatal(err)
		}
		uses := cap(b.held) > 0 && &b.held[:1][0] == &own[0]
		if uses != (name == "not begun") || b.work != nil || b.kept != nil {
			t.Errorf("%s: it uses that memory: %v; Work %p, kept %p", name, uses, b.work, b.kept)
		}
		if name == "not begun" && !work.done() {
			t.Error("the Work is still to be done")
		}
	}
}

// TestRepairWaitsForItsWork: the first repair symbol of a block waits for the Work that makes them, and no source
// symbol does.
func TestRepairWaitsForItsWork(t *testing.T) {
	s := blocksOf(t)
	var work *Work
	sources := 0
	now := start
	for range 1000 {
		p, ok, err := s.AppendNext(nil, now)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range s.Works() {
			if w.isEncode() && work == nil {
				work = w
				w.state.Store(workRunning)
			}
		}
		if _, toi, err := lct.Peek(p); ok && err == nil && !toi.IsFDT() {
			sources++
		}
		if !ok && work != nil && sources > 0 {
			break
		}
		now = latest(now, s.Deadline())
	}
	if sources != 10 {
		t.Fatalf("%d packets of the file before the Work has run, want its 10 source symbols", sources)
	}
	work.state.Store(workPending)
	work.Run(nil)
	p, ok, err := s.AppendNext(nil, now)
	if _, toi, _ := lct.Peek(p); !ok || err != nil || toi.IsFDT() {
		t.Errorf("a packet of TOI %v after the Work has run: %v, %v", toi, ok, err)
	}
}

// TestNoEncoderWithoutRepair: a source block without repair symbols has no encoder.
func TestNoEncoderWithoutRepair(t *testing.T) {
	for share, want := range map[float64]int{-1: 0, 0.5: 1} {
		made, reset := 0, 0
		registry := new(fec.Registry).With(fec.RaptorQ, 0, xor{made: &made, reset: &reset})
		cfg, err := Config{
			Registry: registry, OTI: fec.OTI{EncodingID: fec.RaptorQ, SymbolLength: 8, SubBlocks: 1}, Redundancy: share,
		}.validated()
		if err != nil {
			t.Fatal(err)
		}
		c, err := newCoding(cfg, cfg.OTI, "", redundancy{ratio: share, least: 2}, 80)
		if err != nil {
			t.Fatal(err)
		}
		var r readAhead
		r.hold(bytes.NewReader(pattern(100)))
		var b block
		if err := b.open(&c, &r, 0); err != nil {
			t.Fatal(err)
		}
		if made != want || (c.repairs(10) > 0) != (want > 0) || c.whole != (want > 0) {
			t.Errorf("share %v: %d encoders for %d repair symbols", share, made, c.repairs(10))
		}
	}
}

// TestShareOfNone: a share of no repair symbols is none, whatever the least is.
func TestShareOfNone(t *testing.T) {
	for _, id := range []fec.EncodingID{fec.Raptor, fec.RaptorQ} {
		for ratio, want := range map[float64]uint32{-1: 0, 0: 0, 0.01: 2, 0.2: 2, 0.3: 3, 1: 10} {
			c := coding{oti: fec.OTI{EncodingID: id}, more: redundancy{ratio: ratio, least: 2}}
			if n := c.repairs(10); n != want {
				t.Errorf("%v, %v: %d repair symbols for 10 source symbols, want %d", id, ratio, n, want)
			}
		}
	}
}

// TestShortFileHasRepairSymbols: a file of less than one source block of Reed-Solomon has its share of them, unless
// their number was given.
func TestShortFileHasRepairSymbols(t *testing.T) {
	oti := fec.OTI{EncodingID: fec.ReedSolomonGF28, SymbolLength: 100}
	cfg, err := Config{Registry: schemes.Default(), OTI: oti}.validated()
	if err != nil {
		t.Fatal(err)
	}
	for symbols, want := range map[uint32]uint32{0: 1, 5: 5} {
		c, err := newCoding(cfg, cfg.OTI, "", redundancy{symbols: symbols}, 150)
		b := c.oti.MaxSourceBlockLength
		if err != nil || c.repairs(2) != want || c.packets != uint64(2+want) || (b == 2) != (symbols == 0) {
			t.Errorf("%d asked: %d, %d packets, B=%d, %v", symbols, c.repairs(2), c.packets, b, err)
		}
	}
}

// TestDigestJobs: whoever cancels one ends it; its helpers begin when its content is open, or never.
func TestDigestJobs(t *testing.T) {
	d := &disk{}
	d.replace(pattern(1000))
	fromDisk := &Object{transferLength: 1000, later: 3}
	fromDisk.file.Source, fromDisk.version = d, version(t, d)
	for name, o := range map[string]*Object{
		"content": {source: bytes.NewReader(pattern(1000)), transferLength: 1000, later: 3}, "a Source": fromDisk,
	} {
		j := newDigestJob(o)
		if err := (&digestHelp{j}).job.ctx.Err(); err != nil {
			t.Errorf("%s: %v before it began", name, err)
		}
		if err := j.run(nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		select {
		case <-j.open:
		default:
			t.Errorf("%s: helpers wait for ever", name)
		}
		if len(j.digests.md5.Sum(1)) == 0 || j.ctx.Err() == nil {
			t.Errorf("%s: %v", name, j.ctx.Err())
		}
		j = newDigestJob(o)
		(&Work{job: j}).Cancel()
		if !errors.Is(j.ctx.Err(), context.Canceled) {
			t.Errorf("%s: it goes on", name)
		}
		if err := (&digestHelp{j}).run(nil); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func version(t *testing.T, s Source) Version {
	t.Helper()
	o, v, err := openVersion(s)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestLargeFDTLeavesRoom: a description that fills a slow path for long is not repeated before the files have had
// three times as long.
func TestLargeFDTLeavesRoom(t *testing.T) {
	const pace = 100 * time.Millisecond
	s, _ := oneFile(t, Config{
		OTI: fec.OTI{SymbolLength: 100}, FDTOTI: fec.OTI{SymbolLength: 64}, TransferCount: -1, FDTInterval: time.Second,
	}, 100_000)
	v := viewer{start: start}
	var ends []time.Time
	first := 0 // packets of the first FDT Instance
	for now := start; len(ends) < 2; now = now.Add(pace) {
		b, ok, err := s.AppendNext(nil, now)
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		p := v.read(t, b, now)
		if p.TOI.IsFDT() && len(ends) == 0 {
			first++
		}
		if s.plan.sending.page == nil && p.TOI.IsFDT() {
			ends = append(ends, now)
		}
	}
	took := time.Duration(first-1) * pace
	if first < 6 || took < 500*time.Millisecond {
		t.Fatalf("an FDT Instance of %d packets", first)
	}
	// The second one goes between the packets of the file: one of four.
	begun := ends[1].Add(-time.Duration(first-1) * 4 * pace)
	if rest := begun.Sub(ends[0]); rest < 3*took-pace*5 || rest > 3*took+pace*10 {
		t.Errorf("the next one after %v, the first one has taken %v", rest, took)
	}
}

// TestRepeatsWhileIDsRunOut: an FDT Instance that is valid and true is repeated although no ID is free for another one.
func TestRepeatsWhileIDsRunOut(t *testing.T) {
	s, _ := oneFile(t, Config{TransferCount: -1}, 100_000)
	for now := start; s.plan.last() == nil || s.plan.last().sent == 0; now = now.Add(time.Millisecond) {
		if _, _, err := s.AppendNext(nil, now); err != nil {
			t.Fatal(err)
		}
	}
	l, p := &s.plan, s.plan.last()
	late := start.Add(10 * time.Minute)
	l.sending.retry, l.sending.rest = late, time.Time{}
	if at := l.repeatAt(p); !at.Equal(p.began.Add(time.Second)) {
		t.Errorf("repeated %v after it began", at.Sub(p.began))
	}
	if at := l.announceAt(p, p.began); !at.IsZero() {
		t.Errorf("a file waits for it until %v", at)
	}
	p.stale = true
	if at := l.repeatAt(p); !at.Equal(late) {
		t.Errorf("a new one at %v", at)
	}
	if at := l.announceAt(p, p.began); !at.Equal(late) {
		t.Errorf("a file waits for a new one until %v", at)
	}
	l.sending.retry = time.Time{}
	p.created = start.Add(time.Minute)
	if at := l.announceAt(p, p.began); !at.Equal(p.created.Add(100 * time.Millisecond)) {
		t.Errorf("a file waits for a new one until %v", at)
	}
}

// TestLendingBounds: a source block lends its memory after its first repair symbol, if nobody keeps it; content in
// memory has no use for it, nor has a session that reads when it is due.
func TestLendingBounds(t *testing.T) {
	oti := fec.OTI{EncodingID: fec.RaptorQ, SymbolLength: 1000, MaxSourceBlockLength: 10}
	for _, c := range []struct {
		name    string
		prepare func(x *transfer, b *block)
		lent    bool
	}{
		{"the first repair symbol", func(*transfer, *block) {}, true},
		{"the last source symbol", func(_ *transfer, b *block) { b.packet-- }, false},
		{"it is kept", func(_ *transfer, b *block) { b.kept = &keptBlock{} }, false},
		{"in memory", func(x *transfer, _ *block) { x.content.memory = true }, false},
		{"nobody runs Works", func(x *transfer, _ *block) { x.content.attended = false }, false},
		{"a cache has just room", func(x *transfer, b *block) { x.cache = &blockCache{most: x.keptSize(b)} }, false},
		{"a cache has less", func(x *transfer, b *block) { x.cache = &blockCache{most: x.keptSize(b) - 1} }, true},
		{"a cache has no room left", func(x *transfer, b *block) { x.cache = &blockCache{most: x.keptSize(b), used: 1} }, true},
		{"it was lent", func(_ *transfer, b *block) { b.held = nil }, false},
	} {
		x := newTransfer(t, oti, 100_000, 1, 0)
		b := &x.slots[0]
		b.group = x.coding.group(10)
		b.held, b.packet = make([]byte, 10_000), b.group.sources+1
		c.prepare(x, b)
		had := b.held != nil
		x.content.hungry = false
		x.lend(b)
		lent, gone := len(x.content.spare) == 1, b.held == nil
		if lent != c.lent || had && gone != c.lent || x.content.hungry != c.lent {
			t.Errorf("%s: lent %v, hungry %v", c.name, lent, x.content.hungry)
		}
	}
}

// TestLookAheadOfLargeBlocks: of blocks that lend their memory so many are read as are in transfer at once.
func TestLookAheadOfLargeBlocks(t *testing.T) {
	oti := fec.OTI{EncodingID: fec.RaptorQ, SymbolLength: 8000, MaxSourceBlockLength: lendBytes/8000 + 1}
	for _, c := range []struct{ interleave, held, pieces, want int }{
		{1, 0, 0, 1}, {1, 1, 0, 0}, {1, 0, 1, 0}, {3, 1, 1, 1}, {3, 2, 0, 1}, {3, 0, 2, 1}, {3, 2, 1, 0},
	} {
		x := newTransfer(t, oti, 10*lendBytes, c.interleave, 0)
		if !x.coding.lends {
			t.Fatal("not large")
		}
		x.active = c.held
		for i := range c.held {
			x.slots[i].held = []byte{1}
		}
		for range c.pieces {
			x.content.pieces = append(x.content.pieces, &piece{})
		}
		if n := len(x.asksFor()); n != c.want {
			t.Errorf("%+v: %d blocks are asked for", c, n)
		}
	}
}

// fragile is a scheme whose encoders crash when they are used again.
type fragile struct{ xor }

func (fragile) Detaches() bool { return true }

func (fragile) Reuse(fec.Encoder, *fec.OTI, uint32, []byte) bool { panic("Reuse") }

// TestEncoderOfACrash: an encoder that has crashed while it was made ready is not used again.
func TestEncoderOfACrash(t *testing.T) {
	var made, reset int
	c := &coding{
		scheme:  fragile{xor{made: &made, reset: &reset}},
		encoder: fec.OTI{EncodingID: fec.ReedSolomonGF28, SymbolLength: 10},
	}
	b := &block{held: make([]byte, 40)}
	if err := b.encode(c, 4); err != nil || made != 1 {
		t.Fatal(made, err)
	}
	crash := func() {
		defer func() {
			if recover() == nil {
				t.Error("no crash")
			}
		}()
		_ = b.encode(c, 3)
	}
	crash()
	if err := b.encode(c, 4); err != nil || made != 2 || reset != 0 {
		t.Errorf("%d encoders, %d used again, %v", made, reset, err)
	}
	if err := b.encode(c, 4); err != nil || made != 2 || reset != 1 {
		t.Errorf("%d encoders, %d used again, %v", made, reset, err)
	}
	// Reset crashes, too.
	b.enc.(*xorEncoder).reset = nil
	func() {
		defer func() { _ = recover() }()
		_ = b.encode(c, 4)
	}()
	if err := b.encode(c, 4); err != nil || made != 3 {
		t.Errorf("%d encoders, %v", made, err)
	}
}

// TestFetchFails: after an error nothing is held, since the memory has a part of something else by then.
func TestFetchFails(t *testing.T) {
	var r readAhead
	r.hold(bytes.NewReader(pattern(15)))
	var held []byte
	if err := r.fetch(&held, span{0, 10}); err != nil || len(held) != 10 {
		t.Fatal(len(held), err)
	}
	if err := r.fetch(&held, span{10, 10}); err == nil || len(held) != 0 {
		t.Errorf("%d bytes are held, %v", len(held), err)
	}
}

// TestSettleWhileItIsClosed: a session may ask how far a Work has come while that closes what it has read. The race
// detector tells if they share something.
func TestSettleWhileItIsClosed(t *testing.T) {
	d := &disk{}
	d.replace(pattern(50))
	o, err := Prepare(context.Background(), File{ContentLocation: "disk", Source: d}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 200 {
		var r readAhead
		r.reset(o, true)
		j := r.newJob()
		j.final, j.whole = true, true
		r.ask(j, span{0, 50})
		r.begin(j, start)
		w := r.work
		var lane sync.WaitGroup
		lane.Go(func() { w.Run(nil) })
		for r.work != nil {
			if err := r.settle(); err != nil {
				t.Fatal(err)
			}
			runtime.Gosched()
		}
		lane.Wait()
		if !r.closed || r.source == nil || r.opened != nil || len(r.pieces) != 1 || r.abandon() != nil || d.open != 0 {
			t.Fatalf("closed %v, it has a Source: %v; %d files are open", r.closed, r.source != nil, d.open)
		}
	}
}

// TestSettle: what a Work has brought is taken once, while it runs and at its end.
func TestSettle(t *testing.T) {
	var r readAhead
	j := &readJob{}
	for i := range uint64(3) {
		j.pieces = append(j.pieces, &piece{off: i, buf: make([]byte, 10)})
	}
	r.job, r.work = j, &Work{}
	r.work.state.Store(workRunning)
	for _, read := range []uint32{0, 1, 2} {
		j.read.Store(read)
		if err := r.settle(); err != nil || len(r.pieces) != int(read) || r.bytes != 10*int(read) {
			t.Errorf("%d pieces of %d bytes after %d were read, %v", len(r.pieces), r.bytes, read, err)
		}
		if !r.waits() || r.ahead() != 30 {
			t.Errorf("%d bytes are ahead", r.ahead())
		}
	}
	j.read.Store(3)
	if r.waits() {
		t.Error("it waits though a piece was read")
	}
	r.work.state.Store(workDone)
	if err := r.settle(); err != nil || len(r.pieces) != 3 || r.bytes != 30 || r.job != nil || r.work != nil {
		t.Errorf("%d pieces of %d bytes in the end, %v", len(r.pieces), r.bytes, err)
	}
	r.discard(span{0, 2})
	if len(r.pieces) != 1 || r.pieces[0].off != 2 || r.bytes != 10 || len(r.spare) != 2 {
		t.Errorf("%d pieces of %d bytes are left, %d to spare", len(r.pieces), r.bytes, len(r.spare))
	}
}

// TestVersionIsLookedAt: content that can change is looked at each second, and before its last packet.
func TestVersionIsLookedAt(t *testing.T) {
	d := &disk{}
	d.replace(pattern(10_000))
	for _, c := range []struct {
		after time.Duration
		left  uint64
		final bool
		looks bool
	}{
		{versionInterval - 1, 5, false, false}, {versionInterval, 5, false, true}, {0, 1, false, true}, {0, 1, true, false},
	} {
		x := newTransfer(t, fec.OTI{SymbolLength: 100}, 10_000, 1, 100)
		o, v, err := openVersion(d)
		if err != nil {
			t.Fatal(err)
		}
		r := &x.content
		r.source, r.opened, r.src, r.version, r.checked, r.final, r.hungry = d, o, o, v, start, c.final, false
		x.left, x.asked = c.left, x.coding.blocks
		err = x.ready(start.Add(c.after))
		if (r.work != nil) != c.looks || errors.Is(err, errBusy) != (c.looks && c.left == 1) {
			t.Errorf("%+v: %v, %v", c, r.work != nil, err)
		}
		if err := o.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
