package receiver

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/internal/route"
	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/mem"
)

// stsid returns an S-TSID with an extended FDT Instance of about size bytes, for TSI 7.
func stsid(size int) []byte {
	return fmt.Appendf(nil, `<S-TSID xmlns="tag:atsc.org,2016:XMLSchemas/ATSC3/Delivery/S-TSID/1.0/"><RS><LS tsi="7">`+
		`<SrcFlow rt="true"><EFDT><FDT-Instance xmlns="urn:ietf:params:xml:ns:fdt" Expires="4294900000">`+
		`<File TOI="1" Content-Location="%s" Content-Length="5"/></FDT-Instance></EFDT></SrcFlow></LS></RS></S-TSID>`,
		strings.Repeat("a", size))
}

// What S-TSIDs say is memory like any other: charged, refused where there is none, and given back.
func TestSignallingIsCharged(t *testing.T) {
	budget := store.NewBudget(100_000, nil)
	g, err := newSignalling(nil, budget)
	if err != nil {
		t.Fatal(err)
	}
	source := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}) }
	group := netip.MustParseAddrPort("239.1.1.1:4000")
	say := func(i, size int) {
		b := stsid(size)
		_ = g.look(flute.SessionKey{Source: source(i), Group: group}, start, bytes.NewReader(b), uint64(len(b)))
	}
	finds := func(i int) bool {
		return g.find(flute.SessionKey{Source: source(i), Group: group, TSI: 7}) != nil
	}
	if say(1, 20_000); finds(1) || budget.Used() != 0 {
		t.Errorf("kept for a source without sessions: %d bytes", budget.Used())
	}
	for i := range 4 {
		g.enter(source(i))
		g.enter(source(i))
		say(i, 20_000)
		say(i, 20_000) // again
	}
	if n := budget.Used(); !finds(0) || !finds(1) || finds(2) || finds(3) || n < 80_000 {
		t.Errorf("%d bytes; %v %v %v %v", n, finds(0), finds(1), finds(2), finds(3))
	}
	g.leave(source(0))
	if !finds(0) {
		t.Error("forgotten while there is a session")
	}
	before := g.generation.Load()
	g.leave(source(0))
	if finds(0) || g.generation.Load() == before {
		t.Error("kept without a session")
	}
	if say(2, 20_000); !finds(2) {
		t.Error("not taken where there is memory again")
	}
	for i := 1; i < 4; i++ {
		g.leave(source(i))
		g.leave(source(i))
	}
	if n := budget.Used(); n != 0 || len(g.sessions) != 0 {
		t.Errorf("%d bytes and %d sources are left", n, len(g.sessions))
	}
}

// What is said anew is charged in the place of what was said before, and so is what stands in no document.
func TestSignallingIsChargedOnce(t *testing.T) {
	budget := store.NewBudget(100_000, nil)
	g, err := newSignalling(nil, budget)
	if err != nil {
		t.Fatal(err)
	}
	key := flute.SessionKey{
		Source: netip.MustParseAddr("192.0.2.1"), Group: netip.MustParseAddrPort("239.1.1.1:4000"), TSI: 7,
	}
	g.enter(key.Source)
	say := func(b []byte) { _ = g.look(key, start, bytes.NewReader(b), uint64(len(b))) }
	for _, size := range []int{30_000, 31_000, 10_000} {
		before := g.generation.Load()
		say(stsid(size))
		if n := budget.Used(); g.generation.Load() == before || n < uint64(2*size) || n > uint64(2*size)+2000 {
			t.Errorf("%d bytes for an FDT Instance of %d", n, size)
		}
	}
	long := strings.Repeat("a", 20_000)
	say(fmt.Appendf(nil, `<S-TSID><RS><LS tsi="7"><SrcFlow><EFDT><FDT-Instance efdtVersion="%s" Content-Type="%s" `+
		`fileTemplate="%s$TOI$"/></EFDT></SrcFlow></LS></RS></S-TSID>`, long, long, long[:4000]))
	if f := g.find(key); f == nil || f.EFDT == nil || f.EFDT.Template == nil {
		t.Fatalf("%+v", f)
	}
	if n := budget.Used(); n < 88_000 {
		t.Errorf("%d bytes for twice 44,000 of text", n)
	}
	if g.leave(key.Source); budget.Used() != 0 {
		t.Errorf("%d bytes are left", budget.Used())
	}
}

