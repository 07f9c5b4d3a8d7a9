package node

import (
	"bytes"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/lct"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/simnet"
)

// tape is the TOIs of what a session sent, in order.
type tape struct {
	mu    sync.Mutex
	tois  []flute.TOI
	count map[flute.TOI]int // of those that were taken
}

func (w *tape) note(datagram []byte) (drop bool) {
	h, _, err := lct.Parse(datagram)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil && h.HasTOI {
		w.tois = append(w.tois, h.TOI)
	}
	return false
}

// take returns what was sent since the last call.
func (w *tape) take() []flute.TOI {
	w.mu.Lock()
	defer w.mu.Unlock()
	tois := w.tois
	for _, toi := range tois {
		w.count[toi]++
	}
	w.tois = nil
	return tois
}

// steered is a session whose packets are recorded: a thousand bytes each, one every 1 ms or so.
func steered(w *world, cfg sender.Config) (*Sending, *tape) {
	w.t.Helper()
	sent := &tape{count: map[flute.TOI]int{}}
	cfg.OTI = fec.OTI{SymbolLength: 1000, MaxSourceBlockLength: 20}
	cfg.FirstTOI = flute.NewTOI(1)
	s, err := w.node.sendTo(w.ctx, SendConfig{To: simGroup, TSI: 1, Rate: 8_000_000, Impair: sent.note, Session: cfg},
		w.net.Dial(simSource, simGroup), simSource.Addr())
	if err != nil {
		w.t.Fatal(err)
	}
	return s, sent
}

// file returns a file of session 1 of so many packets.
func (w *world) file(name string, packets int, seed uint64) sender.File {
	name = "1/" + name
	data := randomBytes(seed, 1000*packets)
	w.sent[name] = data
	return sender.File{
		ContentLocation: "file:///" + name, Content: bytes.NewReader(data), Size: uint64(len(data)),
		Digests: sender.NoDigest,
	}
}

// TestPreemption: a file of a higher priority has the next packet once it is described, and all of them until it is
// sent; the other one goes on where it was.
func TestPreemption(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		w.receive(simnet.Link{}, ReceiveConfig{})
		s, sent := steered(w, sender.Config{})
		bulk := w.file("bulk", 3000, 1)
		bulk.Priority = 1
		slow, err := s.Add(w.ctx, bulk, nil)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(1300 * time.Millisecond)
		snapshot, err := w.node.Snapshot(w.ctx)
		if err != nil || snapshot.Sessions[0].SentRate < 7_900_000 || snapshot.Sessions[0].SentRate > 8_100_000 {
			t.Errorf("%+v, %v; it sends 8 Mbit/s", snapshot.Sessions, err)
		}
		if in := snapshot.Sessions[1]; in.ReceivedRate < 7_900_000 || in.ReceivedRate > 8_100_000 {
			t.Errorf("%+v; it receives 8 Mbit/s", in)
		}
		sent.take()
		news := w.file("news", 50, 2)
		fast, err := s.Add(w.ctx, news, nil)
		if err != nil {
			t.Fatal(err)
		}
		sent.take()
		time.Sleep(200 * time.Millisecond)
		tois := slices.DeleteFunc(sent.take(), flute.TOI.IsFDT)
		first, last := slices.Index(tois, fast), len(tois)-1
		for tois[last] != fast {
			last--
		}
		if first < 0 || first > 3 || last-first != 49 {
			t.Errorf("after %d packets of the other file there are 50, with %d of the other between them", first,
				last-first-49)
		}
		if slices.Contains(tois[:first], fast) || tois[last+1] != slow {
			t.Error("the other file does not go on")
		}
		if err := s.Finish(w.ctx); err != nil {
			t.Fatal(err)
		}
		if err := s.Wait(w.ctx); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		w.delivered()
	})
}

