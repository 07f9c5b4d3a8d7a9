package sender

import (
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
)

// TestCarrierIsNew: a carrier that is used again has nothing of the file before.
func TestCarrierIsNew(t *testing.T) {
	s, _ := oneFile(t, Config{OTI: fec.OTI{SymbolLength: 100}}, 1000)
	used := &carrier{
		began: start.Add(-time.Hour), since: start, report: 1 << 40,
		target: target{within: time.Hour, due: start.Add(time.Hour)},
	}
	used.held, used.inside, used.waiting, used.late = true, true, &Work{}, &later{state: laterKnown}
	used.source, used.next, used.asked, used.turn, used.active = 900, 7, 7, 3, 0
	used.content.bytes, used.content.final, used.content.hungry = 77, true, true
	s.schedule.idle = append(s.schedule.idle, used)
	for now := start; len(s.schedule.queue(0).active) == 0; now = now.Add(time.Millisecond) {
		if _, _, err := s.AppendNext(nil, now); err != nil {
			t.Fatal(err)
		}
	}
	c := s.schedule.queue(0).active[0]
	if c != used {
		t.Fatal("another carrier")
	}
	if c.held || c.inside || c.waiting != nil || c.late != nil || c.target.isSet() || !c.since.IsZero() ||
		c.began.Before(start) || c.report > 1000 || c.source > 100 || c.content.bytes != 0 || c.content.final ||
		c.content.hungry {
		t.Errorf("%+v", c)
	}
}

// TestOpensAhead: so many files are opened before their turn, as long as what was read of them is not too much and not
// too many have hung; and not long before a place is free.
func TestOpensAhead(t *testing.T) {
	now := start
	waiting := func(since time.Time) *carrier {
		c := &carrier{since: since}
		c.content.work, c.content.job = &Work{}, &readJob{}
		return c
	}
	for _, test := range []struct {
		name           string
		files, stalled int
		bytes          int
		left           uint64 // packets of the one in transfer; 0: none is
		want           bool
	}{
		{"nothing is open", 0, 0, 0, 0, true},
		{"one file less", openFiles - 1, 0, 0, 0, true},
		{"as many files", openFiles, 0, 0, 0, false},
		{"one byte less", 1, 0, openBytes - 1, 0, true},
		{"as many bytes", 1, 0, openBytes, 0, false},
		{"one hangs less", 0, maxStalled - 1, 0, 0, true},
		{"as many hang", 0, maxStalled, 0, 0, false},
		{"hung files are no open files", openFiles - 1, maxStalled - 1, 0, 0, true},
		{"the one in transfer ends soon", 0, 0, 0, openLead, true},
		{"it does not", 0, 0, 0, openLead + 1, false},
	} {
		q := &queue{parallel: 1}
		for range test.files {
			q.parked = append(q.parked, waiting(now.Add(-stallTime+1)))
		}
		for range test.stalled {
			q.parked = append(q.parked, waiting(now.Add(-stallTime)))
		}
		if test.bytes > 0 {
			q.parked[0].content.bytes = test.bytes - 10
			q.parked[0].content.job.pieces = []*piece{{buf: make([]byte, 99)}, {buf: make([]byte, 10)}}
			q.parked[0].content.job.taken = 1
			q.parked[0].content.job.read.Store(1)
		}
		if test.left > 0 {
			c := &carrier{}
			c.left = test.left
			q.active = append(q.active, c)
		}
		if got := q.opens(now); got != test.want {
			t.Errorf("%s: %v", test.name, got)
		}
	}
}

// TestMaxPacketLen: it has room for the longest packet of files and of FDT Instances, before the first file is added.
func TestMaxPacketLen(t *testing.T) {
	for _, c := range []struct {
		cfg  Config
		want int
	}{
		{Config{}, 1400},
		{Config{OTI: fec.OTI{SymbolLength: 100}}, 100},
		{Config{OTI: fec.OTI{EncodingID: fec.RaptorQ, SymbolLength: 100, GroupSize: 5}}, 500},
		{Config{OTI: fec.OTI{EncodingID: fec.Raptor, SymbolLength: 100, GroupSize: 3}}, 300},
		{Config{OTI: fec.OTI{EncodingID: fec.LDPCStaircase, SymbolLength: 100, GroupSize: 4}}, 400},
		{Config{OTI: fec.OTI{SymbolLength: 100}, FDTOTI: fec.OTI{SymbolLength: 700}}, 700},
		{Config{FDTOTI: fec.OTI{SymbolLength: 700}}, 1400},
		{Config{OTI: fec.OTI{SymbolLength: 100}, FDTOTI: fec.OTI{MaxSourceBlockLength: 5}}, 1400},
	} {
		c.cfg.Registry = schemes.Default()
		s, err := New(c.cfg)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.MaxPacketLen(); got != maxHeader+c.want {
			t.Errorf("%+v: %d bytes, want %d with %d of symbols", c.cfg.OTI, got, maxHeader+c.want, c.want)
		}
	}
}

// TestPaddingIsCounted: apart from packets that say something, and among all.
func TestPaddingIsCounted(t *testing.T) {
	s, _ := oneFile(t, Config{OTI: fec.OTI{SymbolLength: 100}}, 1000)
	b := s.AppendPadding(s.AppendPadding([]byte{1}))
	if st := s.Stats(); st.Padding != 2 || st.Packets != 2 || st.Bytes != uint64(len(b)-1) || st.FDTPackets != 0 {
		t.Errorf("%d bytes: %+v", len(b)-1, st)
	}
}
