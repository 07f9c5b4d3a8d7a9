package actors

import (
	"errors"
	"runtime"

	"github.com/asynkron/protoactor-go/actor"
)

// Leaver is implemented by an actor that has work to do between the wish that it stops and its end, such as stopping
// its children in order. Without it protoactor stops all children at once.
type Leaver interface {
	// Leave is called once, on the goroutine of the actor, when it is told to stop. Returning true postpones the stop:
	// the actor goes on handling messages until it calls Left. From then on nothing but its stop can happen to it: when
	// it panics, it is stopped at once instead of restarted. ctx has no message. A panic in Leave means false.
	Leave(ctx actor.Context) bool
}

// Left ends what Leaver.Leave postponed: the running actor is stopped after its handler has returned.
func Left(ctx actor.Context) {
	if g := guardOf(ctx); g != nil && g.mailbox != nil {
		g.mailbox.PostSystemMessage(left{})
	}
}

type left struct{}

// queue is one of those of a Mailbox.
type queue uint8

const (
	queueNone queue = iota
	queueSystem
	queueControl
	queueData
)

// next takes the next message. With queueNone the actor is idle, and the next post schedules it again.
func (m *Mailbox) next() (entry, queue, actor.MessageInvoker) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.system.Len() > 0:
		return m.system.Pop(), queueSystem, m.invoker
	case m.suspended || !m.started:
	case m.control.Len() > 0:
		return m.control.Pop(), queueControl, m.invoker
	case m.data.Len() > 0 && !m.holding:
		return m.data.Pop(), queueData, m.invoker
	}
	m.scheduled = false
	return entry{}, queueNone, nil
}

// process runs the actor until it is idle, or until the other actors of its Loop deserve a turn.
func (m *Mailbox) process() {
	for {
		loop, throughput := m.loop.Load(), loopQuantum
		if loop == nil {
			throughput = m.throughput()
		}
		if m.turn(throughput) {
			return
		}
		if loop != nil {
			loop.Schedule(m.run)
			return
		}
		runtime.Gosched()
	}
}

// throughput returns how many messages the actor handles in a row.
func (m *Mailbox) throughput() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.disp.Throughput()
}

// turn handles up to n messages, or up to the first panic or end of the goroutine, and tells whether the actor is idle.
func (m *Mailbox) turn(n int) (idle bool) {
	var e entry
	var from queue
	var invoker actor.MessageInvoker
	ended := true // the goroutine, if nothing has panicked
	defer func() {
		if v := recover(); v != nil {
			m.fail(v, e, from, invoker)
		} else if ended {
			m.fail(errGoexit, e, from, invoker)
			m.mu.Lock()
			disp := m.disp
			m.mu.Unlock()
			disp.Schedule(m.run)
		}
	}()
	for range n {
		switch e, from, invoker = m.next(); from {
		case queueNone:
			ended = false
			return true
		case queueSystem:
			m.invokeSystem(e.msg, invoker)
		case queueControl:
			invoker.InvokeUserMessage(e.msg)
		case queueData:
			if m.leaving {
				// Its children are still stopping; the Guard would not show it the message.
				from = queueNone
				m.held.Add(-int64(e.size))
				m.lose(e.data, LossClosed)
				continue
			}
			invoker.InvokeUserMessage(e.msg)
			from = queueNone // from here on a panic is one of Release
			m.held.Add(-int64(e.size))
			e.data.Release()
		}
	}
	ended = false
	return false
}

// errGoexit is why an actor has failed that has ended its goroutine: what a program has it call may do so, as t.Fatal
// does in a test.
var errGoexit = errors.New("actors: the goroutine was ended (runtime.Goexit)")

// fail passes a panic on to the supervisor. The Data in flight is not passed on with it: its buffers are released
// before the supervisor gets to look.
func (m *Mailbox) fail(v any, e entry, from queue, invoker actor.MessageInvoker) {
	msg := e.msg
	if e.data != nil {
		msg = nil
	}
	if from == queueData {
		m.held.Add(-int64(e.size))
		m.lose(e.data, LossCrash)
	}
	defer func() {
		// A panic here would end the process. What cannot be escalated ends alone.
		if recover() != nil {
			m.PostSystemMessage(&actor.Stop{})
		}
	}()
	invoker.EscalateFailure(newCrash(v), msg)
}

func (m *Mailbox) invokeSystem(msg any, invoker actor.MessageInvoker) {
	ctx, _ := invoker.(actor.Context)
	g := guardOf(ctx)
	if g != nil {
		g.mailbox = m
	}
	switch msg := msg.(type) {
	case attach:
		m.mu.Lock()
		m.invoker = msg.invoker
		m.suspended, m.stopped = false, false
		m.mu.Unlock()
		m.leaving, m.asked = false, false
		return
	case *actor.Started:
		m.setStarted()
	case *actor.SuspendMailbox:
		m.setSuspended(true)
		return
	case *actor.ResumeMailbox:
		m.setSuspended(false)
		return
	case *actor.Restart:
		// protoactor revives an actor that is restarted while it stops, or even after.
		if m.asked {
			m.stop(invoker)
			return
		}
	case *actor.Stop:
		if m.asked {
			return
		}
		m.asked = true
		if g == nil || !g.leave(ctx) {
			m.stop(invoker)
		}
		return
	case left:
		m.stop(invoker)
		return
	case urgent:
		invoker.InvokeUserMessage(msg)
		return
	case *actor.Watch:
		// protoactor answers at once while the children of a stopping actor still run.
		if m.postpone(msg) {
			return
		}
	}
	invoker.InvokeSystemMessage(msg)
}

func (m *Mailbox) stop(invoker actor.MessageInvoker) {
	if !m.leaving {
		m.leaving = true
		invoker.InvokeSystemMessage(&actor.Stop{})
	}
}

// setStarted lets user messages through from here on: spawning connects the Mailbox before it posts Started, and a
// reader may Offer in between.
func (m *Mailbox) setStarted() {
	m.mu.Lock()
	m.started = true
	m.mu.Unlock()
}

func (m *Mailbox) setSuspended(v bool) {
	m.mu.Lock()
	m.suspended = v
	m.mu.Unlock()
}

// postpone keeps a Watch of a stopping actor until the actor has stopped.
func (m *Mailbox) postpone(w *actor.Watch) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.leaving || m.stopped {
		return false
	}
	m.watches = append(m.watches, w)
	return true
}