// TestSteer: pauses, triggers, updates and removals of a running session, and what is told of it.
func TestSteer(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		s, sent := steered(w,
			sender.Config{TransferCount: -1, Delay: time.Hour, FDTInterval: 10 * time.Minute, TransferEvents: true})
		a, err := s.Add(w.ctx, w.file("a", 100, 1), nil)
		if err != nil {
			t.Fatal(err)
		}
		b := w.file("b", 100, 2)
		b.Priority = 5
		second, err := s.Add(w.ctx, b, nil)
		if err != nil {
			t.Fatal(err)
		}
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Error(err)
			}
		}
		// An object.
		time.Sleep(50 * time.Millisecond)
		must(s.PauseObject(w.ctx, a, true))
		time.Sleep(5 * time.Millisecond)
		sent.take()
		time.Sleep(50 * time.Millisecond)
		if got := sent.take(); slices.Contains(got, a) || !slices.Contains(got, second) {
			t.Error("an object that was paused is sent, or the other one is not")
		}
		// A queue.
		must(s.PauseQueue(w.ctx, 5, true))
		time.Sleep(5 * time.Millisecond)
		sent.take()
		time.Sleep(50 * time.Millisecond)
		if got := sent.take(); len(got) != 0 {
			t.Errorf("%d packets although all is paused", len(got))
		}
		snapshot, err := w.node.Snapshot(w.ctx)
		must(err)
		want := []sender.QueueState{{Priority: 0, Files: 1, Sending: 1}, {
			Priority: 5, Files: 1, Sending: 1, Paused: true,
		}}
		if st := snapshot.Sessions[0]; !slices.Equal(st.Queues, want) || st.Objects[0].Phase != "paused" ||
			st.Objects[1].Phase != "sending" || st.Objects[1].Priority != 5 {
			t.Errorf("queues %+v, objects %+v", st.Queues, st.Objects)
		}
		must(s.PauseObject(w.ctx, a, false))
		must(s.PauseQueue(w.ctx, 5, false))
		time.Sleep(250 * time.Millisecond)
		if sent.take(); sent.count[a] != 100 || sent.count[second] != 100 {
			t.Errorf("packets %v: the transfers did not go on where they were", sent.count)
		}
		// Both wait for an hour; one of them is to be sent now, the other one in a minute.
		must(s.Trigger(w.ctx, a, time.Time{}))
		must(s.Trigger(w.ctx, second, time.Now().Add(time.Minute)))
		time.Sleep(150 * time.Millisecond)
		if got := slices.DeleteFunc(sent.take(), flute.TOI.IsFDT); len(got) != 100 || slices.Contains(got, second) {
			t.Errorf("%d packets after Trigger", len(got))
		}
		snapshot, err = w.node.Snapshot(w.ctx)
		must(err)
		if at := snapshot.Sessions[0].Objects[0].Resumes; time.Until(at) < 59*time.Second ||
			time.Until(at) > time.Minute {
			t.Errorf("the other one resumes in %v", time.Until(at))
		}
		time.Sleep(time.Minute)
		if got := slices.DeleteFunc(sent.take(), flute.TOI.IsFDT); len(got) != 100 || slices.Contains(got, a) {
			t.Errorf("%d packets a minute later", len(got))
		}
		// An update, and the session as a whole.
		update := w.file("a", 30, 3)
		newer, err := s.Update(w.ctx, update, nil, sender.AtOnce)
		must(err)
		must(s.PauseSession(w.ctx, true))
		time.Sleep(5 * time.Millisecond)
		sent.take()
		time.Sleep(time.Minute)
		if got := sent.take(); len(got) != 0 {
			t.Errorf("%d packets of a session that was paused", len(got))
		}
		must(s.PauseSession(w.ctx, false))
		time.Sleep(200 * time.Millisecond)
		if got := slices.DeleteFunc(sent.take(), flute.TOI.IsFDT); len(got) == 0 || slices.Contains(got, a) ||
			!slices.Contains(got, newer) {
			t.Errorf("%v after the update of %v by %v", got, a, newer)
		}
		if err := s.Trigger(w.ctx, a, time.Time{}); !errors.Is(err, ErrNoObject) {
			t.Errorf("an object that has ended: %v", err)
		}
		must(s.Remove(w.ctx, newer, sender.AfterTransfer))
		must(s.Remove(w.ctx, second, sender.AtOnce))
		must(s.Finish(w.ctx))
		must(s.Wait(w.ctx))
		if err := s.PauseObject(w.ctx, a, true); !errors.Is(err, ErrNoObject) {
			t.Errorf("a session that has ended: %v", err)
		}
		var started, done, empty int
		for _, e := range w.take() {
			switch e.(type) {
			case event.TransferStarted:
				started++
			case event.TransferDone:
				done++
			case event.QueueEmpty:
				empty++
			}
		}
		if started != 5 || done != 5 || empty != 2 {
			t.Errorf("%d transfers started, %d done, %d queues empty", started, done, empty)
		}
	})
}
