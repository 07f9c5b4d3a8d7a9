package receiving

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/store/mem"
)

// sent returns the datagrams of a sender of one file.
func sent(t *testing.T, name, text string, now time.Time) (out [][]byte) {
	t.Helper()
	s, err := sender.New(sender.Config{Session: flute.SessionKey{TSI: 1}, Registry: schemes.Default()})
	if err != nil {
		t.Fatal(err)
	}
	o, err := sender.Prepare(context.Background(), sender.File{
		ContentLocation: name, Content: strings.NewReader(text), Size: uint64(len(text)),
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Add(o); err != nil {
		t.Fatal(err)
	}
	for s.Stats().Completed == 0 {
		b, _, err := s.AppendNext(nil, now)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b)
	}
	return out
}

// TestForgetKeepsDetachedWork: a Work that publishes a detached object, and that was left for the object that has its
// TOI now, is not lost when that one ends.
func TestForgetKeepsDetachedWork(t *testing.T) {
	cfg, err := receiver.Config{Registry: schemes.Default(), Store: mem.New()}.Validated()
	if err != nil {
		t.Fatal(err)
	}
	in := NewInbox(&Reception{ID: 1, Config: cfg}, flute.SessionKey{TSI: 1})
	s := &session{inbox: in, ledger: NewLedger(in), objects: map[flute.TOI]*child{}, live: map[string]flute.TOI{}}
	core := s.ledger.core
	s.core = core.NewSession()
	var works []*receiver.Work
	detached := 0
	var settle func(now time.Time)
	objects := map[flute.TOI]*receiver.Object{}
	do := func(now time.Time, ws []*receiver.Work) {
		for _, w := range ws {
			if w.TOI().IsFDT() {
				w.Run(nil)
				s.core.Done(now, w)
				settle(now)
			} else {
				works = append(works, w)
			}
		}
	}
	settle = func(now time.Time) {
		f := s.core.Effects()
		detached += len(f.Detached)
		for _, toi := range slices.Concat(f.Detached, f.Ended) {
			delete(objects, toi)
		}
		do(now, f.Works)
		for _, o := range objects {
			do(now, o.Effects().Works)
		}
	}
	feed := func(now time.Time, datagrams [][]byte) {
		for _, d := range datagrams {
			var p receiver.Packet
			if s.core.RouteTo(now, receiver.Origin{}, &p, d) {
				if objects[p.TOI()] == nil {
					objects[p.TOI()] = core.NewObject(p.TOI())
				}
				objects[p.TOI()].Handle(now, &p)
			}
			settle(now)
		}
	}
	now := time.Now()
	feed(now, sent(t, "a", "hello", now))
	now = now.Add(time.Hour / 2)
	feed(now, sent(t, "bb", "hello, world", now))
	i := slices.IndexFunc(works, core.Awaits)
	if i < 0 || detached == 0 {
		t.Fatalf("%d Works, %d detached", len(works), detached)
	}
	w := works[i]
	w.Run(nil)
	toi := w.TOI()
	pid := actor.NewPID("here", "new")
	s.objects[toi], s.live[pid.Id] = &child{pid: pid}, toi
	s.ledger.objects.Land(pid, w)
	if awaited := s.forget(pid.Id); !core.Awaits(w) || !slices.Contains(awaited, w) {
		t.Error("the Work is lost, and the session waits for it")
	}
}
