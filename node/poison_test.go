package node

import (
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/actors/inject"
	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/raptorq"
	"github.com/flute-node/flute-node/fec/rs"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/lct"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/simnet"
)

// poisonous is a scheme whose decoder crashes at blocks of a certain length: when it is made, or later, in its work.
type poisonous struct {
	fec.Scheme
	k     uint32
	later bool
}

func (p poisonous) NewDecoder(o *fec.OTI, v fec.Variant, k uint32) (fec.Decoder, error) {
	if k == p.k && !p.later {
		panic("a bug in the decoder")
	}
	d, err := p.Scheme.NewDecoder(o, v, k)
	if k == p.k {
		d = poisonousDecoder{d}
	}
	return d, err
}

type poisonousDecoder struct{ fec.Decoder }

func (poisonousDecoder) Recover([][]byte, []fec.Symbol) error { panic("a bug in the decoder") }

// TestPoisonedBlock: the same source block crashes its object twice, and never again: the object is quarantined, though
// its session and all other objects, with the same code, are not harmed.
func TestPoisonedBlock(t *testing.T) {
	registry := schemes.Default().With(fec.ReedSolomonGF28, 0, poisonous{rs.New(), 13, false})
	inWorld(t, Config{Registry: registry}, func(w *world) {
		w.receive(simnet.Link{Loss: 0.1}, ReceiveConfig{})
		s := w.send(1, 8_000_000, sender.Config{OTI: repaired, TransferCount: 2, Parallel: 1})
		w.add(s, 1, 100_000)
		w.addNamed(s, "poison", 1, 13_000) // one source block of 13 source symbols
		w.addNamed(s, "last", 2, 100_000)
		w.finish(s)
		w.delivered("1/poison")
		if how := w.ends()["1/poison"]; how != string(event.FailQuarantined) {
			t.Errorf("poison: %q", how)
		}
		crashes := 0
		for _, e := range w.take() {
			if a, ok := e.(notice.ActorRestarted); ok {
				crashes++
				if !strings.Contains(a.Reason, "a bug in the decoder") || !strings.Contains(a.Actor, "/toi-2-") {
					t.Errorf("%+v", a)
				}
			}
		}
		if crashes != 2 {
			t.Errorf("%d crashes, want 2", crashes)
		}
		w.stop()
		w.accounted()
	})
}

// TestPanicWhileWaitingForFDT: an object whose packets came before their description, which alone tells the OTI,
// crashes when it is told that it is there.
func TestPanicWhileWaitingForFDT(t *testing.T) {
	for _, r := range []inject.Rule{
		crash("object/1-*", "describe", 1),
		after(crash("object/1-*", "describe", 1)),
	} {
		faults := inject.New(1, r)
		inWorld(t, Config{Faults: faults}, func(w *world) {
			began := time.Now()
			isFDT := func(d []byte) bool {
				_, toi, err := lct.Peek(d)
				return err == nil && toi.IsFDT() && time.Since(began) < 100*time.Millisecond
			}
			w.receive(simnet.Link{Drop: isFDT}, ReceiveConfig{})
			s := w.send(1, 8_000_000, sender.Config{FTI: sender.FDTOnly, TransferCount: 4})
			w.add(s, 2, 60_000)
			w.finish(s)
			w.delivered()
			if faults.Injected() == 0 {
				t.Error("no fault was injected")
			}
			w.stop()
			w.accounted()
		})
	}
}

// TestSessionAgain: a sender that ends and comes again, with the same addresses and TSI, is another session, which
// begins when the one before has ended.
func TestSessionAgain(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		w.receive(simnet.Link{}, ReceiveConfig{Session: receiver.Config{CloseGrace: time.Second}})
		for i := range 5 {
			s := w.send(1, 8_000_000, sender.Config{FDTStartID: flute.InstanceID(100 * i)})
			w.addNamed(s, strings.Repeat("x", i+1), uint64(i), 50_000)
			w.finish(s)
			time.Sleep(time.Second) // that is when the session ends: the next datagrams come at the same time
		}
		w.delivered()
		var open, closed int
		for _, e := range w.take() {
			switch e := e.(type) {
			case event.SessionOpened:
				if !e.Sending {
					open++
				}
			case event.SessionClosed:
				if !e.Sending {
					closed++
				}
			}
			if closed > open || open > closed+1 {
				t.Fatalf("%d opened, %d closed", open, closed)
			}
		}
		if open < 2 { // five, unless datagrams come just before the end of a session
			t.Errorf("%d sessions", open)
		}
		w.stop()
		w.accounted()
	})
}

// TestReceptionClose: what one reception receives ends with it; another one of the same group goes on.
func TestReceptionClose(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		first := w.receive(simnet.Link{}, ReceiveConfig{})
		second := w.receive(simnet.Link{}, ReceiveConfig{})
		s := w.send(1, 8_000_000, sender.Config{})
		w.add(s, 1, 500_000)
		time.Sleep(200 * time.Millisecond)
		if err := first.Close(w.ctx); err != nil {
			t.Error(err)
		}
		if err := first.Close(w.ctx); err != nil {
			t.Error(err)
		}
		w.finish(s)
		var ends []string
		for _, e := range w.take() {
			switch e := e.(type) {
			case event.ObjectCompleted:
				if !e.Sending {
					ends = append(ends, "completed")
				}
			case event.ObjectFailed:
				ends = append(ends, string(e.Reason))
			}
		}
		if len(ends) != 2 || ends[0] != string(event.FailClosed) || ends[1] != "completed" {
			t.Errorf("ends: %v", ends)
		}
		if n := first.slabs(); n != 0 {
			t.Errorf("%d slabs are out after Close", n)
		}
		if err := second.Close(w.ctx); err != nil {
			t.Error(err)
		}
		w.stop()
		w.accounted()
	})
}

// TestPoisonedLargeBlock: a source block that is decoded by a Work crashes there. Its object is quarantined at once,
// and no actor is restarted.
func TestPoisonedLargeBlock(t *testing.T) {
	registry := schemes.Default().With(fec.RaptorQ, 0, poisonous{raptorq.New(raptorq.Config{}), 300, true})
	inWorld(t, Config{Registry: registry}, func(w *world) {
		w.receive(simnet.Link{Loss: 0.1}, ReceiveConfig{})
		oti := fec.OTI{EncodingID: fec.RaptorQ, MaxSourceBlockLength: 400}
		s := w.send(1, 80_000_000, sender.Config{OTI: oti, TransferCount: 2, Parallel: 2})
		w.addNamed(s, "first", 1, 1_000_000)
		w.addNamed(s, "poison", 2, 300*1400)
		w.addNamed(s, "last", 3, 2_000_000)
		w.finish(s)
		w.delivered("1/poison")
		if how := w.ends()["1/poison"]; how != string(event.FailQuarantined) {
			t.Errorf("poison: %q", how)
		}
		told := 0
		for _, e := range w.take() {
			if a, ok := e.(notice.ActorRestarted); ok {
				told++
				if a.Outcome != "its work failed" || !strings.Contains(a.Stack, "poisonousDecoder") {
					t.Errorf("%+v", a)
				}
			}
		}
		if told == 0 {
			t.Error("no crash is told")
		}
		w.stop()
		w.accounted()
	})
}
