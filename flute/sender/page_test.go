package sender

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/fdt"
)

// run is a session whose packets are read.
type run struct {
	t    *testing.T
	s    *Session
	v    viewer
	now  time.Time
	fdts []*fdt.Instance // in order of their last packets
	see  func(p *packet, size int)
}

func newRun(t *testing.T, cfg Config) *run {
	t.Helper()
	cfg.Registry = schemes.Default()
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return &run{t: t, s: s, now: start, v: viewer{start: start}}
}

func (r *run) add(name string, size int) flute.TOI {
	r.t.Helper()
	return addTo(r.t, r.s, File{ContentLocation: name, Content: bytes.NewReader(pattern(size)), Size: uint64(size)})
}

// until sends packets, a millisecond each, until the time has come or the session is done.
func (r *run) until(end time.Time) {
	r.t.Helper()
	for !r.s.Done() && r.now.Before(end) {
		pkt, ok, err := r.s.AppendNext(nil, r.now)
		if err != nil {
			r.t.Fatal(err)
		}
		r.s.Events()
		if !ok {
			r.now = earliest(r.s.Deadline(), end)
			continue
		}
		p := r.v.read(r.t, pkt, r.now)
		if p.fdt != nil {
			r.fdts = append(r.fdts, p.fdt)
		}
		if r.see != nil {
			r.see(&p, len(pkt))
		}
		r.now = r.now.Add(time.Millisecond)
	}
	r.now = latest(r.now, earliest(end, r.now.Add(24*time.Hour)))
}

func listedIn(in *fdt.Instance) (out []string) {
	for i := range in.Files {
		out = append(out, in.Files[i].TOI.String())
	}
	return out
}

