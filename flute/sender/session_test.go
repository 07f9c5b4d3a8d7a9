package sender

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/event"
)

// FuzzSession does what the bytes of the script say with a session, and checks what must always hold.
func FuzzSession(f *testing.F) {
	f.Add([]byte("\x00AaSSSSSSSSSSSWSSSS"))
	f.Add([]byte("\x01AAAAAbbcSSSSSSRSSSSSWWWSSSSSCSSSSWSSS"))
	f.Add([]byte("\x0eAcbaSSSSSSSWSSSSFFSSSSRRRSSSSWWWWWSSSSCWS"))
	f.Add([]byte("\x13AaabcSSSSSSSSAAAAAAAAFFFFSSSSSSSSS"))
	r := rand.New(rand.NewPCG(5, 6))
	for range 20 {
		script := make([]byte, 200)
		for i := range script {
			script[i] = "\x17\x0d\x2d\x6f\x97\x8cABabcFRSSSSSSSSSSWWCrTPPQUVM"[r.IntN(32)]
		}
		f.Add(script)
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) == 0 || len(script) > 2000 {
			return
		}
		runScript(t, script[0], script[1:])
	})
}

// inOrder returns the TOIs of a session in order: what a script does is the same each time.
func inOrder(s *Session) []flute.TOI {
	return slices.SortedFunc(maps.Keys(s.names.objects), flute.TOI.Compare)
}