// handEntity hands r the packets of the file sls in entity mode: codepoint 9 (RFC 9223, section 2.1).
func handEntity(r *Receiver, now time.Time, k flute.SessionKey, file []byte) {
	object := fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Location: sls\r\nContent-Length: %d\r\n\r\n%s",
		len(file), file)
	for off := 0; off < len(object); off += 1400 {
		r.Handle(now, k, routeDatagram(k.TSI, 9, object, off, 1400))
	}
}

// TestSTSIDRefused: an S-TSID that is not used is told, and its file is delivered all the same.
func TestSTSIDRefused(t *testing.T) {
	full := func(g *signalling) {
		for i := range maxSources {
			g.sources[signallingKey{group: netip.AddrPortFrom(netip.Addr{}, uint16(i+1))}] = &stated{}
		}
	}
	for name, c := range map[string]struct {
		document []byte
		edit     func(*signalling)
		want     string // empty: nothing
	}{
		"memory":    {stsid(50), func(g *signalling) { g.budget = store.NewBudget(100, nil) }, "memory"},
		"sources":   {stsid(50), full, "256 others"},
		"document":  {[]byte(`<S-TSID><RS><LS tsi="x"><SrcFlow/></LS></RS></S-TSID>`), nil, "cannot be read"},
		"used":      {stsid(50), nil, ""},
		"no S-TSID": {[]byte("<MPD></MPD>"), nil, ""},
	} {
		files := mem.New()
		r, err := New(Config{Registry: schemes.Default(), Store: files, ROUTE: true})
		if err != nil {
			t.Fatal(err)
		}
		if c.edit != nil {
			c.edit(r.cfg.signalling)
		}
		k := key
		k.TSI = 0
		handEntity(r, start, k, c.document)
		var told []string
		for _, e := range r.Events() {
			if e, ok := e.(event.FDTRejected); ok {
				told = append(told, e.What()+": "+e.Reason)
				if e.Session != k {
					t.Errorf("%s: %v", name, e.Session)
				}
			}
		}
		if (c.want == "") != (len(told) == 0) || c.want != "" &&
			(len(told) != 1 || !strings.HasPrefix(told[0], "S-TSID: ") || !strings.Contains(told[0], c.want)) {
			t.Errorf("%s: %q", name, told)
		}
		if b, ok := files.Get("sls"); !ok || !bytes.Equal(b, c.document) {
			t.Errorf("%s: %d bytes, %v", name, len(b), files.Files())
		}
	}
}

