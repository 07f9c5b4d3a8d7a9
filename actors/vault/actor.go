package vault

import (
	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
)

// Spec returns how the store actor is spawned, over pool, which the caller stops after the actor. Its name for faults is
// "store".
func Spec(pool *actors.Pool, faults *actors.Faults) actors.Spec {
	return actors.Spec{
		Produce: func() actor.Actor { return &worker{pool: pool} }, Faults: faults, Name: "store", Kind: kindOf,
	}
}

// worker hands jobs to the pool and keeps what does not fit. What waits is bounded: of each object in reception, a few source
// blocks or its publication; of each sending session, the source blocks in transfer. Jobs that wait while it crashes are forgotten: the sessions, which are restarted with it,
// send them again.
type worker struct {
	pool    *actors.Pool
	waiting []Run
}

// Receive implements actor.Actor.
func (w *worker) Receive(ctx actor.Context) {
	m, ok := ctx.Message().(Message)
	if !ok {
		return
	}
	switch m := m.(type) {
	case Run:
		w.waiting = append(w.waiting, m)
	case free:
	}
	w.submit(ctx)
}

func (w *worker) submit(ctx actor.Context) {
	root, self := ctx.ActorSystem().Root, ctx.Self()
	for len(w.waiting) > 0 {
		m := w.waiting[0]
		done := func() {
			m.Job.finished.Store(true)
			if m.ReplyTo != nil {
				root.Send(m.ReplyTo, Ran{m.Job})
			}
			root.Send(self, free{})
		}
		run := func() {
			if !m.Job.claim() {
				root.Send(self, free{})
				return
			}
			m.Job.Work.Run(nil)
			done()
		}
		crashed := func(c *actors.Crash) { m.Job.Work.Fail(c); done() }
		if !w.pool.Submit(run, crashed) {
			return // every worker is busy: each says so when it is free
		}
		w.waiting[0] = Run{}
		w.waiting = w.waiting[1:]
	}
}
