package sender

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
)

// TestUpdateClosesItsScratch: the object stays, and what was prepared for nothing is closed, if it is the session's.
func TestUpdateClosesItsScratch(t *testing.T) {
	for _, owned := range []bool{false, true} {
		s, _ := oneFile(t, Config{TransferCount: -1}, 10)
		d := &disk{}
		d.replace(pattern(1000))
		prepare := func() (*Object, *countedScratch) {
			scratch := new(countedScratch)
			f := File{ContentLocation: "b", Source: d, CENC: flute.GZIP, Owned: owned}
			o, err := Prepare(t.Context(), f, scratch)
			if err != nil {
				t.Fatal(err)
			}
			return o, scratch
		}
		first, kept := prepare()
		toi := add(t, s, first)
		again, closed := prepare()
		if got, err := s.Update(again, AtOnce); err != nil || got != toi {
			t.Errorf("TOI %v, %v, want that of the first, %v", got, err, toi)
		}
		if kept.closed != 0 || closed.closed != btoi(owned) {
			t.Errorf("owned %v: that of the first was closed %d times, the other one %d times", owned, kept.closed,
				closed.closed)
		}
		d.replace(pattern(1001))
		next, _ := prepare()
		if got, err := s.Update(next, AtOnce); err != nil || got == toi {
			t.Errorf("another version has the same TOI, %v, %v", got, err)
		}
		if kept.closed != btoi(owned) {
			t.Errorf("owned %v: that of the first was closed %d times in the end", owned, kept.closed)
		}
	}
}

// TestTouchedScratch: of a file that was prepared anew and has the same bytes, the Scratch before is closed, if it is
// the session's.
func TestTouchedScratch(t *testing.T) {
	for _, owned := range []bool{false, true} {
		open := btoi(owned)
		d := sendFromDisk(t, Config{}, File{TransferCount: -1, CENC: flute.GZIP, Owned: owned}, &pad{made: &open})
		d.sent(5)
		d.disk.replace(pattern(2_000))
		d.sent(60)
		if open != 1 {
			t.Errorf("owned %v: %d Scratches of the session are open, want that of the new version", owned, open)
		}
		d.closed()
		if open != 0 {
			t.Errorf("owned %v: %d Scratches are open in the end", owned, open)
		}
	}
}

// TestBeginsAtOnce: content of which reading is a copy needs no Work.
func TestBeginsAtOnce(t *testing.T) {
	for _, c := range []struct {
		name string
		o    *Object
		want bool
	}{
		{"bytes", &Object{source: bytes.NewReader(nil)}, true},
		{"a string", &Object{source: strings.NewReader("")}, true},
		{"zeros", &Object{source: zeros{}}, true},
		{"what was encoded", &Object{source: &memory{}}, true},
		{"something else", &Object{source: sized{}}, false},
	} {
		s := &schedule{works: &worklist{attended: true}}
		if got := s.atOnce(&object{Object: c.o}); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
		s.works.attended = false
		if !s.atOnce(&object{Object: c.o}) {
			t.Errorf("%s: it waits for Works that nobody runs", c.name)
		}
	}
}

// TestDigestsThatCannotBeDescribed: the file is sent without them, and that is told.
func TestDigestsThatCannotBeDescribed(t *testing.T) {
	s, _ := oneFile(t, Config{OTI: fec.OTI{SymbolLength: 100}}, 10)
	toi := addTo(t, s, File{
		ContentLocation: "later", Content: bytes.NewReader(pattern(5000)), Size: 5000, Digests: DigestLater,
	})
	o := s.names.objects[toi]
	o.late.begin(o.Object, false)
	o.late.work.Run(nil)
	described := o.entry
	o.file.ContentType = "\x00"
	s.describeLater(o)
	if o.entry != described || o.late.state != laterTold || o.late.holds() {
		t.Errorf("state %d", o.late.state)
	}
	told := false
	for _, e := range s.Events() {
		if w, ok := e.(event.Warning); ok && strings.Contains(w.Text, "later is sent without digests") {
			told = true
		}
	}
	if !told {
		t.Error("nobody is told")
	}
}

