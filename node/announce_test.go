package node

import (
	"errors"
	"testing"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/simnet"
)

// TestReserve: a TOI is known before its file is there, and is the file's; one that was released goes to another file.
func TestReserve(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		w.receive(simnet.Link{}, ReceiveConfig{})
		s := w.send(1, 8_000_000, sender.Config{TOIBits: 16})
		var tois []flute.TOI
		for range 2 {
			toi, err := s.Reserve(w.ctx)
			if err != nil {
				t.Fatal(err)
			}
			tois = append(tois, toi)
		}
		if tois[0] != flute.NewTOI(1) || tois[1] != flute.NewTOI(2) {
			t.Fatalf("reserved %v", tois)
		}
		w.addNamed(s, "first", 0, 1000)
		if toi, err := s.Add(w.ctx, sender.File{ContentLocation: "file:///1/reserved", TOI: &tois[1]},
			nil); err != nil ||
			toi != tois[1] {
			t.Errorf("TOI %v, %v", toi, err)
		}
		w.sent["1/reserved"] = nil
		if err := s.Release(w.ctx, tois[0]); err != nil {
			t.Error(err)
		}
		if toi, err := s.Add(w.ctx, sender.File{ContentLocation: "file:///1/released", TOI: &tois[0]},
			nil); err != nil ||
			toi != tois[0] {
			t.Errorf("TOI %v, %v", toi, err)
		}
		w.sent["1/released"] = nil
		w.finish(s)
		w.delivered()
		if _, err := s.Reserve(w.ctx); !errors.Is(err, sender.ErrClosed) {
			t.Errorf("after the end: %v", err)
		}
	})
}

// TestPublish: files that wait are sent together once they are published, and not before.
func TestPublish(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		w.receive(simnet.Link{}, ReceiveConfig{})
		s := w.send(1, 8_000_000, sender.Config{FDTManual: true})
		w.add(s, 3, 1000)
		time.Sleep(2 * time.Second)
		if st, err := s.Stats(w.ctx); err != nil || st.Pending != 3 || st.Packets != 0 {
			t.Errorf("before: %+v, %v", st, err)
		}
		if err := s.Publish(w.ctx); err != nil {
			t.Error(err)
		}
		time.Sleep(2 * time.Second)
		if st, err := s.Stats(w.ctx); err != nil || st.Completed != 3 || st.FDTInstances != 1 {
			t.Errorf("after: %+v, %v", st, err)
		}
		w.finish(s)
		w.delivered()
	})
}