// FDT Instances have the scheme of the files and at least their share of repair symbols, with a floor.
func TestConf_E32_E34_E36_FDTCoding(t *testing.T) {
	rs := fec.OTI{EncodingID: fec.ReedSolomonGF28, SymbolLength: 100, MaxSourceBlockLength: 10, MaxEncodingSymbols: 15}
	rs16 := fec.OTI{
		EncodingID: fec.ReedSolomonGF2m, FieldBits: 16, SymbolLength: 100, MaxSourceBlockLength: 300,
		MaxEncodingSymbols: 600,
	}
	raptorq := fec.OTI{EncodingID: fec.RaptorQ, SymbolLength: 100}
	ldpc := fec.OTI{EncodingID: fec.LDPCStaircase, SymbolLength: 100}
	for _, test := range []struct {
		name            string
		cfg             Config
		length          uint64
		id              fec.EncodingID
		blocks, k, more uint32
	}{
		{"no code", Config{OTI: fec.OTI{SymbolLength: 100}}, 1000, fec.CompactNoCode, 1, 10, 0},
		{"RS, share of the files", Config{OTI: rs}, 10_000, fec.ReedSolomonGF28, 1, 100, 50},
		{"RS, one symbol", Config{OTI: rs}, 60, fec.ReedSolomonGF28, 1, 1, 3},
		{"RS, two blocks", Config{OTI: rs}, 30_000, fec.ReedSolomonGF28, 2, 150, 75},
		{"RS, fixed repair", Config{OTI: rs, Repair: 20}, 1000, fec.ReedSolomonGF28, 1, 10, 20},
		{"RS, hardly any repair", Config{OTI: fec.OTI{EncodingID: fec.ReedSolomonGF28, SymbolLength: 100, MaxSourceBlockLength: 100, MaxEncodingSymbols: 101}}, 10_000, fec.ReedSolomonGF28, 1, 100, 25},
		{"RS 129", Config{OTI: fec.OTI{EncodingID: fec.SmallBlockSystematic, SymbolLength: 100}}, 4000, fec.SmallBlockSystematic, 1, 40, 10},
		{"RS, m = 2", Config{OTI: fec.OTI{EncodingID: fec.ReedSolomonGF2m, FieldBits: 2, SymbolLength: 100, MaxSourceBlockLength: 2}}, 1000, fec.ReedSolomonGF2m, 10, 1, 2},
		{"RS, m = 16", Config{OTI: rs16}, 30_000, fec.ReedSolomonGF2m, 1, 300, 300},
		{"Raptor", Config{OTI: fec.OTI{EncodingID: fec.Raptor, SymbolLength: 100}, Redundancy: 0.5}, 10_000, fec.Raptor, 1, 100, 50},
		{"RaptorQ", Config{OTI: raptorq, Redundancy: 2}, 10_000, fec.RaptorQ, 1, 100, 200},
		{"RaptorQ, one symbol", Config{OTI: raptorq}, 60, fec.RaptorQ, 1, 1, 3},
		{"RaptorQ, files without repair", Config{OTI: raptorq, Redundancy: -1}, 10_000, fec.RaptorQ, 1, 100, 25},
		{"LDPC", Config{OTI: ldpc}, 10_000, fec.LDPCStaircase, 1, 100, 25},
		{"LDPC, short", Config{OTI: ldpc}, 400, fec.LDPCStaircase, 1, 8, 7},
		{"MBMS, RS", Config{OTI: rs, Profile: fdt.MBMSDownload}, 1000, fec.CompactNoCode, 1, 10, 0},
		{"MBMS, Raptor", Config{OTI: fec.OTI{EncodingID: fec.Raptor, SymbolLength: 100}, Profile: fdt.MBMSDownload}, 10_000, fec.Raptor, 1, 100, 25},
		{"given", Config{OTI: rs, FDTOTI: fec.OTI{SymbolLength: 500}}, 1000, fec.CompactNoCode, 1, 2, 0},
	} {
		cfg := test.cfg
		cfg.Registry = schemes.Default()
		s, err := New(cfg)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		c, err := s.plan.sending.coder.coding(s.cfg, test.length)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		k := c.part.BlockSymbols(0)
		if c.oti.EncodingID != test.id || c.blocks != test.blocks || k != test.k || c.repairs(k) != test.more {
			t.Errorf("%s: %v, %d blocks, %d + %d symbols; want %v, %d, %d + %d",
				test.name, c.oti.EncodingID, c.blocks, k, c.repairs(k), test.id, test.blocks, test.k, test.more)
		}
	}
}

// Every length of an FDT Instance can be coded with every scheme.
func TestFDTCodingOfAnyLength(t *testing.T) {
	for _, o := range []fec.OTI{
		{EncodingID: fec.ReedSolomonGF28},
		{EncodingID: fec.SmallBlockSystematic},
		{EncodingID: fec.ReedSolomonGF2m, FieldBits: 4},
		{EncodingID: fec.ReedSolomonGF2m, FieldBits: 16},
		{EncodingID: fec.Raptor},
		{EncodingID: fec.RaptorQ, SubBlocks: 3},
		{EncodingID: fec.LDPCStaircase},
		{EncodingID: fec.LDPCTriangle},
		{EncodingID: fec.Raptor, GroupSize: 3},
		{},
	} {
		o.SymbolLength = 64
		for _, more := range []float64{-1, 0.1, 3} {
			s, err := New(Config{Registry: schemes.Default(), OTI: o, Redundancy: more})
			if err != nil {
				t.Fatalf("%+v: %v", o, err)
			}
			for length := uint64(150); length < 300_000; length += length/7 + 1 {
				if _, err := s.plan.sending.coder.coding(s.cfg, length); err != nil {
					t.Errorf("%+v, %v: FDT Instance of %d bytes: %v", o, more, length, err)
				}
			}
		}
	}
}