// TestSTSIDIsTriedAgain: an S-TSID for which there was no room is used when it comes again and there is some. It is
// told and handed over once. One that is used is not received again.
func TestSTSIDIsTriedAgain(t *testing.T) {
	taken := 0
	r, err := New(Config{
		Registry: schemes.Default(), Store: mem.New(), ROUTE: true,
		Choose: func(Offer) Choice {
			return Choice{Publish: func(publish func() (string, error)) error {
				taken++
				_, err := publish()
				return err
			}}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	g := r.cfg.signalling
	budget := g.budget
	g.budget = store.NewBudget(100, nil)
	k := key
	k.TSI = 0
	document := stsid(50)
	for turn, want := range []struct {
		completed, rejected int
		used                bool
	}{{1, 1, false}, {0, 0, false}, {0, 0, true}, {0, 0, true}} {
		if turn == 2 {
			g.budget = budget
		}
		handEntity(r, start.Add(time.Duration(turn)*time.Second), k, document)
		completed, rejected := 0, 0
		for _, e := range r.Events() {
			switch e.(type) {
			case event.ObjectCompleted:
				completed++
			case event.FDTRejected:
				rejected++
			case event.ObjectStarted, event.ObjectFailed, event.ObjectProgress:
				if turn > 0 {
					t.Errorf("turn %d: %+v", turn, e)
				}
			}
		}
		used := g.sources[signallingKey{k.Source, k.Group}] != nil
		if completed != want.completed || rejected != want.rejected || used != want.used {
			t.Errorf("turn %d: %d completed, %d rejected, used %v; want %+v", turn, completed, rejected, used, want)
		}
	}
	if taken != 1 {
		t.Errorf("it was handed over %d times", taken)
	}
}

// TestSTSIDIsTriedAfterAFailure: a turn of an S-TSID for the session alone that fails is not its last one.
func TestSTSIDIsTriedAfterAFailure(t *testing.T) {
	r, err := New(Config{
		Registry: schemes.Default(), Store: mem.New(), ROUTE: true, Selection: Selection{MaxAge: time.Second},
	})
	if err != nil {
		t.Fatal(err)
	}
	g := r.cfg.signalling
	budget := g.budget
	g.budget = store.NewBudget(100, nil)
	k := key
	k.TSI = 0
	document := stsid(2000)
	handEntity(r, start, k, document)
	g.budget = budget
	head := fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Location: sls\r\nContent-Length: %d\r\n\r\n", len(document))
	r.Handle(start.Add(time.Second), k, routeDatagram(k.TSI, 9, append(head, document...), 0, 1400))
	r.Advance(start.Add(3 * time.Second))
	r.Events()
	for turn := range 2 {
		handEntity(r, start.Add(time.Duration(4+turn)*time.Second), k, document)
	}
	if g.sources[signallingKey{k.Source, k.Group}] == nil {
		t.Error("it was not tried again")
	}
	for _, e := range r.Events() {
		t.Errorf("told: %#v", e)
	}
}

// TestSTSIDThatTheDiskDoesNotGiveBack: an S-TSID that cannot be read once it was published is read in its next turn.
func TestSTSIDThatTheDiskDoesNotGiveBack(t *testing.T) {
	g, err := newSignalling(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, again := errors.AsType[*laterError](g.look(key, start, failingReader{}, 100))
	if !again {
		t.Error("it is not tried again")
	}
	const bad = "<S-TSID><RS><LS tsi='x'><SrcFlow/></LS></RS></S-TSID>"
	_, again = errors.AsType[*laterError](g.look(key, start, strings.NewReader(bad), uint64(len(bad))))
	if again {
		t.Error("one that says nothing is tried again")
	}
}

// failingReader is a file on a disk with a fault.
type failingReader struct{}

func (failingReader) ReadAt([]byte, int64) (int, error) { return 0, errors.New("input/output error") }

// TestHasRoom: an S-TSID has room where it takes the place of what its source has said, or where memory and a place are
// left; to ask for it takes neither.
func TestHasRoom(t *testing.T) {
	key := flute.SessionKey{Source: netip.MustParseAddr("192.0.2.1"), Group: netip.MustParseAddrPort("239.1.1.1:1")}
	g, err := newSignalling(nil, store.NewBudget(1000, nil))
	if err != nil {
		t.Fatal(err)
	}
	if !g.hasRoom(key, 1000) || g.hasRoom(key, 1001) {
		t.Error("a source of which nothing is kept")
	}
	for i := range maxSources {
		g.sources[signallingKey{group: netip.AddrPortFrom(netip.Addr{}, uint16(i+1))}] = &stated{}
	}
	if g.hasRoom(key, 1) {
		t.Error("there is no place for another source")
	}
	g.sources[signallingKey{key.Source, key.Group}] = &stated{cost: 500}
	if !g.hasRoom(key, 100) || !g.hasRoom(key, 1500) || g.hasRoom(key, 1501) {
		t.Error("a source in whose place it comes")
	}
	if n := g.budget.Used(); n != 0 {
		t.Errorf("%d bytes are reserved", n)
	}
}

// TestCostOf: each flow of an S-TSID is charged, whatever it says, and twice its document.
func TestCostOf(t *testing.T) {
	flows := make([]route.Flow, 3)
	flows[1].EFDT = &route.EFDT{Document: make([]byte, 100)}
	if n := costOf(flows); n != 3*flowOverhead+200 {
		t.Errorf("three flows cost %d, want %d", n, 3*flowOverhead+200)
	}
}
