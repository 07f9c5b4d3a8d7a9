package sender

import (
	"slices"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
)

// TestXMLOfEventsIsBounded: FDT Instances wait with their XML as long as all of it is not too much, and are told
// without it from then on until somebody asks.
func TestXMLOfEventsIsBounded(t *testing.T) {
	s := statistics{withXML: true}
	for range 2 {
		for _, c := range []struct{ bytes, told int }{
			{1, 1}, {maxEventXML, 0}, {maxEventXML - 2, maxEventXML - 2}, {2, 0}, {1, 1}, {1, 0}, {0, 0},
		} {
			p := &page{}
			p.xml = make([]byte, c.bytes)
			s.published(p)
			e := s.events[len(s.events)-1].(event.FDTPublished)
			if len(e.XML) != c.told || e.Bytes != c.bytes || p.xml != nil {
				t.Errorf("XML of %d bytes: %d are told of %d", c.bytes, len(e.XML), e.Bytes)
			}
		}
		if n := len(s.drain()); n != 7 || s.counts.FDTInstances%7 != 0 {
			t.Errorf("%d events, %d FDT Instances", n, s.counts.FDTInstances)
		}
	}
	s.withXML = false
	p := &page{}
	p.xml = []byte("x")
	if s.published(p); s.events[0].(event.FDTPublished).XML != "" {
		t.Error("XML that nobody has asked for")
	}
}

// TestEventsAreBounded: nobody asks for events: progress and FDT Instances are left out then, and counted.
func TestEventsAreBounded(t *testing.T) {
	s := statistics{}
	for range maxEvents + 5 {
		s.published(&page{})
	}
	if len(s.events) != maxEvents || s.counts.FDTInstances != maxEvents+5 {
		t.Errorf("%d events of %d FDT Instances", len(s.events), s.counts.FDTInstances)
	}
	c := &carrier{object: &object{Object: &Object{transferLength: 1000}}}
	c.source, c.report = 10, 10
	if s.progress(c, time.Time{}); len(s.events) != maxEvents || c.report != 20 {
		t.Errorf("%d events; progress is told from %d bytes on", len(s.events), c.report)
	}
	s.events = s.events[1:]
	c.source = 20
	if s.progress(c, time.Time{}); len(s.events) != maxEvents || c.report != 30 {
		t.Errorf("%d events; progress is told from %d bytes on", len(s.events), c.report)
	}
}

// TestProgress: each whole percent of a file is told; of one that is sent for ever in its first transfer only.
func TestProgress(t *testing.T) {
	for _, c := range []struct{ symbols, transfers, want int }{
		{1000, 1, 100}, {1000, 2, 200}, {50, 1, 50}, {250, 1, 83}, {1, 1, 1}, {1000, -1, 100}, {250, -1, 84},
	} {
		s, _ := oneFile(t, Config{
			OTI: fec.OTI{SymbolLength: 100, MaxSourceBlockLength: 64}, TransferCount: c.transfers,
		}, c.symbols*100)
		told, last := 0, uint64(0)
		for now := start; s.Stats().Transfers < 2 && !s.Done(); now = now.Add(time.Millisecond) {
			if _, _, err := s.AppendNext(nil, now); err != nil {
				t.Fatal(err)
			}
			for _, e := range s.Events() {
				if p, ok := e.(event.ObjectProgress); ok {
					told, last = told+1, p.Received
					if p.TransferLength != uint64(c.symbols*100) {
						t.Fatalf("%+v", p)
					}
				}
			}
		}
		if told != c.want || last < uint64(c.symbols*99) {
			t.Errorf("%+v: told %d times, the last time %d bytes", c, told, last)
		}
	}
}

// TestProgressInterval: within ProgressInterval progress is told once, and then all that was sent.
func TestProgressInterval(t *testing.T) {
	s, _ := oneFile(t, Config{
		OTI: fec.OTI{SymbolLength: 100, MaxSourceBlockLength: 64}, ProgressInterval: 100 * time.Millisecond,
	}, 1000*100)
	var told []uint64
	for now := start; !s.Done(); now = now.Add(time.Millisecond) {
		if _, _, err := s.AppendNext(nil, now); err != nil {
			t.Fatal(err)
		}
		for _, e := range s.Events() {
			if p, ok := e.(event.ObjectProgress); ok {
				told = append(told, p.Received)
			}
		}
	}
	if len(told) != 10 {
		t.Fatalf("told of %d, 10 times wanted", told)
	}
	for i := range told[1:] {
		if told[i+1]-told[i] < 90*100 {
			t.Errorf("told of %d bytes after %d", told[i+1], told[i])
		}
	}
}