// All transmissions of an FDT Instance coded with RaptorQ have repair symbols of their own.
func TestFDTRepairSymbolsAreNew(t *testing.T) {
	r := newRun(t, Config{OTI: fec.OTI{EncodingID: fec.RaptorQ, SymbolLength: 64}, FDTTransfers: 5})
	r.add("a", 100)
	seen := map[fec.ESI]int{}
	for !r.s.Done() {
		pkt, ok, err := r.s.AppendNext(nil, r.now)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			r.now = r.s.Deadline()
			continue
		}
		p := r.v.read(t, pkt, r.now)
		if part := p.oti.Partition(); p.TOI.IsFDT() && uint32(p.id.ESI) >= part.BlockSymbols(0) {
			seen[p.id.ESI]++
		}
	}
	for esi, n := range seen {
		if n != 1 {
			t.Errorf("repair symbol %d was sent %d times", esi, n)
		}
	}
	if len(seen) < 6*3 {
		t.Errorf("%d repair symbols in 6 transmissions", len(seen))
	}
}

// A folder of several pages: each describes its files before they are sent, all come again at the end, and the last
// alone says Complete, after the others were sent.
func TestCompleteOnTheLastPage(t *testing.T) {
	r := newRun(t,
		Config{FDTFiles: 10, FDTCollect: -1, OTI: fec.OTI{SymbolLength: 100}, FDTOTI: fec.OTI{SymbolLength: 1400}})
	for i := range 35 {
		r.add(fmt.Sprint("f", i), 150)
	}
	if err := r.s.SetComplete(); err != nil {
		t.Fatal(err)
	}
	r.until(start.Add(time.Hour))
	described := map[string]int{}
	for i, in := range r.fdts {
		for _, toi := range listedIn(in) {
			described[toi]++
		}
		if in.Complete && len(described) != 35 {
			t.Fatalf("FDT Instance %d says Complete when %d files are described", in.ID, len(described))
		}
		if in.Complete != (len(in.Files) == 5) {
			t.Errorf("FDT Instance %d, number %d, of %d files: Complete %v", in.ID, i, len(in.Files), in.Complete)
		}
	}
	for toi, n := range described {
		if want := 1 + r.s.cfg.FDTTransfers; n < want {
			t.Errorf("TOI %s was described %d times, want %d", toi, n, want)
		}
	}
	if len(described) != 35 || r.s.Stats().FDTInstances != 4 {
		t.Errorf("%d files, %d FDT Instances", len(described), r.s.Stats().FDTInstances)
	}
	// The last words: every page once after the last file, and the complete one among them.
	last := map[flute.InstanceID]bool{}
	for _, in := range r.fdts[len(r.fdts)-4:] {
		last[in.ID] = true
	}
	if len(last) != 4 {
		t.Errorf("the last four FDT Instances are %v", last)
	}
}

// SetComplete after everything was sent and settled says so all the same.
func TestCompleteLate(t *testing.T) {
	r := newRun(t, Config{FDTFiles: 2, FDTCollect: -1})
	for i := range 5 {
		r.add(fmt.Sprint("f", i), 100)
	}
	r.until(start.Add(10 * time.Minute))
	if !r.s.Done() {
		t.Fatal("not done")
	}
	r.fdts = nil
	if err := r.s.SetComplete(); err != nil {
		t.Fatal(err)
	}
	r.until(start.Add(time.Hour))
	for _, in := range r.fdts {
		if !in.Complete || len(in.Files) != 1 { // the others were sent after the last file
			t.Errorf("FDT Instance %d of %d files, Complete %v", in.ID, len(in.Files), in.Complete)
		}
	}
	if n := len(r.fdts); n < r.s.cfg.FDTTransfers {
		t.Errorf("Complete was said %d times", n)
	}
}

// A file that fails takes the page it was alone on along; Complete moves to the page before.
func TestCompleteMovesToThePageBefore(t *testing.T) {
	r := newRun(t, Config{FDTFiles: 1, FDTCollect: -1, Parallel: 1})
	r.add("a", 100)
	b := r.add("b", 10_000)
	if err := r.s.SetComplete(); err != nil {
		t.Fatal(err)
	}
	r.until(start.Add(3 * time.Millisecond))
	r.s.Remove(b, AtOnce)
	r.until(start.Add(time.Hour))
	if in := r.fdts[len(r.fdts)-1]; !in.Complete || fmt.Sprint(listedIn(in)) != "[1]" {
		t.Errorf("the last FDT Instance describes %v, Complete %v", listedIn(in), in.Complete)
	}
}