func runScript(t *testing.T, options byte, script []byte) {
	cfg := Config{
		Registry: schemes.Default(), OTI: fec.OTI{SymbolLength: 16, MaxSourceBlockLength: 3},
		FDTFiles: 4, FDTCollect: 5 * time.Millisecond, FDTInterval: 40 * time.Millisecond, FDTDuration: 2 * time.Second,
		Parallel: 1 + int(options&3), Interleave: 1 + int(options>>2&1), FDTStartID: flute.MaxInstanceID - 1,
	}
	if options&16 != 0 {
		cfg.FDTFiles, cfg.FDTCollect = 1, -1
	}
	if options&8 != 0 {
		cfg.OTI.EncodingID, cfg.Delay, cfg.TransferCount = fec.ReedSolomonGF28, 30*time.Millisecond, 2
	}
	if options&32 != 0 {
		cfg.Delay, cfg.Interval, cfg.Burst, cfg.TransferCount = 0, 20*time.Millisecond, 2, 3
	}
	if options&64 != 0 {
		cfg.Until, cfg.TransferCount = start.Add(time.Second), 0
	}
	if options&128 != 0 {
		cfg.FDTInTransfer, cfg.FDTTransfers = true, 1
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	now := start
	v := viewer{start: start}
	m := model{t: t, ended: map[flute.TOI]bool{}, described: map[flute.TOI]bool{}}
	for i, op := range script {
		switch {
		case op == 'R', op == 'r', op == 'T', op == 'P':
			all := inOrder(s)
			if len(all) == 0 {
				break
			}
			toi := all[i%len(all)]
			o := s.names.objects[toi]
			live := o.live()
			switch {
			case op == 'R' && s.Remove(toi, AtOnce) != live, op == 'r' && s.Remove(toi, AfterTransfer) != live:
				t.Fatalf("op %d: Remove of TOI %v, live: %v", i, toi, live)
			case op == 'T' && s.Trigger(toi, now.Add(time.Duration(i%3)*10*time.Millisecond)) && !live:
				t.Fatalf("op %d: TOI %v has ended and was triggered", i, toi)
			case op == 'P' && s.PauseObject(toi, !o.paused) != live:
				t.Fatalf("op %d: PauseObject of TOI %v, live: %v", i, toi, live)
			}
		case op == 'Q':
			s.PauseQueue(int8(i%3), i%2 == 0)
		case op == 'M':
			s.PauseSession(!s.paused)
		case op == 'U', op == 'V':
			m.update(s, When(op-'U'), i)
		case op == 'C' && i%7 == 0:
			_ = s.SetComplete()
		case op == 'W':
			if d := s.Deadline(); d.After(now) {
				now = d
			}
		case op == 'S':
			m.send(s, &v, now)
			now = now.Add(time.Millisecond)
		case op >= 'A':
			m.add(s, int(op-'A')*5, op == 'F', i)
		}
		m.check(s)
	}
	s.PauseSession(false)
	for i := range 3 {
		s.PauseQueue(int8(i), false)
	}
	for _, toi := range inOrder(s) {
		s.PauseObject(toi, false)
	}
	// Whatever was done, the session comes to its end when time passes.
	for n := 0; !s.Done(); n++ {
		if d := s.Deadline(); d.IsZero() {
			t.Fatal("not done, yet no Deadline")
		} else if d.After(now) {
			now = d
		}
		if !m.send(s, &v, now) && !s.Done() && !s.Deadline().After(now) {
			t.Fatalf("nothing was sent at Deadline %v, and there is no later one", now)
		}
		m.check(s)
		now = now.Add(time.Millisecond)
		if n > 100_000 {
			t.Fatal("no end")
		}
	}
	if used := s.schedule.cache.used; used != 0 {
		t.Errorf("%d bytes of source blocks are kept for nobody", used)
	}
	if s.plan.live.objects != 0 || len(m.ended) != m.added {
		t.Errorf("%d of %d objects ended, %d live", len(m.ended), m.added, s.plan.live.objects)
	}
}

// model is what must hold of a session.
type model struct {
	t         *testing.T
	added     int
	ended     map[flute.TOI]bool
	described map[flute.TOI]bool
}

func (m *model) add(s *Session, size int, fail bool, i int) {
	content := &flaky{r: bytes.NewReader(pattern(size)), fail: 1 << 62}
	f := File{
		ContentLocation: fmt.Sprint("f", i%13), Content: content, Size: uint64(size),
		Digests: NoDigest, Priority: int8(i % 3),
	}
	o, err := Prepare(context.Background(), f, nil)
	if err != nil {
		m.t.Fatal(err)
	}
	if fail {
		content.fail = int64(size) / 2
	}
	switch _, err := s.Add(o); {
	case err == nil:
		m.added++
	case !errors.Is(err, errLocation) && !errors.Is(err, ErrComplete):
		m.t.Fatal(err)
	}
}

// update replaces a file, or adds one.
func (m *model) update(s *Session, when When, i int) {
	f := File{
		ContentLocation: fmt.Sprint("f", i%13), Content: bytes.NewReader(pattern(50)), Size: 50, Digests: NoDigest,
	}
	o, err := Prepare(context.Background(), f, nil)
	if err != nil {
		m.t.Fatal(err)
	}
	switch _, err := s.Update(o, when); {
	case err == nil:
		m.added++
	case !errors.Is(err, ErrComplete):
		m.t.Fatal(err)
	}
}

// send asks for one packet and reports whether there was one.
func (m *model) send(s *Session, v *viewer, now time.Time) bool {
	before := s.Deadline()
	pkt, ok, err := s.AppendNext(nil, now)
	if err != nil {
		m.t.Fatal(err)
	}
	if !ok {
		if d := s.Deadline(); !d.IsZero() && !d.After(now) {
			m.t.Fatalf("nothing to send at %v, yet Deadline is %v", now, d)
		}
		return false
	}
	if before.IsZero() || before.After(now) {
		m.t.Fatalf("a packet at %v before Deadline %v", now, before)
	}
	p := v.read(m.t, pkt, now)
	if p.fdt != nil {
		for i := range p.fdt.Files {
			m.described[p.fdt.Files[i].TOI] = true
		}
		if n := len(p.fdt.Files); n > s.cfg.FDTFiles {
			m.t.Fatalf("FDT Instance of %d files", n)
		}
	}
	if !p.TOI.IsFDT() && !m.described[p.TOI] {
		m.t.Fatalf("TOI %v was not described", p.TOI)
	}
	if m.ended[p.TOI] {
		m.t.Fatalf("TOI %v has ended", p.TOI)
	}
	return true
}

func (m *model) check(s *Session) {
	for _, e := range s.Events() {
		var toi flute.TOI
		switch e := e.(type) {
		case event.ObjectCompleted:
			toi = e.TOI
		case event.ObjectFailed:
			toi = e.TOI
		default:
			continue
		}
		if m.ended[toi] {
			m.t.Fatalf("TOI %v ends twice", toi)
		}
		m.ended[toi] = true
	}
	st := s.Stats()
	successors := 0 // they count once they are described
	for _, o := range s.names.objects {
		if o.state == deferred {
			successors++
		}
	}
	added := m.added - successors
	if st.Added != uint64(added) || st.Added != st.Pending+st.Completed+st.Failed ||
		int(st.Pending) != added-len(m.ended) {
		m.t.Fatalf("added %d, ended %d: %+v", m.added, len(m.ended), st)
	}
	m.checkCounts(s)
	var live, done tally
	for _, o := range s.unlisted() {
		live.add(o)
	}
	for _, p := range s.plan.pages {
		var size tally
		alive := 0
		for _, o := range p.objects {
			switch {
			case o.live():
				live.add(o)
				alive++
			case o.state == finished:
				done.add(o)
			default:
				continue
			}
			size.add(o)
		}
		if p.size != size || p.live != alive {
			m.t.Fatalf("page with %v, %d live; counted %v, %d", size, alive, p.size, p.live)
		}
	}
	inTransfer, _ := s.schedule.inTransfer()
	for _, q := range s.schedule.queues {
		if len(q.active) > q.parallel || q.live < len(q.active)+len(q.parked)+len(q.held) {
			m.t.Fatalf("priority %d: %d files in transfer, %d live", q.priority, len(q.active), q.live)
		}
		live.objects -= q.live
	}
	if live.objects != 0 {
		m.t.Fatalf("%d live objects are of no queue", live.objects)
	}
	live.objects = s.plan.live.objects
	if live != s.plan.live || done != s.plan.finished || inTransfer > 3*s.cfg.Parallel {
		m.t.Fatalf("live %v, counted %v; finished %v, counted %v; %d carriers",
			live, s.plan.live, done, s.plan.finished, inTransfer)
	}
}

// checkCounts compares what the parts of s count with what is there.
func (m *model) checkCounts(s *Session) {
	waits, unlisted, queued, inQueue := 0, 0, 0, 0
	var kept uint64
	for toi, o := range s.names.objects {
		kept += o.kept.bytes
		var of uint64
		for _, k := range o.kept.blocks {
			of += k.size
		}
		if of != o.kept.bytes || o.toi != toi {
			m.t.Fatalf("TOI %v: source blocks of %d bytes are kept, counted %d", toi, of, o.kept.bytes)
		}
		if o.live() && !o.announced && o.state != deferred {
			unlisted++
		}
		if o.state == waiting {
			waits++
		}
		if o.queued {
			queued++
		}
	}
	for _, q := range s.schedule.queues {
		for i := range q.pending.Len() {
			if (*q.pending.At(i)).queued && s.names.objects[(*q.pending.At(i)).toi] == *q.pending.At(i) {
				inQueue++
			}
		}
		if q.turn != 0 && q.turn >= len(q.active) {
			m.t.Fatalf("priority %d: the turn is that of %d of %d", q.priority, q.turn, len(q.active))
		}
	}
	d := &s.schedule.waiting
	if n := d.line.Len() + len(d.heap) - d.removed; n != waits {
		m.t.Fatalf("%d objects wait for their turn, of %d, %d removed", waits, n, d.removed)
	}
	if kept != s.schedule.cache.used || unlisted != s.plan.unlisted || queued != inQueue {
		m.t.Fatalf("%d bytes are kept, counted %d; %d objects are on no page yet, counted %d; %d of %d are queued",
			kept, s.schedule.cache.used, unlisted, s.plan.unlisted, inQueue, queued)
	}
	gonePages := 0
	for _, p := range s.plan.pages {
		if p.gone {
			gonePages++
		}
	}
	if gonePages != s.plan.gonePages || gonePages > len(s.plan.pages)/2 {
		m.t.Fatalf("%d of %d pages are gone, counted %d", gonePages, len(s.plan.pages), s.plan.gonePages)
	}
	if p := s.plan.last(); p != nil && p.gone {
		m.t.Fatal("the last page is gone")
	}
	for _, q := range s.schedule.queues {
		for _, c := range q.active {
			sum := 0
			for _, p := range c.content.pieces {
				sum += len(p.buf)
			}
			if sum != c.content.bytes || c.left > c.coding.packets || c.active > c.interleave {
				m.t.Fatalf("%d bytes were read ahead, counted %d; %d packets left", sum, c.content.bytes, c.left)
			}
			if c.source > c.object.transferLength {
				m.t.Fatalf("%d bytes were sent of %d", c.source, c.object.transferLength)
			}
		}
	}
}

// When all FDT Instance IDs are in use the session warns once, and goes on when one is free.
func TestConf_E42_SessionWaitsForAnInstanceID(t *testing.T) {
	s, _ := oneFile(t, Config{FDTStartID: 5}, 10)
	free := start.Add(10 * time.Second)
	for now := start; now.Before(free); now = now.Add(5 * time.Second) { // it is in use again, when it looks
		at := now.Add(5 * time.Second)
		s.plan.sending.ids.used.Push(idRun{first: 5, count: 1, expires: at})
		for range 3 {
			if _, ok, err := s.AppendNext(nil, now); ok || err != nil {
				t.Fatal(ok, err)
			}
		}
		if d := s.Deadline(); !d.Equal(at) {
			t.Errorf("Deadline %v, want %v", d, at)
		}
	}
	if e := s.Events(); len(e) != 1 || !strings.Contains(fmt.Sprint(e[0]), "Instance IDs") {
		t.Errorf("events %v", e)
	}
	if _, ok, err := s.AppendNext(nil, free); !ok || err != nil {
		t.Error(ok, err)
	}
	if id := s.Numbers().InstanceID; id != 6 {
		t.Errorf("next ID %d", id)
	}
}

// An FDT Instance that cannot be sent is an error of AppendNext, not of the files: they wait, and those described go
// on.
func TestFDTThatCannotBeCoded(t *testing.T) {
	bytewise := fec.OTI{SymbolLength: 1, MaxSourceBlockLength: 1}
	s, _ := oneFile(t, Config{OTI: bytewise, FDTOTI: bytewise, MaxBlockBytes: 1, FDTCollect: -1}, 10)
	for range 2 { // the FDT Instance of the first file, and a packet of it is left
		if _, ok, err := s.AppendNext(nil, start); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	for i := range 400 { // 65,536 symbols are not enough for these
		addTo(t, s, File{ContentLocation: fmt.Sprint("b", i)})
	}
	var failed error
	completed := false
	for now := start; now.Before(start.Add(5*time.Second)) &&
		(failed == nil || !completed); now = now.Add(time.Millisecond) {
		if _, _, err := s.AppendNext(nil, now); err != nil {
			failed = err
		}
		for _, e := range s.Events() {
			if _, ok := e.(event.ObjectCompleted); ok {
				completed = true
			}
		}
	}
	if !errors.Is(failed, flute.ErrOTI) || !completed {
		t.Errorf("error %v, first file completed: %v", failed, completed)
	}
	if s.Done() || s.Deadline().IsZero() {
		t.Error("the session gives up")
	}
}

// The FDT Instance of a list of files is replaced as files are added. Where a code makes short blocks of equal numbers
// of symbols, of which only the length differs, the encoder of the one is not that of the other.
func TestFDTInstancesThatGrow(t *testing.T) {
	for _, id := range []fec.EncodingID{
		fec.Raptor, fec.RaptorQ, fec.ReedSolomonGF28, fec.ReedSolomonGF2m, fec.LDPCStaircase,
	} {
		o := fec.OTI{EncodingID: id, SymbolLength: 1400}
		switch id {
		case fec.ReedSolomonGF28, fec.LDPCStaircase:
			o.MaxSourceBlockLength, o.MaxEncodingSymbols = 64, 80
		case fec.ReedSolomonGF2m:
			o.MaxSourceBlockLength, o.MaxEncodingSymbols, o.FieldBits, o.GroupSize = 64, 80, 8, 1
		}
		if id == fec.LDPCStaircase {
			o.N1, o.Seed, o.GroupSize = 7, 1, 1
		}
		s, _ := oneFile(t, Config{OTI: o, Redundancy: 0.25, FDTCollect: -1}, 100_000)
		v := viewer{start: start}
		now := start
		for i := range 12 {
			f := File{ContentLocation: fmt.Sprintf("file:///%d/%s", i, strings.Repeat("long",
				10*i)), Content: bytes.NewReader(pattern(2000)), Size: 2000}
			prepared, err := Prepare(context.Background(), f, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Add(prepared); err != nil {
				t.Fatal(err)
			}
			for range 40 {
				now = now.Add(10 * time.Millisecond)
				b, ok, err := s.AppendNext(nil, now)
				if err != nil {
					t.Fatalf("FEC Encoding ID %d, file %d: %v", uint8(id), i, err)
				}
				if ok {
					v.read(t, b, now)
				}
			}
		}
	}
}

// Close ends what was not sent as often as asked, each object once.
func TestCloseEndsObjects(t *testing.T) {
	s, _ := oneFile(t, Config{}, 10_000)
	addTo(t, s, File{ContentLocation: "endless", TransferCount: -1})
	for range 4 {
		if _, ok, err := s.AppendNext(nil, start); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	s.AppendClose(nil)
	s.AppendClose(nil)
	var got []string
	for _, e := range s.Events() {
		switch e := e.(type) {
		case event.ObjectCompleted:
			got = append(got, "completed "+e.ContentLocation)
		case event.ObjectFailed:
			got = append(got, string(e.Reason)+" "+e.ContentLocation)
		}
	}
	if fmt.Sprint(got) != "[session_over file:///a completed endless]" {
		t.Errorf("events %q", got)
	}
}

// What a receiver loses of RS-coded blocks it recovers from the repair symbols that were sent.
func TestRepairSymbolsRepair(t *testing.T) {
	const size = 5000
	oti := fec.OTI{EncodingID: fec.ReedSolomonGF28, SymbolLength: 100, MaxSourceBlockLength: 8, MaxEncodingSymbols: 12}
	for _, variant := range []fec.Variant{"", "rfc5510-8.2.1", "backblaze"} {
		s, _ := oneFile(t, Config{OTI: oti, Variant: variant, Interleave: 2}, size)
		v := viewer{start: start}
		sources, repairs := map[fec.SBN][][]byte{}, map[fec.SBN][]fec.Symbol{}
		var part fec.Partition
		var o fec.OTI
		for s.Stats().Transfers == 0 {
			pkt, ok, err := s.AppendNext(nil, start)
			if !ok || err != nil {
				t.Fatal(ok, err)
			}
			p := v.read(t, pkt, start)
			if p.TOI.IsFDT() {
				continue
			}
			o, part = p.oti, p.oti.Partition()
			k := part.BlockSymbols(p.id.SBN)
			if sources[p.id.SBN] == nil {
				sources[p.id.SBN] = make([][]byte, k)
				for i := range sources[p.id.SBN] {
					sources[p.id.SBN][i] = make([]byte, 0, o.SymbolLength)
				}
			}
			switch {
			case uint32(p.id.ESI) >= k:
				repairs[p.id.SBN] = append(repairs[p.id.SBN], fec.Symbol{ESI: p.id.ESI, Data: p.symbol})
			case p.id.ESI%3 != 0: // a third is lost
				sources[p.id.SBN][p.id.ESI] = p.symbol
			}
		}
		scheme, err := schemes.Default().Scheme(&o)
		if err != nil {
			t.Fatal(err)
		}
		var got []byte
		for sbn := range part.Blocks() {
			block := sources[fec.SBN(sbn)]
			d, err := scheme.NewDecoder(&o, variant, uint32(len(block)))
			if err != nil {
				t.Fatal(err)
			}
			if err := d.Recover(block, repairs[fec.SBN(sbn)]); err != nil {
				t.Fatalf("%q: block %d: %v", variant, sbn, err)
			}
			got = append(got, bytes.Join(block, nil)...)
		}
		if !bytes.Equal(got[:size], pattern(size)) {
			t.Errorf("%q: content differs", variant)
		}
	}
}

// Small files, however many, that end with their first packet leave a large one its turns.
func TestSmallFilesLeaveALargeOneItsTurns(t *testing.T) {
	for _, parallel := range []int{2, 3, 5} {
		s, err := New(Config{Registry: schemes.Default(), OTI: fec.OTI{
			SymbolLength: 100,
		}, Parallel: parallel, TransferCount: -1})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 20 {
			size := 100
			if i == 10 {
				size = 5000
			}
			addTo(t, s, File{
				ContentLocation: fmt.Sprintf("file:///%d", i), Content: bytes.NewReader(pattern(size)),
				Size: uint64(size),
			})
		}
		now, sent := start, 0
		for range 1000 {
			b, ok, err := s.AppendNext(nil, now)
			if err != nil || !ok {
				t.Fatalf("%v, %v", ok, err)
			}
			if p, err := alc.Parse(b); err != nil {
				t.Fatal(err)
			} else if p.TOI == flute.NewTOI(11) {
				sent++
			}
			now = now.Add(time.Millisecond)
		}
		if sent < 1000/2/parallel {
			t.Errorf("%d at once: %d of 1000 packets are of the large file", parallel, sent)
		}
	}
}