// TestEndOfTheFirstTransferIsTold: of a file that is sent for ever nothing else would tell that all was sent once.
func TestEndOfTheFirstTransferIsTold(t *testing.T) {
	s, _ := oneFile(t, Config{
		OTI: fec.OTI{SymbolLength: 100, MaxSourceBlockLength: 64}, TransferCount: -1, ProgressInterval: time.Hour,
	}, 1000*100)
	var told []uint64
	for now := start; s.Stats().Transfers < 3; now = now.Add(time.Millisecond) {
		if _, _, err := s.AppendNext(nil, now); err != nil {
			t.Fatal(err)
		}
		for _, e := range s.Events() {
			if p, ok := e.(event.ObjectProgress); ok {
				told = append(told, p.Received)
			}
		}
	}
	if len(told) != 2 || told[1] != 1000*100 {
		t.Errorf("told of %d bytes", told)
	}
}

// TestTurnsAreTold: an interval that is too short is told when it begins to be missed, and counted each time; a target
// each time.
func TestTurnsAreTold(t *testing.T) {
	s := statistics{key: flute.SessionKey{TSI: 5}}
	o := &object{toi: flute.NewTOI(3), location: "a"}
	for i, late := range []time.Duration{0, 1, 2, 0, 0, 3} {
		s.turned(o, late)
		if s.counts.Transfers != uint64(i+1) {
			t.Errorf("%d transfers after %d", s.counts.Transfers, i+1)
		}
	}
	s.missed(o, 0)
	s.missed(o, 1)
	s.missed(o, 1)
	var told []time.Duration
	for _, e := range s.drain() {
		l := e.(event.Late)
		if told = append(told, l.By); l.Session.TSI != 5 || l.TOI != o.toi || l.ContentLocation != "a" {
			t.Errorf("%+v", l)
		}
	}
	if len(told) != 4 || told[0] != 1 || told[1] != 3 || told[2] != 1 || told[3] != 1 || s.counts.Overruns != 3 {
		t.Errorf("told %v, %d overruns", told, s.counts.Overruns)
	}
}

// TestTransfersAreTold: with TransferEvents each transfer, with its number, its packets and how long it took.
func TestTransfersAreTold(t *testing.T) {
	for _, told := range []bool{false, true} {
		s, toi := oneFile(t, Config{
			OTI: fec.OTI{SymbolLength: 100}, TransferCount: 3, TransferEvents: told,
			FDTOTI: fec.OTI{SymbolLength: 1400},
		}, 1000)
		var begun, done []int
		now := start
		for !s.Done() {
			if _, ok, err := s.AppendNext(nil, now); err != nil {
				t.Fatal(err)
			} else if !ok {
				now = s.Deadline()
			}
			for _, e := range s.Events() {
				switch e := e.(type) {
				case event.TransferStarted:
					begun = append(begun, e.Transfer)
				case event.TransferDone:
					done = append(done, e.Transfer)
					if e.TOI != toi || e.ContentLocation != "file:///a" || e.Packets != 10 ||
						e.Duration < 9*time.Millisecond || e.Duration > 20*time.Millisecond {
						t.Errorf("%+v", e)
					}
				}
			}
			now = now.Add(time.Millisecond)
		}
		want := []int{1, 2, 3}
		if !told {
			want = nil
		}
		if !slices.Equal(begun, want) || !slices.Equal(done, want) {
			t.Errorf("begun %v, done %v, want %v", begun, done, want)
		}
	}
}

// TestPacketsOfAFile: as many as one transfer has, until the file has ended.
func TestPacketsOfAFile(t *testing.T) {
	s, toi := oneFile(t, Config{OTI: fec.OTI{EncodingID: fec.RaptorQ, SymbolLength: 100}, Repair: 4}, 1000)
	if n, ok := s.Packets(toi); n != 14 || !ok {
		t.Errorf("%d packets, %v", n, ok)
	}
	if n, ok := s.Packets(flute.NewTOI(77)); n != 0 || ok {
		t.Errorf("of no file: %d packets, %v", n, ok)
	}
	objectPackets(t, s)
	if n, ok := s.Packets(toi); n != 0 || ok {
		t.Errorf("of one that was sent: %d packets, %v", n, ok)
	}
}
