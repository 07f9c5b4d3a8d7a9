package sender

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute/event"
)

// blocksOf returns a session that sends three source blocks, each long enough for a Work.
func blocksOf(t *testing.T) *Session {
	t.Helper()
	s, _ := oneFile(t, Config{OTI: fec.OTI{
		EncodingID: fec.ReedSolomonGF28, SymbolLength: 30_000, MaxSourceBlockLength: 10, MaxEncodingSymbols: 12,
	}}, 30*30_000)
	return s
}

// send returns the packets of the session up to its end, and calls do before each.
func send(t *testing.T, s *Session, do func(packet int)) (packets [][]byte) {
	t.Helper()
	now := start
	for !s.Done() {
		do(len(packets))
		p, ok, err := s.AppendNext(nil, now)
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			packets = append(packets, p)
		}
		if d := s.Deadline(); d.After(now) {
			now = d
		}
		if len(packets) > 1000 || now.After(start.Add(time.Minute)) {
			t.Fatal("no end")
		}
	}
	return packets
}

// Whether and when Works are run, the packets are the same.
func TestWorks(t *testing.T) {
	s := blocksOf(t)
	want := send(t, s, func(int) {})
	if n := len(s.Works()); n != 3 {
		t.Errorf("%d Works, want one for each source block", n)
	}
	ran := 0
	s = blocksOf(t)
	got := send(t, s, func(int) {
		for _, w := range s.Works() {
			w.Run(nil)
			ran++
		}
	})
	if ran != 3 || !equal(got, want) {
		t.Errorf("%d Works ran; other packets: %v", ran, !equal(got, want))
	}
}

func equal(a, b [][]byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		// EXT_TIME of an FDT packet may be another one.
		if len(a[i]) > 20_000 && !bytes.Equal(a[i], b[i]) || len(a[i]) != len(b[i]) {
			return false
		}
	}
	return true
}

// While a Work runs nothing that needs it is sent, and Deadline says to ask again; a Work that nobody has begun is done
// by the session; one that has crashed ends its object.
func TestWorkUnderWay(t *testing.T) {
	s := blocksOf(t)
	var work *Work
	now, sent := start, 0
	for busy := false; !busy; {
		_, ok, err := s.AppendNext(nil, now)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range s.Works() {
			work = w
			w.state.Store(workRunning) // as if it took long
		}
		if ok {
			sent++
		} else if work != nil {
			busy = true
		}
		if d := s.Deadline(); busy && !d.After(now) {
			t.Errorf("Deadline %v at %v", d, now)
		} else if d.After(now) {
			now = d
		}
	}
	if s.stats.counts.Packets < 11 || s.stats.counts.Packets > 20 {
		t.Errorf("%d packets were sent before the first repair symbol, which is the eleventh", s.stats.counts.Packets)
	}
	work.Fail(errors.New("crash"))
	for range 5 {
		if _, _, err := s.AppendNext(nil, now); err != nil {
			t.Fatal(err)
		}
	}
	failed := false
	for _, e := range s.Events() {
		if f, ok := e.(event.ObjectFailed); ok {
			failed = f.Reason == event.FailOTI
		}
	}
	if !failed {
		t.Error("the object has not failed")
	}
}

// A block whose Work still runs leaves it its memory.
func TestLeaveRunningWork(t *testing.T) {
	held := make([]byte, 10)
	b := block{held: held, enc: &xorEncoder{}, work: &Work{}}
	b.leave()
	if b.enc == nil || b.work != nil {
		t.Error("a Work that had not begun keeps the memory")
	}
	b.work = &Work{}
	b.work.state.Store(workRunning)
	b.leave()
	if b.enc != nil || b.held != nil {
		t.Error("the memory of a running Work is used again")
	}
}