// Files that were sent stay described while others are sent, and are settled when the session ends.
func TestConf_E19_FilesThatWereSentStayDescribed(t *testing.T) {
	r := newRun(t, Config{OTI: fec.OTI{SymbolLength: 100}, FDTOTI: fec.OTI{
		SymbolLength: 1400,
	}, FDTInterval: 100 * time.Millisecond})
	r.add("small", 10)
	r.add("large", 100_000)
	r.until(start.Add(time.Hour))
	for _, in := range r.fdts {
		if len(in.Files) != 2 {
			t.Errorf("FDT Instance %d describes %v", in.ID, listedIn(in))
		}
	}
	if len(r.fdts) < 10 {
		t.Errorf("%d transmissions", len(r.fdts))
	}
}

// A session that goes on for ever remembers, lists and sends no more for that.
func TestEndlessSession(t *testing.T) {
	r := newRun(t,
		Config{FDTDuration: 5 * time.Minute, OTI: fec.OTI{SymbolLength: 1000}, FDTOTI: fec.OTI{SymbolLength: 1400}})
	const files = 1000 // one a second
	most := 0
	for i := range files {
		r.add(fmt.Sprint("f", i), 20_000)
		r.until(start.Add(time.Duration(i+1) * time.Second))
		if n := r.s.plan.finished.objects; n > most {
			most = n
		}
		if n := len(r.s.names.objects) + len(r.s.names.retired); i > 500 && n > 400 {
			t.Fatalf("after %d files %d TOIs are remembered", i, n)
		}
	}
	st := r.s.Stats()
	if most > 60 || len(r.s.plan.pages) > 3 || r.s.plan.rotation.Len() > 10 {
		t.Errorf("%d finished files at most, %d pages, rotation of %d", most, len(r.s.plan.pages),
			r.s.plan.rotation.Len())
	}
	if st.FDTPackets*3 > st.Packets {
		t.Errorf("%d of %d packets are of the FDT", st.FDTPackets, st.Packets)
	}
	described := map[string]int{}
	for _, in := range r.fdts {
		for _, toi := range listedIn(in) {
			described[toi]++
		}
	}
	for toi, n := range described {
		if n < 1+r.s.cfg.FDTTransfers && toi != fmt.Sprint(files) {
			t.Errorf("TOI %s was described %d times", toi, n)
		}
	}
	if len(described) != files || st.Completed != files {
		t.Errorf("%d described, %d completed", len(described), st.Completed)
	}
}

// Pages that are full and settled are forgotten when they expire, or when they are too many.
func TestSettledPagesAreForgotten(t *testing.T) {
	r := newRun(t, Config{FDTFiles: 5, FDTCollect: -1, FDTDuration: time.Minute, OTI: fec.OTI{SymbolLength: 100}})
	for i := range 300 {
		for j := range 5 {
			r.add(fmt.Sprint("f", i, "/", j), 10)
		}
		r.until(start.Add(time.Duration(i+1) * time.Second))
		if n := r.s.plan.finished.objects; n > 5*80 {
			t.Fatalf("after %d pages %d finished files are remembered", i, n)
		}
	}
	if n := len(r.s.plan.pages); n > 200 {
		t.Errorf("%d pages", n)
	}
}

