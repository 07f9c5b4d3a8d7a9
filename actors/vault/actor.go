package vault

import (
	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
)

// NewActor returns the store actor over pool, which the caller stops after the actor.
func NewActor(pool *actors.Pool) actor.Actor { return &worker{pool: pool} }

// worker hands jobs to the pool and keeps what does not fit. What waits is bounded by the objects of all sessions: each
// has at most one Work out.
type worker struct {
	pool    *actors.Pool
	waiting []Run
}

// Receive implements actor.Actor.
func (w *worker) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case Message:
		switch m := m.(type) {
		case Run:
			w.waiting = append(w.waiting, m)
		case free:
		}
		w.submit(ctx)
	case *actor.Stopping, *actor.Restarting:
		for _, m := range w.waiting {
			m.Work.Fail(errStopped)
			ctx.Send(m.ReplyTo, Ran{m.Work})
		}
		w.waiting = nil
	}
}

func (w *worker) submit(ctx actor.Context) {
	root, self := ctx.ActorSystem().Root, ctx.Self()
	for len(w.waiting) > 0 {
		m := w.waiting[0]
		done := func() {
			root.Send(m.ReplyTo, Ran{m.Work})
			root.Send(self, free{})
		}
		run := func() { m.Work.Run(); done() }
		crashed := func(c *actors.Crash) { m.Work.Fail(c); done() }
		if !w.pool.Submit(run, crashed) {
			return // every worker is busy: each says so when it is free
		}
		w.waiting = w.waiting[1:]
	}
}
