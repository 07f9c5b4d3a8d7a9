package node

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/actors/inject"
	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/drop"
	"github.com/flute-node/flute-node/internal/simnet"
)

// crash is a rule that has an actor panic at a message.
func crash(actor, message string, nth int) inject.Rule {
	return inject.Rule{Kind: inject.Panic, Actor: actor, Message: message, Nth: nth}
}

// after is the same, once the message was handled.
func after(r inject.Rule) inject.Rule { r.After = true; return r }

// transfer sends three sessions of three files through a node with faults, and checks that all of them arrive and that
// every datagram was counted.
func transfer(t *testing.T, link simnet.Link, rules ...inject.Rule) *world {
	t.Helper()
	faults := inject.New(1, rules...)
	var result *world
	inWorld(t, Config{Faults: faults}, func(w *world) {
		w.receive(link, ReceiveConfig{})
		var all []*Sending
		for tsi := range 3 {
			s := w.send(flute.TSI(tsi+1), 20_000_000,
				sender.Config{OTI: repaired, TransferCount: 4, Delay: 20 * time.Millisecond})
			w.add(s, 3, 70_001)
			all = append(all, s)
		}
		w.finish(all...)
		w.delivered()
		w.stop()
		w.accounted()
		result = w
	})
	if len(rules) > 0 && faults.Injected() == 0 {
		t.Error("no fault was injected")
	}
	return result
}

// TestActorPanics: whichever actor panics, at whatever message, before or after it has handled it: every transfer
// completes, once, with its bytes, and every datagram is counted once.
func TestActorPanics(t *testing.T) {
	for _, r := range []inject.Rule{
		crash("object/2-2", "packets", 3),
		crash("object/2-2", "work_done", 1),
		crash("object/2-*", "started", 1),
		crash("session/receiving-2", "packets", 1),
		crash("session/receiving-2", "packets", 12),
		crash("session/receiving-2", "reported", 2),
		crash("session/receiving-2", "ran", 1),
		crash("sessions", "start", 2),
		crash("sessions", "drain", 1),
		crash("session/sending-2", "add", 2),
		crash("session/sending-2", "finish", 1),
		crash("hub", "flush", 1),
		crash("sockets", "start", 1),
		crash("sockets", "stop", 1),
		crash("session/receiving-2", "started", 1),
		crash("session/sending-2", "pump", 5),
		crash("session/sending-2", "started", 1),
		crash("sessions", "open", 2),
		crash("sessions", "closed", 1),
		crash("sessions", "terminated", 1),
		crash("sockets", "started", 1),
		crash("socket/*", "started", 1),
		crash("hub", "started", 1),
	} {
		for _, r := range []inject.Rule{r, after(r)} {
			name := strings.ReplaceAll(fmt.Sprintf("%s at %s %d", r.Actor, r.Message, r.Nth), "/", ".")
			if r.After {
				name += " after"
			}
			t.Run(name, func(t *testing.T) { transfer(t, simnet.Link{}, r) })
		}
	}
}

// TestStopDuringCrash: a session that crashes when it is told to end ends all the same, and so does one that is made
// anew then, since Sessions has crashed.
func TestStopDuringCrash(t *testing.T) {
	for _, r := range []inject.Rule{
		crash("session/sending-1", "close", 1), after(crash("session/sending-1", "close", 1)),
		crash("session/receiving-1", "close", 1), after(crash("session/receiving-1", "close", 1)),
		after(crash("sessions", "drain", 1)),
	} {
		faults := inject.New(1, r)
		inWorld(t, Config{Faults: faults}, func(w *world) {
			w.receive(simnet.Link{}, ReceiveConfig{})
			s := w.send(1, 20_000_000, sender.Config{TransferCount: -1})
			w.add(s, 1, 70_001)
			time.Sleep(time.Second)
			begin := time.Now()
			w.stop()
			if d := time.Since(begin); d > 5*time.Second {
				t.Errorf("%s: stopped after %v", r.Actor, d)
			}
		})
		if faults.Injected() == 0 {
			t.Errorf("%s: no fault was injected", r.Actor)
		}
	}
}

// TestOthersDoNotNotice: a crash in one session costs the others no packet.
func TestOthersDoNotNotice(t *testing.T) {
	for _, r := range []inject.Rule{
		crash("object/2-*", "packets", 2),
		crash("session/receiving-2", "packets", 3),
	} {
		w := transfer(t, simnet.Link{}, r)
		for _, e := range w.events {
			c, ok := e.(event.SessionClosed)
			if !ok || c.Sending {
				continue
			}
			if n := c.Counters.DropTotal(); (n > 0) != (c.Session.TSI == 2) {
				t.Errorf("session %d dropped %v", c.Session.TSI, c.Counters.Dropped)
			}
			if n := c.Counters.Dropped[drop.Fault]; c.Session.TSI == 2 && n == 0 {
				t.Error("what the crash has cost was not counted as a fault")
			}
		}
	}
}