// TestQueuesOfConfig: Config.Queues says of a priority how many files are in transfer at once, Config.Parallel of the
// others.
func TestQueuesOfConfig(t *testing.T) {
	s, err := New(Config{
		Registry: schemes.Default(), OTI: fec.OTI{SymbolLength: 100}, Parallel: 2, Queues: map[int8]int{-1: 1, 3: 4},
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 6 {
		for _, priority := range []int8{3, 0, -1} {
			addTo(t, s, File{
				ContentLocation: string(rune('a'+i)) + string(rune('k'+priority)), Priority: priority,
				Content: bytes.NewReader(pattern(20_000)), Size: 20_000,
			})
		}
	}
	most := map[int8]int{}
	for now := start; !s.Done(); now = now.Add(time.Millisecond) {
		if _, _, err := s.AppendNext(nil, now); err != nil {
			t.Fatal(err)
		}
		for i, q := range s.Queues() {
			if i > 0 && q.Priority <= s.Queues()[i-1].Priority {
				t.Fatalf("queues out of order: %+v", s.Queues())
			}
			most[q.Priority] = max(most[q.Priority], q.Sending)
		}
	}
	if len(most) != 3 || most[-1] != 1 || most[0] != 2 || most[3] != 4 {
		t.Errorf("files at once, by priority: %v", most)
	}
}

// TestOwnCodeOfAFile: what Config says of repair symbols is not for a file with an OTI of its own; what the file says
// is.
func TestOwnCodeOfAFile(t *testing.T) {
	own := fec.OTI{EncodingID: fec.ReedSolomonGF28, SymbolLength: 100, MaxSourceBlockLength: 10, MaxEncodingSymbols: 40}
	for _, c := range []struct {
		name string
		cfg  Config
		file File
		want uint32 // repair symbols of ten source symbols in one transfer
	}{
		{"the session's share", Config{OTI: own, Redundancy: 0.5}, File{}, 5},
		{"the session's number", Config{OTI: own, Repair: 7}, File{}, 7},
		{"all of its own code", Config{OTI: own, Redundancy: 0.5}, File{OTI: &own}, 30},
		{"its share of its own code", Config{Redundancy: 0.5}, File{OTI: &own, Redundancy: 0.2}, 2},
		{"its share", Config{OTI: own, Redundancy: 0.5}, File{Redundancy: 0.2}, 2},
		{"a large share", Config{OTI: own}, File{Redundancy: 1.5}, 15},
		{"its number", Config{OTI: own, Redundancy: 0.5}, File{Repair: 3}, 3},
	} {
		c.cfg.Registry = schemes.Default()
		s, err := New(c.cfg)
		if err != nil {
			t.Fatal(err)
		}
		c.file.ContentLocation, c.file.Content, c.file.Size = "a", bytes.NewReader(pattern(1000)), 1000
		o := s.names.objects[addTo(t, s, c.file)]
		if n := o.coding.repairs(10); n != c.want {
			t.Errorf("%s: %d repair symbols, want %d", c.name, n, c.want)
		}
	}
}

// TestChangedBeforeItOpened: that the content has changed between two transfers is no failed try; before the first one
// it is.
func TestChangedBeforeItOpened(t *testing.T) {
	for sent, want := range map[int]time.Duration{0: 2 * time.Second, 1: 0, 2: 0} {
		s, toi := oneFile(t, Config{TransferCount: -1}, 1000)
		o := s.names.objects[toi]
		o.tries, o.sent = 3, sent
		c := s.schedule.carry(s.schedule.queue(0), o, start)
		s.schedule.queue(0).enter(c)
		if err := s.failed(c, start, &openError{changedWhile("waiting")}); err == nil {
			t.Error("no error")
		}
		if n := s.renewals.list; len(n) != 1 || n[0].at.Sub(start) != want || (o.tries == 3) != (sent > 0) {
			t.Errorf("%d transfers: %d tries, %d renewals", sent, o.tries, len(n))
		}
	}
}

// TestNamesAreFree: the Content-Location of an object that has ended and is no longer described is that of no object,
// unless another one has it.
func TestNamesAreFree(t *testing.T) {
	n := newNames(&Config{FirstTOI: flute.NewTOI(1), TOIBits: 16})
	for _, state := range []objectState{finished, gone} {
		o := &object{toi: flute.NewTOI(5), location: "a", state: state}
		n.add(o)
		n.forget(o)
		if (n.locations["a"] == nil) != (state == finished) || n.objects[o.toi] != nil {
			t.Errorf("state %d: %v", state, n.locations["a"])
		}
		next := &object{toi: flute.NewTOI(6), location: "a", state: pending}
		n.add(next)
		if n.vacate(o); n.locations["a"] != next {
			t.Error("the name of another object is free")
		}
		if n.vacate(next); n.locations["a"] != nil {
			t.Error("the name is not free")
		}
	}
}

// TestManyObjects: Objects lists as many as are asked for, also more than are chosen by their time.
func TestManyObjects(t *testing.T) {
	s, _ := oneFile(t, Config{}, 10)
	for i := range mostSoonest + 20 {
		addTo(t, s, File{
			ContentLocation: fmt.Sprint(i), Content: bytes.NewReader(nil), Size: 0, Digests: NoDigest,
		})
	}
	for _, limit := range []int{0, 1, mostSoonest, mostSoonest + 5, mostSoonest + 21, mostSoonest + 22} {
		list, total := s.Objects(limit)
		if want := min(limit, total); len(list) != want || total != mostSoonest+21 {
			t.Errorf("%d of %d objects, want %d", len(list), total, want)
		}
		for i := 1; i < len(list); i++ {
			if list[i].TOI.Compare(list[i-1].TOI) <= 0 {
				t.Errorf("%d: TOI %v follows %v", limit, list[i].TOI, list[i-1].TOI)
			}
		}
	}
}

// TestLongerPackets: the bound of the session's packets grows with the files.
func TestLongerPackets(t *testing.T) {
	s, _ := oneFile(t, Config{OTI: fec.OTI{SymbolLength: 100}, FDTOTI: fec.OTI{SymbolLength: 200}}, 10)
	for symbol, want := range map[uint16]int{50: 200, 700: 700} {
		addTo(t, s, File{
			ContentLocation: fmt.Sprint(symbol), Content: bytes.NewReader(pattern(10)), Size: 10,
			OTI: &fec.OTI{SymbolLength: symbol},
		})
		if got := s.MaxPacketLen(); symbol == 700 && got != maxHeader+want || got < maxHeader+want {
			t.Errorf("symbols of %d bytes: packets of %d", symbol, got)
		}
	}
}

// TestDigestsOfARewrittenSource: what was computed while the content changed is not announced.
func TestDigestsOfARewrittenSource(t *testing.T) {
	for changes, want := range map[int]error{0: nil, 1: errChanged} {
		d := &disk{}
		d.replace(pattern(1000))
		o := &Object{transferLength: 1000, later: 3, version: version(t, d)}
		o.file.Source = &writer{disk: d, changes: changes}
		if err := newDigestJob(o).run(nil); !errors.Is(err, want) {
			t.Errorf("%d changes: %v", changes, err)
		}
	}
	d := &disk{}
	d.replace(pattern(999))
	o := &Object{transferLength: 1000, later: 3, version: version(t, d)}
	o.file.Source = d
	if err := newDigestJob(o).run(nil); !errors.Is(err, errSource) || errors.Is(err, errChanged) {
		t.Errorf("a byte is missing: %v", err)
	}
}

// TestNotPushed: what is paused, or held until Publish, is pending and stands in no line.
func TestNotPushed(t *testing.T) {
	for _, c := range []struct {
		o    object
		want int
	}{{object{}, 1}, {object{paused: true}, 0}, {object{held: true}, 0}, {object{paused: true, held: true}, 0}} {
		for _, first := range []bool{false, true} {
			q, o := &queue{}, c.o
			o.state = waiting
			if q.push(&o, first); q.pending.Len() != c.want || o.queued != (c.want > 0) || o.state != pending {
				t.Errorf("paused %v, held %v: %d in line", o.paused, o.held, q.pending.Len())
			}
		}
	}
}

// TestTransferIsNew: nothing of the transfer before is left, also of one that has crashed.
func TestTransferIsNew(t *testing.T) {
	x := newTransfer(t, fec.OTI{SymbolLength: 100}, 1000, 1, 0)
	x.inside, x.waiting, x.turn, x.source, x.kept, x.cache = true, &Work{}, 1, 5, &keptBlocks{}, &blockCache{}
	x.start(x.coding, x.headers, 7, 3, 50)
	if x.inside || x.waiting != nil || x.turn != 0 || x.source != 0 || x.kept != nil || x.cache != nil ||
		len(x.slots) != 3 || x.number != 7 || x.window != 50 || x.left != 10 {
		t.Errorf("%+v", x)
	}
}

// TestAdmitted: each file has an order of blocks of its own, and one with a StartAt a turn that was to begin then,
// however late it begins.
func TestAdmitted(t *testing.T) {
	s, first := oneFile(t, Config{Order: RandomStart}, 10)
	if _, ok, err := s.AppendNext(nil, start); !ok || err != nil {
		t.Fatal(ok, err)
	}
	add := func(name string, at time.Time) *object {
		f := File{ContentLocation: name, Content: strings.NewReader("x"), Size: 1, StartAt: at}
		return s.names.objects[addTo(t, s, f)]
	}
	later, now := add("later", start.Add(time.Minute)), add("now", start)
	if s.names.objects[first].seed == later.seed || later.seed == now.seed {
		t.Error("two files have one order")
	}
	if !later.due.Equal(start.Add(time.Minute)) || later.state != waiting || !later.resume.Equal(later.due) {
		t.Errorf("its turn is at %v, state %d", later.due, later.state)
	}
	if !now.due.IsZero() || now.state != pending {
		t.Errorf("its turn is at %v, state %d", now.due, now.state)
	}
	if later.begin(start.Add(time.Hour)); !later.due.Equal(start.Add(time.Minute)) {
		t.Errorf("its turn was to begin at %v", later.due)
	}
	if now.begin(start.Add(1)); !now.due.Equal(start.Add(1)) {
		t.Errorf("its turn began at %v", now.due)
	}
}
