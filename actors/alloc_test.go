package actors_test

import (
	"context"
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/internal/actortest"
	"github.com/flute-node/flute-node/internal/allocbound"
)

// path is a session that delivers what it gets to one object, both on a Loop.
type path struct {
	sys     *actors.System
	loop    *actors.Loop
	pid     *actor.PID
	session *actors.Mailbox
	object  *actors.Mailbox
	handled chan struct{} // one for each message that the object handled
	dropped int           // messages to the session
}

func newPath(tb testing.TB) *path {
	p := &path{
		sys:     actors.NewSystem(actors.SystemConfig{}),
		loop:    actors.NewLoop(nil),
		object:  actors.NewMailbox(actors.Limits{}, nil),
		handled: make(chan struct{}, 1<<16),
	}
	p.session = actors.NewMailbox(actors.Limits{}, func(actors.Data, actors.Loss) { p.dropped++ })
	object := actors.Spec{Mailbox: p.object, Dispatcher: p.loop, Produce: func() actor.Actor {
		return actor.ReceiveFunc(func(ctx actor.Context) {
			if _, ok := ctx.Message().(*actortest.Data); ok {
				p.handled <- struct{}{}
			}
		})
	}}
	started := make(chan struct{})
	spec := actors.Spec{Mailbox: p.session, Dispatcher: p.loop, Produce: func() actor.Actor {
		return actor.ReceiveFunc(func(ctx actor.Context) {
			switch m := ctx.Message().(type) {
			case *actor.Started:
				_, err := ctx.SpawnNamed(object.Props(), "o")
				actors.Fault(err)
				close(started)
			case *actortest.Data:
				p.object.Deliver(m)
			}
		})
	}}
	pid, err := p.sys.Root().SpawnNamed(spec.Props(), "s")
	if err != nil {
		tb.Fatal(err)
	}
	<-started
	p.pid = pid
	tb.Cleanup(func() {
		stopPath(tb, p)
	})
	return p
}

func stopPath(tb testing.TB, p *path) {
	if err := actors.Stop(context.Background(), p.sys, p.pid); err != nil {
		tb.Error(err)
	}
	p.loop.Stop()
	p.sys.Shutdown()
}

func TestOfferAndDeliverDoNotAllocate(t *testing.T) {
	if allocbound.RaceDetector {
		t.Skip("the race detector allocates")
	}
	p := newPath(t)
	d := &actortest.Data{Size: 1}
	const batch = 100
	got := testing.AllocsPerRun(100, func() {
		for range batch {
			p.session.Offer(d)
		}
		for range batch {
			<-p.handled
		}
	})
	if got != 0 {
		t.Errorf("%v allocations for %d messages from reader to object, want 0", got, batch)
	}
	if p.dropped != 0 {
		t.Errorf("%d dropped", p.dropped)
	}

	full := actors.NewMailbox(actors.Limits{Messages: 1}, func(actors.Data, actors.Loss) {})
	full.Offer(d)
	if got := testing.AllocsPerRun(100, func() { full.Offer(d) }); got != 0 {
		t.Errorf("%v allocations for a drop, want 0", got)
	}
}

func BenchmarkOffer(b *testing.B) {
	p := newPath(b)
	d := &actortest.Data{Size: 1}
	b.ReportAllocs()
	const window = 256
	inFlight := 0
	for b.Loop() {
		p.session.Offer(d)
		if inFlight++; inFlight == window {
			for ; inFlight > 0; inFlight-- {
				<-p.handled
			}
		}
	}
	for ; inFlight > 0; inFlight-- {
		<-p.handled
	}
}

// BenchmarkDeliver is an object run inline: what a session pays for the isolation of an object.
func BenchmarkDeliver(b *testing.B) {
	sys := actors.NewSystem(actors.SystemConfig{})
	defer sys.Shutdown()
	box := actors.NewMailbox(actors.Limits{}, nil)
	n := 0
	spec := actors.Spec{Mailbox: box, Dispatcher: inline{}, Produce: func() actor.Actor {
		return actor.ReceiveFunc(func(actor.Context) { n++ })
	}}
	pid, err := sys.Root().SpawnNamed(spec.Props(), "o")
	if err != nil {
		b.Fatal(err)
	}
	d := &actortest.Data{Size: 1}
	b.ReportAllocs()
	for b.Loop() {
		box.Deliver(d)
	}
	if err := actors.Stop(context.Background(), sys, pid); err != nil {
		b.Error(err)
	}
}

func BenchmarkDrop(b *testing.B) {
	box := actors.NewMailbox(actors.Limits{Messages: 1}, nil)
	d := &actortest.Data{Size: 1}
	box.Offer(d)
	b.ReportAllocs()
	for b.Loop() {
		box.Offer(d)
	}
}

func BenchmarkRestart(b *testing.B) {
	sys := actors.NewSystem(actors.SystemConfig{})
	defer sys.Shutdown()
	started := make(chan struct{}, 1)
	parent, err := sys.Root().SpawnNamed(actors.Spec{
		Strategy: strategyFunc(func(sup actor.Supervisor, child *actor.PID, _, _ any) { sup.RestartChildren(child) }),
		Produce: func() actor.Actor {
			var child *actor.PID
			return actor.ReceiveFunc(func(ctx actor.Context) {
				switch ctx.Message().(type) {
				case *actor.Started:
					child = ctx.Spawn(actors.Spec{Produce: func() actor.Actor {
						return actor.ReceiveFunc(func(ctx actor.Context) {
							switch ctx.Message().(type) {
							case *actor.Started:
								started <- struct{}{}
							case string:
								panic("crash")
							}
						})
					}}.Props())
				case string:
					ctx.Send(child, "crash")
				}
			})
		},
	}.Props(), "p")
	if err != nil {
		b.Fatal(err)
	}
	<-started
	b.ReportAllocs()
	for b.Loop() {
		sys.Root().Send(parent, "crash")
		<-started
	}
	if err := actors.Stop(context.Background(), sys, parent); err != nil {
		b.Error(err)
	}
}
