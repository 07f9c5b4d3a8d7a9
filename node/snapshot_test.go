package node

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/simnet"
)

// TestSnapshot: it shows what runs, in the middle of a transfer, and can be read as JSON.
func TestSnapshot(t *testing.T) {
	inWorld(t, Config{Budget: 1 << 24}, func(w *world) {
		r := w.receive(simnet.Link{}, ReceiveConfig{})
		s := w.send(7, 800_000, sender.Config{Parallel: 1})
		w.add(s, 2, 50_000)
		time.Sleep(300 * time.Millisecond) // 30,000 bytes are out
		got, err := w.node.Snapshot(w.ctx)
		if err != nil {
			t.Fatal(err)
		}
		if got.SessionCount != 2 || len(got.Sessions) != 2 {
			t.Fatalf("%d sessions: %+v", got.SessionCount, got.Sessions)
		}
		out, in := got.Sessions[0], got.Sessions[1]
		if out.Sent == nil || out.Reception != 0 || out.ObjectCount != 2 || out.Session.TSI != 7 ||
			out.Sent.Pending != 2 {
			t.Errorf("sending: %+v", out)
		}
		if o := out.Objects[0]; o.Phase != "sending" || o.Done == 0 || o.Done >= 50_000 || o.TransferLength != 50_000 {
			t.Errorf("the object in transfer: %+v", o)
		}
		if o := out.Objects[1]; o.Phase != "waiting" || o.ContentLocation != "file:///7/2" {
			t.Errorf("the object that waits: %+v", o)
		}
		if in.Received == nil || in.Reception != 1 || in.ObjectCount < 1 || in.Received.Received == 0 {
			t.Errorf("receiving: %+v", in)
		}
		if o := in.Objects[0]; o.Phase != "receiving" || o.Done == 0 || o.TOI != flute.NewTOI(1) {
			t.Errorf("the object in reception: %+v", o)
		}
		if age := got.Time.Sub(in.LastPacket); age < 0 || age > 100*time.Millisecond || !out.LastPacket.IsZero() {
			t.Errorf("the latest packet came %v ago", age)
		}
		if o := in.Objects[0]; o.Blocks != 1 || o.Needed == 0 ||
			len(o.Missing) != 1 || o.Missing[0] != [2]uint64{o.Done, 50_000} {
			t.Errorf("what the object in reception lacks: %+v", o)
		}
		if in.Account == nil || in.Account.Symbols == 0 || in.Account.FDTAge == 0 || out.Account != nil {
			t.Errorf("how well it is received: %+v", in.Account)
		}
		if o, err := r.Missing(w.ctx, in.Session, flute.NewTOI(1)); err != nil || o.Done == 0 ||
			len(o.Missing) != 1 || o.Missing[0] != [2]uint64{o.Done, 50_000} {
			t.Errorf("what it lacks: %+v, %v", o, err)
		}
		for _, toi := range []flute.TOI{{}, flute.NewTOI(99)} {
			if _, err := r.Missing(w.ctx, in.Session, toi); !errors.Is(err, ErrNoObject) {
				t.Errorf("TOI %v: %v", toi, err)
			}
		}
		if in.Held == 0 || got.Used < in.Held || got.Budget != 1<<24 {
			t.Errorf("memory: %d of %d, the session has %d", got.Used, got.Budget, in.Held)
		}
		if len(got.Receptions) != 1 || got.Receptions[0].Group != simGroup ||
			len(got.Receptions[0].Feeds) != 1 || got.Receptions[0].Feeds[0].Group != simGroup ||
			got.Receptions[0].Counters.Accepted == 0 {
			t.Errorf("receptions: %+v", got.Receptions)
		}
		for _, id := range []string{
			"node", "node/hub", "node/transfers/sessions/send-7-1",
			"node/transfers/sockets/socket-1-1",
		} {
			if !slices.Contains(got.Actors, id) {
				t.Errorf("%s is missing in %v", id, got.Actors)
			}
		}
		text, err := json.Marshal(got)
		if err != nil || !strings.Contains(string(text), `"phase":"receiving"`) {
			t.Errorf("%s, %v", text, err)
		}
		w.finish(s)
		w.stop()
		if _, err := w.node.Snapshot(context.Background()); err == nil {
			t.Error("a snapshot of a node that was stopped")
		}
	})
}

// TestSnapshotIsBounded: neither objects nor time without bound; a session that is stuck says nothing.
func TestSnapshotIsBounded(t *testing.T) {
	faults := stuckFor(time.Minute, "session/sending-2", "finish", 1)
	inWorld(t, Config{Faults: faults}, func(w *world) {
		many, stuck := w.send(1, 80_000, sender.Config{Parallel: 1}), w.send(2, 80_000, sender.Config{})
		for i := range snapshotObjects {
			if _, err := many.Add(w.ctx, sender.File{
				ContentLocation: "file:///" + flute.NewTOI(uint64(i)).String(), Content: strings.NewReader("x"),
				Size: 1,
			}, nil); err != nil {
				t.Fatal(err)
			}
		}
		go func() { _ = stuck.Finish(w.ctx) }()
		time.Sleep(time.Second)
		begin := time.Now()
		got, err := w.node.Snapshot(w.ctx)
		if err != nil {
			t.Fatal(err)
		}
		if lasted := time.Since(begin); lasted > snapshotPatience {
			t.Errorf("it took %v", lasted)
		}
		if st := got.Sessions[0]; st.Silent || len(st.Objects) != snapshotObjects/2 ||
			st.ObjectCount < snapshotObjects-100 {
			t.Errorf("%d of %d objects", len(st.Objects), st.ObjectCount)
		}
		if st := got.Sessions[1]; !st.Silent || st.Sent != nil {
			t.Errorf("the session that is stuck: %+v", st)
		}
		if got, err = w.node.Snapshot(w.ctx); err != nil || got.Sessions[1].Waiting != 1 {
			t.Errorf("the question before should wait: %+v, %v", got.Sessions[1], err)
		}
		for _, s := range []*Sending{many, stuck} {
			_ = s.Close(w.ctx)
		}
	})
}

// TestRemove: an object that was removed is not sent any more, and an event says why; the others are. It was asked for,
// so that Wait has no error.
func TestRemove(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		w.receive(simnet.Link{}, ReceiveConfig{})
		s := w.send(1, 800_000, sender.Config{Parallel: 1})
		w.add(s, 3, 50_000)
		time.Sleep(100 * time.Millisecond)
		for range 2 { // the second time there is nothing to remove
			if err := s.Remove(w.ctx, flute.NewTOI(2), sender.AtOnce); err != nil {
				t.Error(err)
			}
		}
		before, err := s.Stats(w.ctx)
		if err != nil || before.Added != 3 || before.Failed != 1 || before.Pending != 2 {
			t.Errorf("%+v, %v", before, err)
		}
		if err := s.Finish(w.ctx); err != nil {
			t.Error(err)
		}
		if err := s.Wait(w.ctx); err != nil {
			t.Error(err)
		}
		if _, err := s.Stats(w.ctx); err == nil {
			t.Error("statistics of a session that has ended")
		}
		if err := s.Remove(w.ctx, flute.NewTOI(1), sender.AtOnce); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Second)
		w.delivered("1/2")
		cancelled := 0
		for _, e := range w.take() {
			if f, ok := e.(event.ObjectFailed); ok && f.Sending && f.Reason == event.FailCancelled &&
				f.TOI == flute.NewTOI(2) {
				cancelled++
			}
		}
		if cancelled != 1 {
			t.Errorf("it was told %d times", cancelled)
		}
	})
}