// A new version of a file that was sent replaces its description in all FDT Instances that follow.
func TestReplacedFileIsDescribedOnce(t *testing.T) {
	r := newRun(t,
		Config{FDTFiles: 3, FDTCollect: -1, OTI: fec.OTI{SymbolLength: 100}, FDTOTI: fec.OTI{SymbolLength: 1400}})
	r.add("long", 200_000)
	old := r.add("a", 10)
	r.add("b", 10)
	r.add("c", 10)
	r.until(start.Add(500 * time.Millisecond))
	r.fdts = nil
	r.add("a", 20)
	r.until(start.Add(time.Hour))
	newer := false
	for _, in := range r.fdts {
		for i := range in.Files {
			f := &in.Files[i]
			newer = newer || f.ContentLocation == "a" && f.TOI != old
			if newer && f.TOI == old && in.ID > 1 {
				t.Errorf("FDT Instance %d describes the old version", in.ID)
			}
		}
	}
	if !newer {
		t.Error("the new version is not described")
	}
}

// Packets of FDT Instances that are repeated do not follow one another: a burst of losses takes few of them.
func TestFDTPacketsAreSpread(t *testing.T) {
	r := newRun(t,
		Config{OTI: fec.OTI{EncodingID: fec.ReedSolomonGF28, SymbolLength: 100}, FDTInterval: 10 * time.Millisecond})
	for i := range 40 {
		r.add(fmt.Sprint("f", i), 20_000)
	}
	inRow, repeated, files := 0, 0, false
	for r.s.Stats().Pending > 3 {
		pkt, ok, err := r.s.AppendNext(nil, r.now)
		if !ok || err != nil {
			t.Fatal(ok, err)
		}
		r.now = r.now.Add(time.Millisecond)
		if !r.v.read(t, pkt, r.now).TOI.IsFDT() {
			files, inRow = true, 0
		} else if inRow++; files {
			if repeated++; inRow > 1 {
				t.Fatalf("packet %d: two packets of an FDT Instance in a row", r.s.Stats().Packets)
			}
		}
	}
	if repeated < 100 {
		t.Errorf("%d packets of FDT Instances between those of files are too few for this test", repeated)
	}
}

// TestPageFits: a page takes files up to each of its bounds, and one in any case.
func TestPageFits(t *testing.T) {
	cfg := &Config{FDTFiles: 3, FDTBytes: 1000 + rootBytes}
	o := &object{}
	o.room = 400
	for _, c := range []struct {
		objects, bytes int
		want           bool
	}{{0, 9999, true}, {1, 600, true}, {1, 601, false}, {2, 600, true}, {3, 0, false}} {
		p := page{objects: make([]*object, c.objects), size: tally{c.objects, c.bytes}}
		if got := p.fits(cfg, o); got != c.want {
			t.Errorf("%d files, %d bytes: one more fits: %v", c.objects, c.bytes, got)
		}
	}
}

