package node

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/flute-node/flute-node/actors/inject"
	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/actors/socket"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/drop"
	"github.com/flute-node/flute-node/internal/simnet"
	"github.com/flute-node/flute-node/internal/slab"
	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/storetest"
)

// TestSlowSessions: sessions that do not keep up lose datagrams, which are counted; another one on the same socket
// loses none, whatever they hold.
func TestSlowSessions(t *testing.T) {
	for _, slow := range []int{1, 3, 20} {
		t.Run(fmt.Sprint(slow), func(t *testing.T) {
			faults := inject.New(1, inject.Rule{
				Kind: inject.Delay, Actor: "session/receiving-1??", Message: "packets", Delay: 2 * time.Second,
			})
			inWorld(t, Config{Faults: faults}, func(w *world) {
				w.receive(simnet.Link{}, ReceiveConfig{InboxBytes: 1 << 30, InboxMessages: 1 << 20})
				var all []*Sending
				for i := range slow {
					s := w.send(flute.TSI(100+i), 8_000_000, sender.Config{})
					w.add(s, 1, 2_000_000)
					all = append(all, s)
				}
				good := w.send(7, 8_000_000, sender.Config{})
				w.add(good, 3, 500_000)
				w.finish(append(all, good)...)
				time.Sleep(time.Minute)
				ends := w.ends()
				for i := range 3 {
					if how := ends[fmt.Sprintf("7/%d", i+1)]; how != "completed" {
						t.Errorf("7/%d: %q", i+1, how)
					}
				}
				w.stop()
				w.accounted()
				for _, e := range w.events {
					c, ok := e.(event.SessionClosed)
					if !ok || c.Sending {
						continue
					}
					if n := c.Counters.DropTotal(); c.Session.TSI == 7 && n > 0 {
						t.Errorf("the session that keeps up lost %d datagrams: %v", n, c.Counters.Dropped)
					}
				}
			})
		})
	}
}

// TestFullInbox: the limits of an Inbox hold, and what does not fit is counted as such.
func TestFullInbox(t *testing.T) {
	faults := inject.New(1, inject.Rule{
		Kind: inject.Delay, Actor: "session/receiving-1", Message: "packets", Nth: 2, Delay: 10 * time.Second,
	})
	inWorld(t, Config{Faults: faults}, func(w *world) {
		w.receive(simnet.Link{}, ReceiveConfig{InboxBytes: 100_000, InboxMessages: 50})
		s := w.send(1, 8_000_000, sender.Config{OTI: repaired, TransferCount: 20, Delay: time.Second})
		w.add(s, 2, 300_000)
		w.finish(s)
		w.delivered()
		w.stop()
		w.accounted()
		if c := w.counters()[0]; c.Dropped[drop.Mailbox] == 0 {
			t.Errorf("nothing was dropped: %+v", c)
		}
	})
}

// fullDisk fails for objects of some size, like a disk that is full when they come. at says what fails.
func fullDisk(st store.Store, size uint64, at string) store.Store {
	return &storetest.Faulty{Store: st, Before: func(c storetest.Call) error {
		switch {
		case c.Size != size:
		case at == "panic" && c.Method == "Publish":
			panic("in the store")
		case at == c.Method && (at != "WriteAt" || c.Off > 60_000):
			return syscall.ENOSPC
		}
		return nil
	}}
}

// TestFullDisk: the objects that the disk has no room for fail with that reason; all others arrive.
func TestFullDisk(t *testing.T) {
	for _, at := range []string{"Create", "WriteAt", "Publish", "panic"} {
		t.Run(at, func(t *testing.T) {
			inWorld(t, Config{}, func(w *world) {
				w.receive(simnet.Link{}, ReceiveConfig{Store: fullDisk(w.store, 200_000, at)})
				bad, good := w.send(1, 8_000_000, sender.Config{}), w.send(2, 8_000_000, sender.Config{})
				w.add(bad, 2, 200_000)
				w.add(good, 3, 100_000)
				w.finish(bad, good)
				w.delivered("1/1", "1/2")
				for name, how := range w.ends() {
					if strings.HasPrefix(name, "1/") && how != string(event.FailStore) {
						t.Errorf("%s: %q", name, how)
					}
				}
				w.stop()
				w.accounted()
			})
		})
	}
}

// faultySource panics or fails at the nth read.
type faultySource struct {
	socket.Source
	reads int
	at    int
	panic bool
}

func (s *faultySource) ReadBatch(b *slab.Slab, out []slab.Datagram) (int, error) {
	if s.reads++; s.reads == s.at {
		if s.panic {
			panic("in the source")
		}
		return 0, errors.New("the source is broken")
	}
	return s.Source.ReadBatch(b, out)
}

// TestSocketFails: a socket that fails is opened again, if need be later; one whose reader panics is read on. The
// sessions on it go on.
func TestSocketFails(t *testing.T) {
	for _, panics := range []bool{false, true} {
		t.Run(fmt.Sprint("panics ", panics), func(t *testing.T) {
			inWorld(t, Config{}, func(w *world) {
				tries := 0
				open := func() (socket.Source, error) {
					if tries++; tries == 2 || tries == 3 {
						return nil, errors.New("the interface is down")
					}
					f := &faultySource{w.net.Join(simnet.JoinConfig{Group: simGroup}), 0, 20, panics}
					if tries > 1 {
						f.at = 0
					}
					return f, nil
				}
				source, _ := open()
				r, err := w.node.receive(w.ctx, ReceiveConfig{Group: simGroup, Store: w.store}, source, open)
				if err != nil {
					t.Fatal(err)
				}
				w.receptions = append(w.receptions, r)
				s := w.send(1, 8_000_000, sender.Config{TransferCount: 8, Delay: time.Second})
				w.add(s, 2, 200_000)
				w.finish(s)
				w.delivered()
				warnings, opened := 0, 0
				for _, e := range w.take() {
					switch e := e.(type) {
					case notice.Warning:
						warnings++
					case event.SessionOpened:
						if !e.Sending {
							opened++
						}
					}
				}
				wantTries, wantWarnings := 4, 1
				if panics {
					wantTries, wantWarnings = 1, 0
				}
				if tries != wantTries || warnings != wantWarnings || opened != 1 {
					t.Errorf("opened %d times, %d warnings, %d sessions", tries, warnings, opened)
				}
				w.stop()
				w.accounted()
			})
		})
	}
}
