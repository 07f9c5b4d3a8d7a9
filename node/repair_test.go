package node

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/flute-node/flute-node/actors/inject"
	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/simnet"
)

// lossy has a file received with a tenth of its packets lost, and returns the session, once all of them were sent.
func (w *world) lossy(r *Reception, s *Sending, name string, size int) flute.SessionKey {
	w.t.Helper()
	w.addNamed(s, name, 9, size)
	for range 100 {
		if st, err := s.Stats(w.ctx); err != nil || st.Pending == 0 {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	time.Sleep(time.Second)
	snap, err := w.node.Snapshot(w.ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, in := range snap.Sessions {
		if in.Received != nil {
			return in.Session
		}
	}
	w.t.Fatal("no session is received")
	return flute.SessionKey{}
}

// mend puts what an object lacks, range by range, as content has it.
func (w *world) mend(r *Reception, key flute.SessionKey, toi flute.TOI, content []byte) {
	w.t.Helper()
	st, err := r.Missing(w.ctx, key, toi)
	if err != nil || len(st.Missing) == 0 {
		w.t.Fatalf("%+v, %v", st, err)
	}
	for _, m := range st.Missing {
		st, err = r.Put(w.ctx, key, toi, m[0], bytes.NewReader(content[m[0]:m[1]]))
		if err != nil {
			w.t.Fatal(err)
		}
	}
	if st.Lacking != 0 || st.Phase != "finishing" && st.Phase != "completed" {
		w.t.Errorf("all was put: %+v", st)
	}
}

// plainOTI is that of files without FEC.
var plainOTI = fec.OTI{EncodingID: fec.CompactNoCode, SymbolLength: 1000, MaxSourceBlockLength: 64}

var repairTOI = flute.NewTOI(1)

// TestRepair: a file that lacks a tenth of its symbols arrives once they are put; all counts of packets stay exact.
func TestRepair(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		r := w.receive(simnet.Link{Loss: 0.1}, ReceiveConfig{})
		s := w.send(7, 8_000_000, sender.Config{OTI: plainOTI})
		key := w.lossy(r, s, "a", 2_000_000)
		content := w.sent["7/a"]
		if _, err := r.Put(w.ctx, key, repairTOI, 1_999_999, strings.NewReader("xy")); err == nil {
			t.Error("bytes beyond the end")
		}
		if _, err := r.Put(w.ctx, key, flute.NewTOI(9), 0, strings.NewReader("x")); !errors.Is(err, ErrNoObject) {
			t.Errorf("no such object: %v", err)
		}
		other := flute.SessionKey{TSI: 9}
		if _, err := r.Put(w.ctx, other, repairTOI, 0, strings.NewReader("x")); !errors.Is(err, ErrNoObject) {
			t.Errorf("no such session: %v", err)
		}
		torn := errors.New("torn")
		if _, err := r.Put(w.ctx, key, repairTOI, 0, iotest.ErrReader(torn)); !errors.Is(err, torn) {
			t.Errorf("a reader that fails: %v", err)
		}
		over, cancel := context.WithCancel(w.ctx)
		cancel()
		for range 20 { // what answers may be faster
			if _, err := r.Put(over, key, repairTOI, 0, strings.NewReader("x")); !errors.Is(err, context.Canceled) {
				t.Errorf("after the end of ctx: %v", err)
			}
		}
		if _, err := r.PutSymbols(w.ctx, key, repairTOI, []byte{1}); err == nil {
			t.Error("no symbol")
		}
		w.mend(r, key, repairTOI, content)
		w.delivered()
		st, err := r.Put(w.ctx, key, repairTOI, 0, bytes.NewReader(content))
		if err != nil || st.Phase != "completed" {
			t.Errorf("when it is complete: %+v, %v", st, err)
		}
		w.finish(s)
		w.stop()
		w.accounted()
		if _, err := r.Put(context.Background(), key, repairTOI, 0, bytes.NewReader(content)); err == nil {
			t.Error("after the end of the node")
		}
	})
}

// TestRepairAnyReader: whatever pieces a reader gives, the whole object can be put, though more of it comes in packets
// than not; of an object of which nothing came all.
func TestRepairAnyReader(t *testing.T) {
	for name, wrap := range map[string]func(io.Reader) io.Reader{
		"bytes": iotest.OneByteReader, "halves": iotest.HalfReader, "data with EOF": iotest.DataErrReader,
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, Config{}, func(w *world) {
				r := w.receive(simnet.Link{Loss: 0.1}, ReceiveConfig{})
				s := w.send(7, 8_000_000, sender.Config{OTI: plainOTI})
				key := w.lossy(r, s, "a", 600_000)
				st, err := r.Put(w.ctx, key, repairTOI, 0, wrap(bytes.NewReader(w.sent["7/a"])))
				if err != nil || st.Lacking != 0 {
					t.Errorf("%+v, %v", st, err)
				}
				w.finish(s)
				w.delivered()
			})
		})
	}
}

