package node

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors/hub"
	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/simnet"
)

// TestTwoNodesInOneSystem: nodes that run in an application's actor system do not meet each other, and leave it as it
// was.
func TestTwoNodesInOneSystem(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		system := w.node.system.System() // the first node has brought it
		other, err := Start(Config{System: system})
		if err != nil {
			t.Fatal(err)
		}
		w.receive(simnet.Link{}, ReceiveConfig{})
		first := w.node
		w.node = other
		s := w.send(1, 8_000_000, sender.Config{})
		w.add(s, 2, 50_000)
		w.finish(s)
		got, err := other.Snapshot(w.ctx)
		if err != nil || !slices.Contains(got.Actors, "node-2/transfers/sessions") ||
			slices.Contains(got.Actors, "node/hub") {
			t.Errorf("%v, %v", got.Actors, err)
		}
		if err := other.Stop(w.ctx); err != nil {
			t.Error(err)
		}
		if ids, n := other.system.Actors("node-2", 10); n != 0 {
			t.Errorf("left behind: %v", ids)
		}
		w.node = first
		s = w.send(2, 8_000_000, sender.Config{})
		w.add(s, 2, 50_000)
		w.finish(s)
		time.Sleep(time.Second)
		w.delivered()
		third, err := Start(Config{System: system})
		if err != nil {
			t.Fatal(err)
		}
		if third.root.Id != "node-2" {
			t.Errorf("the name of the node that was stopped is not free: %s", third.root.Id)
		}
		if err := third.Stop(w.ctx); err != nil {
			t.Error(err)
		}
	})
}

// listener is an application's actor that keeps the events that it gets.
type listener struct {
	got  []notice.Event
	gate chan struct{} // nil, or what each event waits for
}

func (l *listener) Receive(ctx actor.Context) {
	if e, ok := ctx.Message().(notice.Event); ok {
		l.got = append(l.got, e)
		if l.gate != nil {
			<-l.gate
		}
	}
}

// listen subscribes an actor of the world's actor system. It stops the actor in the end.
func (w *world) listen(l *listener, o SubscribeOptions) *actor.PID {
	system := w.node.system.System()
	o.Actor = system.Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return l }))
	w.node.Subscribe(o)
	return o.Actor
}

// warn publishes the warnings from to to-1.
func (w *world) warn(from, to int) {
	for i := from; i < to; i++ {
		w.node.send(hubName, hub.Publish{Event: notice.Warning{Text: fmt.Sprint(i)}})
	}
	synctest.Wait()
}

// TestSubscribeActor: an actor gets the events that a channel would yield, in their order, also the last ones.
func TestSubscribeActor(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		l := &listener{}
		pid := w.listen(l, SubscribeOptions{Filter: func(e notice.Event) bool { return event.IsSending(e) }})
		s := w.send(1, 8_000_000, sender.Config{})
		w.add(s, 3, 50_000)
		w.finish(s)
		synctest.Wait()
		var completed []flute.TOI
		for _, e := range l.got {
			if c, ok := e.(event.ObjectCompleted); ok {
				completed = append(completed, c.TOI)
			}
		}
		if want := []flute.TOI{flute.NewTOI(1), flute.NewTOI(2), flute.NewTOI(3)}; !slices.Equal(completed, want) {
			t.Errorf("completed: %v", completed)
		}
		if _, ok := l.got[len(l.got)-1].(event.SessionClosed); !ok {
			t.Errorf("the last event is %T", l.got[len(l.got)-1])
		}
		_ = w.node.system.System().Root.StopFuture(pid).Wait()
	})
}

// TestSubscribedActorIsSlow: what waits for an actor is bounded, it is told what it has missed, and nobody waits for
// it: neither the node nor its stop.
func TestSubscribedActorIsSlow(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		l := &listener{gate: make(chan struct{})}
		pid := w.listen(l, SubscribeOptions{Queue: 10})
		w.warn(0, 1) // it is stuck with this one
		w.warn(1, 1000)
		for range 11 { // the first one, and those in the queue
			l.gate <- struct{}{}
			synctest.Wait()
		}
		w.warn(1000, 1001)
		got := []string{}
		for _, e := range l.got {
			switch e := e.(type) {
			case notice.Warning:
				got = append(got, e.Text)
			case notice.Missed:
				got = append(got, fmt.Sprint("missed ", e.Count))
			}
		}
		want := []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "missed 989"}
		if !slices.Equal(got[:len(want)], want) {
			t.Errorf("got  %v,\nwant %v", got, want)
		}
		w.stop() // while it is stuck
		close(l.gate)
		_ = w.node.system.System().Root.StopFuture(pid).Wait()
	})
}

// TestSubscribedActorEnds: with the actor the subscription ends.
func TestSubscribedActorEnds(t *testing.T) {
	inWorld(t, Config{}, func(w *world) {
		system := w.node.system.System()
		l := &listener{}
		pid := system.Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return l }))
		s := w.node.Subscribe(SubscribeOptions{Actor: pid})
		w.warn(0, 1)
		_ = system.Root.StopFuture(pid).Wait()
		w.warn(1, 2)
		select {
		case <-s.sub.Done():
		default:
			t.Error("the subscription goes on")
		}
		if len(l.got) != 1 {
			t.Errorf("events: %v", l.got)
		}
	})
}