// TestCodersOfFDT: what an FDT Instance takes over from the files; the share and the least number of its repair
// symbols, and its longest source block.
func TestCodersOfFDT(t *testing.T) {
	rs := func(b, most uint32) fec.OTI {
		return fec.OTI{EncodingID: fec.ReedSolomonGF28, MaxSourceBlockLength: b, MaxEncodingSymbols: most}
	}
	raptorQ := fec.OTI{EncodingID: fec.RaptorQ, SymbolLength: 64, MaxSourceBlockLength: 10}
	for _, c := range []struct {
		cfg     Config
		id      fec.EncodingID
		share   float64
		least   uint32
		longest uint32
	}{
		{Config{OTI: rs(1, 3)}, fec.ReedSolomonGF28, 2, 3, 85},
		{Config{OTI: rs(1, 1)}, fec.ReedSolomonGF28, 0.25, 3, 204},
		{Config{OTI: rs(2, 3)}, fec.ReedSolomonGF28, 0.5, 3, 170},
		{Config{OTI: rs(2, 3), Repair: 4}, fec.ReedSolomonGF28, 2, 4, 85},
		{Config{OTI: raptorQ}, fec.RaptorQ, 0.25, 3, 1000},
		{Config{OTI: raptorQ, Redundancy: 0.5}, fec.RaptorQ, 0.5, 3, 1000},
		{Config{OTI: raptorQ, Redundancy: -1}, fec.RaptorQ, 0.25, 3, 1000},
		{Config{OTI: raptorQ, Repair: 2}, fec.RaptorQ, 0.25, 3, 1000},
		{Config{OTI: fec.OTI{EncodingID: fec.LDPCStaircase, N1: 9}}, fec.LDPCStaircase, 0.25, 9, 1000},
		{Config{OTI: fec.OTI{EncodingID: fec.LDPCTriangle}}, fec.LDPCTriangle, 0.25, 7, 1000},
		{Config{OTI: fec.OTI{EncodingID: fec.Raptor}, Profile: fdt.MBMSDownload}, fec.Raptor, 0.25, 3, 1000},
		{Config{OTI: rs(2, 3), Profile: fdt.MBMSDownload}, fec.CompactNoCode, 0, 0, 1000},
		{Config{}, fec.CompactNoCode, 0, 0, 1000},
	} {
		c.cfg.Registry = schemes.Default()
		cfg, err := c.cfg.validated()
		if err != nil {
			t.Fatal(err)
		}
		f, err := newFDTCoder(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if f.oti.EncodingID != c.id || f.share != c.share || f.least != c.least || f.longest(&f.oti) != c.longest {
			t.Errorf("%+v: %v, %v repair symbols for each source symbol, %d at least, blocks of %d", c,
				f.oti.EncodingID, f.share, f.least, f.longest(&f.oti))
		}
	}
}

// TestCompleteOfASettledPage: the FDT Instance of the newest files says Complete (RFC 6726, section 3.4.2), also if
// these were sent, and it was not to be sent again as long as older files are.
func TestCompleteOfASettledPage(t *testing.T) {
	r := newRun(t, Config{FDTFiles: 1, FDTInterval: 50 * time.Millisecond, OTI: fec.OTI{SymbolLength: 100}})
	addTo(t, r.s, File{
		ContentLocation: "a", Content: bytes.NewReader(pattern(200)), Size: 200, TransferCount: -1, Delay: time.Second,
	})
	r.add("b", 100)
	r.until(start.Add(10 * time.Second))
	quiet := len(r.fdts)
	for _, in := range r.fdts[quiet-5:] {
		if in.Files[0].ContentLocation != "a" {
			t.Fatalf("the description of %q goes on", in.Files[0].ContentLocation)
		}
	}
	if err := r.s.SetComplete(); err != nil {
		t.Fatal(err)
	}
	r.until(r.now.Add(time.Second))
	complete := 0
	for _, in := range r.fdts[quiet:] {
		if in.Complete {
			complete++
			if in.Files[0].ContentLocation != "b" {
				t.Errorf("that of %q says Complete", in.Files[0].ContentLocation)
			}
		}
	}
	if complete == 0 {
		t.Errorf("none of %d FDT Instances says Complete", len(r.fdts)-quiet)
	}
}

// TestCompleteKeepsDescriptions: once a session is complete what is sent stays described, however little is sent;
// before that, what was sent leaves in time.
func TestCompleteKeepsDescriptions(t *testing.T) {
	r := newRun(t, Config{FDTDuration: 2 * time.Second, OTI: fec.OTI{SymbolLength: 100}})
	r.add("a", 100)
	addTo(t, r.s, File{
		ContentLocation: "b", Content: bytes.NewReader(pattern(100)), Size: 100, TransferCount: -1, Delay: time.Second,
	})
	r.until(start.Add(20 * time.Second))
	if last := r.fdts[len(r.fdts)-1]; len(last.Files) != 1 {
		t.Fatalf("%d files are described after a while", len(last.Files))
	}
	r.add("c", 100)
	r.add("d", 100)
	r.until(r.now.Add(100 * time.Millisecond))
	if err := r.s.SetComplete(); err != nil {
		t.Fatal(err)
	}
	r.until(r.now.Add(20 * time.Second))
	if last := r.fdts[len(r.fdts)-1]; len(last.Files) != 3 || !last.Complete {
		t.Errorf("%d files are described in the end, complete: %v", len(last.Files), last.Complete)
	}
}

// TestEachRemovalIsToldSoon: an FDT Instance without the file that was removed goes out at once, each time.
func TestEachRemovalIsToldSoon(t *testing.T) {
	r := newRun(t, Config{FDTInterval: time.Minute, OTI: fec.OTI{SymbolLength: 100}})
	for i := range 4 {
		addTo(t, r.s, File{
			ContentLocation: fmt.Sprint(i), Content: bytes.NewReader(pattern(100)), Size: 100, TransferCount: -1,
			Delay: time.Second,
		})
	}
	r.until(start.Add(5 * time.Second))
	for i := range uint64(3) {
		if !r.s.Remove(flute.NewTOI(1+i), AtOnce) {
			t.Fatal(i)
		}
		r.until(r.now.Add(time.Second))
		if last := r.fdts[len(r.fdts)-1]; len(last.Files) != 3-int(i) {
			t.Errorf("a second after removal %d %d files are described", i+1, len(last.Files))
		}
	}
}

// TestAllPagesComeAgain: after the last file of a complete session each FDT Instance is sent once more, also those that
// were sent often enough before.
func TestAllPagesComeAgain(t *testing.T) {
	r := newRun(t, Config{FDTFiles: 1, FDTInterval: 50 * time.Millisecond, OTI: fec.OTI{SymbolLength: 100}})
	r.add("a", 100)
	r.until(start.Add(time.Second))
	if !r.s.Done() {
		t.Fatal("the first one is not settled")
	}
	r.add("b", 100)
	if err := r.s.SetComplete(); err != nil {
		t.Fatal(err)
	}
	before := len(r.fdts)
	r.until(start.Add(time.Minute))
	again := 0
	for _, in := range r.fdts[before:] {
		if in.Files[0].ContentLocation == "a" {
			again++
		}
	}
	if again != 1 {
		t.Errorf("the description of the first file came %d times again", again)
	}
}

// TestFilesThatComeFast: large files that come by the thousand are described and sent while more come, and by few FDT
// Instances; small ones are collected.
func TestFilesThatComeFast(t *testing.T) {
	for _, c := range []struct {
		size   int
		files  int // that are described after 50 ms, at least
		atMost int // FDT Instances by then
	}{
		{100_000, 250, 5},
		{100, 1, 1},
	} {
		r := newRun(t, Config{OTI: fec.OTI{SymbolLength: 1400}})
		content := pattern(c.size)
		for ms := range 50 {
			for i := range 10 {
				addTo(t, r.s, File{
					ContentLocation: fmt.Sprint(ms, "-", i), Content: bytes.NewReader(content), Size: uint64(c.size),
				})
			}
			r.burst(100)
			r.now = start.Add(time.Duration(ms+1) * time.Millisecond)
		}
		seen := map[flute.InstanceID]bool{}
		for _, in := range r.fdts {
			seen[in.ID] = true
		}
		last := r.fdts[len(r.fdts)-1]
		if len(last.Files) < c.files || len(seen) > c.atMost {
			t.Errorf("files of %d bytes: %d are described by %d FDT Instances, want %d and %d at most", c.size,
				len(last.Files), len(seen), c.files, c.atMost)
		}
	}
}

// burst sends so many packets now, as far as there are any.
func (r *run) burst(packets int) {
	r.t.Helper()
	for range packets {
		pkt, ok, err := r.s.AppendNext(nil, r.now)
		if err != nil {
			r.t.Fatal(err)
		}
		r.s.Events()
		if !ok {
			return
		}
		if p := r.v.read(r.t, pkt, r.now); p.fdt != nil {
			r.fdts = append(r.fdts, p.fdt)
		}
	}
}
