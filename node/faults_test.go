package node

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/simnet"
)

// crash is a rule that has an actor panic at a message.
func crash(actor, message string, nth int) actors.Rule {
	return actors.Rule{Kind: actors.FaultPanic, Actor: actor, Message: message, Nth: nth}
}

// after is the same, once the message was handled.
func after(r actors.Rule) actors.Rule { r.After = true; return r }

// transfer sends three sessions of three files through a node with faults, and checks that all of them arrive and that every
// datagram was counted.
func transfer(t *testing.T, link simnet.Link, rules ...actors.Rule) *world {
	t.Helper()
	faults := actors.NewFaults(1, rules...)
	var result *world
	inWorld(t, Config{Faults: faults}, func(w *world) {
		w.receive(link, ReceiveConfig{})
		var all []*Sending
		for tsi := range 3 {
			s := w.send(flute.TSI(tsi+1), 20_000_000, sender.Config{OTI: repaired, TransferCount: 4, Delay: 20 * time.Millisecond})
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
	for _, r := range []actors.Rule{
		crash("node/transfers/sessions/tsi-2-*/toi-2-*", "*object.Packets", 3),
		crash("node/transfers/sessions/tsi-2-*/toi-2-*", "object.WorkDone", 1),
		crash("node/transfers/sessions/tsi-2-*/toi-*", "*actor.Started", 1),
		crash("node/transfers/sessions/tsi-2-*", "*receiving.Packets", 1),
		crash("node/transfers/sessions/tsi-2-*", "*receiving.Packets", 12),
		crash("node/transfers/sessions/tsi-2-*", "object.Reported", 2),
		crash("node/transfers/sessions/tsi-2-*", "vault.Ran", 1),
		crash("node/transfers/sessions", "session.Start", 2),
		crash("node/transfers/sessions", "session.Drain", 1),
		crash("node/transfers/sessions/send-2-*", "sending.Add", 2),
		crash("node/transfers/sessions/send-2-*", "sending.Finish", 1),
		crash("node/hub", "hub.Flush", 1),
		crash("node/transfers/sockets", "socket.Start", 1),
		crash("node/transfers/sockets", "socket.Stop", 1),
		crash("node/transfers/sessions/tsi-2-*", "*actor.Started", 1),
		crash("node/transfers/sessions/send-2-*", "sending.pump", 5),
		crash("node/transfers/sessions/send-2-*", "*actor.Started", 1),
		crash("node/transfers/sessions", "session.Open", 2),
		crash("node/transfers/sessions", "receiving.Closed", 1),
		crash("node/transfers/sessions", "*actor.Terminated", 1),
		crash("node/transfers/store", "vault.Run", 2),
		crash("node/transfers/store", "vault.free", 2),
		crash("node/transfers/sockets", "*actor.Started", 1),
		crash("node/transfers/sockets/*", "*actor.Started", 1),
		crash("node/hub", "*actor.Started", 1),
	} {
		for _, r := range []actors.Rule{r, after(r)} {
			name := strings.ReplaceAll(fmt.Sprintf("%s at %s %d", r.Actor, r.Message, r.Nth), "/", ".")
			if r.After {
				name += " after"
			}
			t.Run(name, func(t *testing.T) { transfer(t, simnet.Link{}, r) })
		}
	}
}

// TestOthersDoNotNotice: a crash in one session costs the others no packet.
func TestOthersDoNotNotice(t *testing.T) {
	for _, r := range []actors.Rule{
		crash("node/transfers/sessions/tsi-2-*/toi-*", "*object.Packets", 2),
		crash("node/transfers/sessions/tsi-2-*", "*receiving.Packets", 3),
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
			if n := c.Counters.Dropped[flute.DropFault]; c.Session.TSI == 2 && n == 0 {
				t.Error("what the crash has cost was not counted as a fault")
			}
		}
	}
}

// poison is a kind of object whose content makes the decoder of one block panic: here by a rule that hits each batch.
func TestQuarantine(t *testing.T) {
	faults := actors.NewFaults(1, actors.Rule{
		Kind: actors.FaultPanic, Actor: "node/transfers/sessions/tsi-1-*/toi-2-*", Message: "*object.Packets",
	})
	inWorld(t, Config{Faults: faults}, func(w *world) {
		w.receive(simnet.Link{}, ReceiveConfig{})
		s, other := w.send(1, 8_000_000, sender.Config{TransferCount: 3}), w.send(2, 8_000_000, sender.Config{TransferCount: 3})
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
	rules := []actors.Rule{}
	for i := range 4 {
		rules = append(rules, crash("node/transfers/sessions/tsi-1-1", "*receiving.Packets", 4+i))
	}
	faults := actors.NewFaults(1, rules...)
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
	faults := actors.NewFaults(1, actors.Rule{Kind: actors.FaultPanic, Actor: "node/transfers/sessions/send-1-*", Message: "sending.pump"})
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
		if _, err := s.Add(w.ctx, sender.File{ContentLocation: "file:///late"}, nil); !errors.Is(err, sender.ErrClosed) {
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
	for _, actor := range []string{"node/hub", "node/transfers/store", "node/transfers/sessions", "node/transfers/sockets"} {
		t.Run(strings.ReplaceAll(actor, "/", "."), func(t *testing.T) {
			var rules []actors.Rule
			rules = append(rules, crashes(actor, 20)...) // below transfers it takes so many until the root has had enough
			faults := actors.NewFaults(1, rules...)
			inWorld(t, Config{Faults: faults}, func(w *world) {
				w.receive(simnet.Link{}, ReceiveConfig{})
				s := w.send(1, 8_000_000, sender.Config{TransferCount: -1})
				w.add(s, 2, 100_000)
				second := w.send(2, 8_000_000, sender.Config{TransferCount: -1})
				w.node.send(strings.TrimPrefix(actor, "node/"), trigger{})
				var err error
				select {
				case err = <-w.node.Failed():
				case <-w.ctx.Done():
				}
				var injected *actors.InjectedFault
				if !errors.As(err, &injected) || injected.Actor != actor {
					t.Errorf("failed with %v", err)
				}
				for _, s := range []*Sending{s, second} {
					if err := s.Wait(w.ctx); !errors.Is(err, ErrStopped) {
						t.Errorf("session %d: %v", s.key.TSI, err)
					}
				}
				source := w.net.Join(simnet.JoinConfig{Group: simGroup})
				if _, err := w.node.receive(w.ctx, ReceiveConfig{Group: simGroup, Store: w.store}, source, nil); !errors.Is(err, ErrStopped) {
					t.Errorf("receive: %v", err)
				}
				_, err = w.node.sendTo(w.ctx, SendConfig{To: simGroup, TSI: 3}, w.net.Dial(simSource, simGroup), simSource.Addr())
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
