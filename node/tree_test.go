package node

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flute-node/flute-node/actors/inject"
	"github.com/flute-node/flute-node/actors/socket"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/simnet"
	"github.com/flute-node/flute-node/internal/slab"
)

// errDevice is what a source reports whose network device is gone.
var errDevice = errors.New("no such device")

// unsteadySource is a simulated socket whose nth read does not come to its end: it panics, or it fails and goes on
// failing until it is opened again.
type unsteadySource struct {
	*simnet.Receiver
	closed        *atomic.Int32
	reads         int
	panics, fails int // at which read; zero: never
}

func (s *unsteadySource) ReadBatch(b *slab.Slab, out []slab.Datagram) (int, error) {
	n, err := s.Receiver.ReadBatch(b, out)
	s.reads++
	switch {
	case s.reads == s.panics:
		panic("a bug in the reader")
	case s.fails > 0 && s.reads >= s.fails && err == nil:
		return n, errDevice
	}
	return n, err
}

func (s *unsteadySource) Close() error {
	s.closed.Add(1)
	return s.Receiver.Close()
}

// TestWhoCrashes is the table "Who crashes" of docs/architecture.md: each of its rows is a test here. Three sessions of
// three files are received meanwhile. All files arrive each time, and no socket is closed but one that itself has
// failed.
func TestWhoCrashes(t *testing.T) {
	const (
		nothing = iota
		something
		perhaps // what waits in mailboxes at the moment
	)
	for name, r := range map[string]struct {
		rules         []inject.Rule
		panics, fails int // reads of the first source that do not come to their end
		restarted     int // actors that are started again under the name that they had
		opened        int // sources beside the first
		lost          int // datagrams
	}{
		"hub": {rules: []inject.Rule{crash("hub", "publish", 3)}, restarted: 1},
		"object": {
			rules: []inject.Rule{crash("object/2-2", "packets", 3)}, restarted: 1, lost: something,
		},
		"receiving session": {
			rules: []inject.Rule{crash("session/receiving-2", "packets", 12)}, restarted: 1, lost: something,
		},
		"sending session": {rules: []inject.Rule{crash("session/sending-2", "pump", 5)}, restarted: 1},
		"socket":          {rules: []inject.Rule{crash("socket/*", "tick", 1)}, restarted: 1},
		"reader":          {panics: 3, restarted: 1, lost: something},
		"system's socket": {fails: 3, restarted: 1, opened: 1, lost: perhaps},
		// sockets, with the one below
		"sockets": {rules: []inject.Rule{crash("sockets", "node.trigger", 1)}, restarted: 2},
		// sessions, with the six below; sockets, with the one below
		"sessions": {rules: []inject.Rule{crash("sessions", "node.trigger", 1)}, restarted: 9, lost: perhaps},
		// and their supervisor; the first restart of the sessions is not counted, since they crash there
		"transfers": {rules: crashes("sessions", 4), restarted: 9, lost: perhaps},
	} {
		t.Run(name, func(t *testing.T) {
			rules := append([]inject.Rule{}, r.rules...)
			for _, name := range []string{"*", "*/*"} { // they do nothing, but are counted
				rules = append(rules, inject.Rule{Kind: inject.Delay, Actor: name, Message: "started", Nth: 2})
			}
			faults := inject.New(1, rules...)
			inWorld(t, Config{Faults: faults}, func(w *world) {
				var opened, closed atomic.Int32
				open := func() (socket.Source, error) {
					s := &unsteadySource{Receiver: w.net.Join(simnet.JoinConfig{Group: simGroup}), closed: &closed}
					if opened.Add(1) == 1 {
						s.panics, s.fails = r.panics, r.fails
					}
					w.receivers = append(w.receivers, s.Receiver)
					return s, nil
				}
				first, _ := open()
				reception, err := w.node.receive(w.ctx, ReceiveConfig{Group: simGroup, Store: w.store}, first, open)
				if err != nil {
					t.Fatal(err)
				}
				w.receptions = append(w.receptions, reception)
				var all []*Sending
				for tsi := range 3 {
					s := w.send(flute.TSI(tsi+1), 4_000_000, sender.Config{
						OTI: repaired, TransferCount: 4, Delay: 500 * time.Millisecond,
					})
					w.add(s, 3, 70_001)
					all = append(all, s)
				}
				time.Sleep(100 * time.Millisecond) // of 1.7 s; all of them are there
				w.node.send(sessionsName, trigger{})
				w.node.send(socketsName, trigger{})
				w.finish(all...)
				w.delivered()
				if n := int(opened.Load()); n != 1+r.opened || int(closed.Load()) != r.opened {
					t.Errorf("%d sockets were opened, want %d; %d were closed", n, 1+r.opened, closed.Load())
				}
				if n := int(faults.Injected()) - len(r.rules); n != r.restarted {
					t.Errorf("%d actors were restarted, want %d", n, r.restarted)
				}
				w.stop()
				w.accounted()
				if n := opened.Load(); closed.Load() != n {
					t.Errorf("%d sockets were opened, but %d closed in the end", n, closed.Load())
				}
				if lost := w.lost(); r.lost == nothing && lost > 0 || r.lost == something && lost == 0 {
					t.Errorf("%d datagrams are lost", lost)
				}
			})
		})
	}
}

// lost returns how many datagrams have reached the machine but not an object.
func (w *world) lost() (n uint64) {
	for _, r := range w.receivers {
		n += r.Stats().Arrived
	}
	for _, r := range w.receptions {
		read, dropped := r.Datagrams()
		n -= read
		for _, d := range dropped {
			n += d
		}
	}
	for _, c := range w.counters() {
		n += c.DropTotal()
	}
	return n
}

// crashes are rules that have an actor panic at its trigger, and each time that it starts again, n times in all.
func crashes(actor string, n int) []inject.Rule {
	rules := []inject.Rule{crash(actor, "node.trigger", 1)}
	for i := range n - 1 {
		rules = append(rules, crash(actor, "started", 2+i)) // not the first
	}
	return rules
}