// TestRepairCrash: whoever crashes at a Put, before or after it was taken, and how often, the file is repaired.
func TestRepairCrash(t *testing.T) {
	for _, rule := range []inject.Rule{
		crash("object/7-1", "put", 1), after(crash("object/7-1", "put", 1)), crash("object/7-1", "put", 3),
		crash("session/receiving-7", "put", 1), after(crash("session/receiving-7", "put", 2)),
		crash("sessions", "open", 1),
	} {
		t.Run(rule.Actor+" "+rule.Message, func(t *testing.T) {
			inWorld(t, Config{Faults: inject.New(1, rule)}, func(w *world) {
				r := w.receive(simnet.Link{Loss: 0.1}, ReceiveConfig{})
				s := w.send(7, 8_000_000, sender.Config{OTI: plainOTI})
				key := w.lossy(r, s, "a", 300_000)
				w.mend(r, key, repairTOI, w.sent["7/a"])
				w.finish(s)
				w.delivered()
				crashed := 0
				for _, e := range w.take() {
					if _, ok := e.(notice.ActorRestarted); ok {
						crashed++
					}
				}
				if crashed == 0 {
					t.Error("nothing has crashed")
				}
				w.stop()
				w.accounted()
			})
		})
	}
}

// TestRepairForged: forged bytes that are put beside packets cost no file.
func TestRepairForged(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		r := w.receive(simnet.Link{Loss: 0.1}, ReceiveConfig{})
		s := w.send(7, 8_000_000, sender.Config{OTI: plainOTI})
		key := w.lossy(r, s, "a", 300_000)
		forged := bytes.Clone(w.sent["7/a"])
		for i := range forged {
			forged[i] ^= 1
		}
		w.mend(r, key, repairTOI, forged)
		failed := 0
		for _, e := range w.take() {
			if e, ok := e.(event.ObjectFailed); ok && e.Reason == event.FailDigest {
				failed++
			}
		}
		if failed != 1 {
			t.Errorf("the digest was told to fail %d times", failed)
		}
		for range 5 {
			if st, err := r.Put(w.ctx, key, repairTOI, 0, bytes.NewReader(w.sent["7/a"])); err != nil {
				t.Fatal(err)
			} else if st.Phase == "completed" {
				break
			}
			time.Sleep(2 * time.Second)
		}
		if w.completed(7) != 1 {
			t.Error("the file has not arrived")
		}
		w.finish(s)
	})
}

// TestRepairBesidePackets: several goroutines put beside packets that come, into a store that is slow and within a
// small budget.
func TestRepairBesidePackets(t *testing.T) {
	inWorld(t, Config{Budget: 4 << 20}, func(w *world) {
		r := w.receive(simnet.Link{Loss: 0.1}, ReceiveConfig{})
		s := w.send(7, 8_000_000, sender.Config{OTI: plainOTI})
		w.add(s, 4, 1_000_000)
		var all sync.WaitGroup
		time.Sleep(500 * time.Millisecond)
		snap, err := w.node.Snapshot(w.ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, in := range snap.Sessions {
			for i := range 4 {
				if in.Received == nil {
					continue
				}
				all.Go(func() {
					toi, content := flute.NewTOI(uint64(i+1)), w.sent["7/"+string(rune('1'+i))]
					for range 3 {
						if _, err := r.Put(w.ctx, in.Session, toi, 0, bytes.NewReader(content)); err != nil &&
							!strings.Contains(err.Error(), "FEC OTI") && !errors.Is(err, ErrNoObject) {
							t.Error(err)
						}
						time.Sleep(time.Second)
					}
				})
			}
		}
		all.Wait()
		w.finish(s)
		w.delivered()
		w.stop()
		w.accounted()
	})
}