// poison is a kind of object whose content makes the decoder of one block panic: here by a rule that hits each batch.
func TestQuarantine(t *testing.T) {
	faults := inject.New(1, inject.Rule{
		Kind: inject.Panic, Actor: "object/1-2", Message: "packets",
	})
	inWorld(t, Config{Faults: faults}, func(w *world) {
		w.receive(simnet.Link{}, ReceiveConfig{})
		s := w.send(1, 8_000_000, sender.Config{TransferCount: 3})
		other := w.send(2, 8_000_000, sender.Config{TransferCount: 3})
		w.add(s, 3, 100_000)
		w.add(other, 3, 100_000)
		w.finish(s, other)
		w.delivered("1/2")
		if how := w.ends()["1/2"]; how != string(event.FailQuarantined) {
			t.Errorf("1/2 ended with %q", how)
		}
		outcomes := map[string]int{}
		for _, e := range w.take() {
			if a, ok := e.(notice.ActorRestarted); ok {
				outcomes[a.Outcome]++
				if a.Stack == "" {
					t.Errorf("no stack: %+v", a)
				}
			}
		}
		if outcomes["stopped for good"] != 1 || outcomes["restarted"] == 0 || outcomes["given up"] != 0 {
			t.Errorf("outcomes: %v", outcomes)
		}
		w.stop()
		w.accounted()
	})
}

// TestSessionGivenUp: a session that crashes too often ends, with an end for each of its objects; others go on.
func TestSessionGivenUp(t *testing.T) {
	rules := []inject.Rule{}
	for i := range 4 {
		rules = append(rules, crash("node/transfers/sessions/tsi-1-1", "packets", 4+i)) // not those after it
	}
	faults := inject.New(1, rules...)
	inWorld(t, Config{Faults: faults}, func(w *world) {
		w.receive(simnet.Link{}, ReceiveConfig{})
		s := w.send(1, 8_000_000, sender.Config{})
		w.add(s, 2, 300_000)
		time.Sleep(time.Second)
		other := w.send(2, 8_000_000, sender.Config{})
		w.add(other, 2, 300_000)
		w.finish(s, other)
		w.stop()
		w.delivered("1/1", "1/2")
		w.accounted()
		closed := 0
		for _, e := range w.events {
			if c, ok := e.(event.SessionClosed); ok && !c.Sending && c.Session.TSI == 1 {
				closed++
			}
		}
		if closed < 1 {
			t.Error("the session was not closed")
		}
		for name, how := range w.ends() {
			if how == "" {
				t.Errorf("%s has no end", name)
			}
		}
	})
}

// TestSendingGivenUp: a sending session that crashes too often ends with its reason, and frees its socket.
func TestSendingGivenUp(t *testing.T) {
	faults := inject.New(1, inject.Rule{Kind: inject.Panic, Actor: "session/sending-1", Message: "pump"})
	inWorld(t, Config{Faults: faults}, func(w *world) {
		out := w.net.Dial(simSource, simGroup)
		s, err := w.node.sendTo(w.ctx, SendConfig{To: simGroup, TSI: 1}, out, simSource.Addr())
		if err != nil {
			t.Fatal(err)
		}
		<-s.Done()
		if err := out.Close(); err == nil {
			t.Error("the writer was not closed")
		}
		_, err = s.Add(w.ctx, sender.File{ContentLocation: "file:///late"}, nil)
		if !errors.Is(err, sender.ErrClosed) {
			t.Errorf("Add: %v", err)
		}
		if err := s.Wait(w.ctx); err == nil || !strings.Contains(err.Error(), "given up") {
			t.Errorf("Wait: %v", err)
		}
	})
}

// trigger is a message that means nothing to any actor.
type trigger struct{}

// TestNodeGivesUp: a tree that crashes too often yields an error; the process lives, and all is freed.
func TestNodeGivesUp(t *testing.T) {
	for actor, name := range map[string]string{
		"hub": hubName, "sessions": sessionsName, "sockets": socketsName,
	} {
		t.Run(actor, func(t *testing.T) {
			// Below transfers it takes so many until the root has had enough.
			faults := inject.New(1, crashes(actor, 20)...)
			inWorld(t, Config{Faults: faults}, func(w *world) {
				w.receive(simnet.Link{}, ReceiveConfig{})
				s := w.send(1, 8_000_000, sender.Config{TransferCount: -1})
				w.add(s, 2, 100_000)
				second := w.send(2, 8_000_000, sender.Config{TransferCount: -1})
				w.node.send(name, trigger{})
				var err error
				select {
				case err = <-w.node.Failed():
				case <-w.ctx.Done():
				}
				var injected *inject.Fault
				if !errors.As(err, &injected) || injected.Actor != actor {
					t.Errorf("failed with %v", err)
				}
				for _, s := range []*Sending{s, second} {
					if err := s.Wait(w.ctx); !errors.Is(err, ErrStopped) {
						t.Errorf("session %d: %v", s.key.TSI, err)
					}
				}
				source := w.net.Join(simnet.JoinConfig{Group: simGroup})
				_, err = w.node.receive(w.ctx, ReceiveConfig{Group: simGroup, Store: w.store}, source, nil)
				if !errors.Is(err, ErrStopped) {
					t.Errorf("receive: %v", err)
				}
				_, err = w.node.sendTo(w.ctx, SendConfig{To: simGroup, TSI: 3}, w.net.Dial(simSource, simGroup),
					simSource.Addr())
				if !errors.Is(err, ErrStopped) {
					t.Errorf("send: %v", err)
				}
				if _, open := <-w.node.Subscribe(SubscribeOptions{}).Events(); open {
					t.Error("a subscription to a node that has failed yields events")
				}
				w.abandoned = true
			})
		})
	}
}
