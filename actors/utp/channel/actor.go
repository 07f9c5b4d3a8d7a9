package channel

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/inject"
	"github.com/flute-node/flute-node/utp/core"
)

const (
	// busyRetry is when a channel tries again that has found no room in the Outbox or in its controller's queue.
	busyRetry = 2 * time.Millisecond
	// maxData is how many bytes one message to a controller has at most.
	maxData = 64 << 10
)

// channelActor works on a Channel.
type channelActor struct{ *Channel }

// spec returns how the actor of c is spawned.
func spec(c *Channel, faults *inject.Faults) actors.Spec {
	return actors.Spec{
		Produce: func() actor.Actor { return &channelActor{c} },
		Mailbox: c.mailbox, Dispatcher: c.line.Loop, Faults: faults, Name: c.Name(), Kind: kindOf,
	}
}

// Receive implements actor.Actor.
func (c *channelActor) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		c.watched = nil
		c.woken.Store(false)
		c.work(ctx, time.Now())
	case *Batch:
		now := time.Now()
		for i := range m.Datagrams {
			c.conn.Handle(now, m.Datagrams[i].Data)
		}
		c.work(ctx, now)
	case message:
		c.receive(ctx, m)
	case *actor.Terminated:
		if c.watched != nil && m.Who.Id == c.watched.Id {
			c.Wish(Wishes{Close: true}) // nobody wants it any more
		}
	}
}

func (c *channelActor) receive(ctx actor.Context, m message) {
	switch m := m.(type) {
	case wake:
		c.woken.Store(false)
		c.work(ctx, time.Now())
	case tick:
		c.work(ctx, time.Now())
	case reported:
		now := time.Now()
		if m.longest > 0 {
			c.conn.TooBig(now, m.longest, m.quoted)
		} else {
			c.conn.Refused(now, m.quoted)
		}
		c.work(ctx, now)
	case Inspect:
		ctx.Respond(c.conn.Stats())
	}
}

// work does all there is to do.
func (c *channelActor) work(ctx actor.Context, now time.Time) {
	wishes, controller := c.wanted()
	c.watch(ctx, controller)
	c.apply(now, wishes)
	again := c.turn(now, wishes, controller)
	deadline := c.conn.Deadline()
	if again && (deadline.IsZero() || deadline.After(now.Add(busyRetry))) {
		deadline = now.Add(busyRetry)
	}
	c.line.Wheel.Set(c.timer, deadline)
	c.finish(wishes)
	c.line.settle(now)
}

// apply tells the core what the user wants of it.
func (c *Channel) apply(now time.Time, w Wishes) {
	if w == c.applied {
		return
	}
	if w.CloseWrite {
		c.conn.CloseWrite(now)
	}
	if w.Close {
		c.conn.Close(now)
	}
	if w.Abort {
		c.conn.Abort(now)
	}
	c.applied = w
}

// turn moves bytes and datagrams. It reports whether something waits for room that nobody tells of.
func (c *channelActor) turn(now time.Time, w Wishes, controller Controller) (again bool) {
	open := !w.Close && !w.Abort
	if open {
		c.Writing.serve(func(p []byte) (int, error) { return c.conn.Write(now, p) })
		again = c.read(now, controller)
	} else {
		c.Reading.fail(core.ErrClosed)
		c.Writing.fail(core.ErrClosed)
	}
	if !c.emit(now) {
		again = true
	}
	e := c.conn.Events()
	if e&core.Connected != 0 {
		c.connect()
	}
	if e&core.Closed != 0 {
		c.end(c.conn.Err())
		if open {
			c.Writing.serve(func(p []byte) (int, error) { return c.conn.Write(now, p) })
			again = c.read(now, controller) || again
		}
	}
	if controller != nil && open && c.closed(controller) {
		again = true
	}
	return again
}

// read hands what has come to the user. It reports whether the controller has no room.
func (c *channelActor) read(now time.Time, controller Controller) (again bool) {
	if controller == nil {
		c.Reading.serve(func(p []byte) (int, error) { return c.conn.Read(now, p) })
		return false
	}
	for controller.Mode() != 0 {
		n, _ := c.conn.Buffered()
		if n == 0 {
			break
		}
		p := make([]byte, min(n, maxData))
		c.conn.Peek(p)
		if !controller.Data(p) {
			return true
		}
		c.conn.Skip(now, len(p))
	}
	if !controller.Settle() {
		return true
	}
	if controller.Mode() == 0 || c.eof || !c.conn.AtEOF() {
		return false
	}
	c.eof = controller.HalfClosed()
	return !c.eof
}

// closed tells the controller that the connection has ended, once it has got all bytes. It reports whether it has no
// room.
func (c *channelActor) closed(controller Controller) (again bool) {
	select {
	case <-c.ended:
	default:
		return false
	}
	if n, _ := c.conn.Buffered(); n > 0 || c.told {
		return false
	}
	if c.told = controller.Closed(c.err); c.told {
		c.Wish(Wishes{Close: true}) // the controller needs not close what has ended
	}
	return !c.told
}

// emit sends what the core has to send. It reports whether that was all.
func (c *Channel) emit(now time.Time) bool {
	for {
		b := c.line.Out.Next(now)
		if b == nil {
			return false
		}
		pkt, whole, ok := c.conn.AppendNext(b, now)
		if !ok {
			return true
		}
		c.line.Out.Push(pkt, c.key.Remote, whole)
	}
}

// watch has the channel told of the end of the controller.
func (c *channelActor) watch(ctx actor.Context, controller Controller) {
	var pid *actor.PID
	if controller != nil {
		pid = controller.PID()
	}
	if pid == c.watched || pid != nil && c.watched != nil && pid.Equal(c.watched) {
		return
	}
	if c.watched != nil {
		ctx.Unwatch(c.watched)
	}
	if c.watched = pid; pid != nil {
		ctx.Watch(pid)
	}
}

// finish tells the socket when the connection needs no datagram any more, and when its user is done with it as well.
func (c *Channel) finish(w Wishes) {
	if !c.conn.Done() {
		return
	}
	c.end(c.conn.Err())
	if !c.isDone {
		c.isDone = true
		c.line.Mailbox.PostUserMessage(Done{c})
	}
	if !c.released && (w.Close || w.Abort) {
		c.released = true
		c.once.gone.Do(func() { close(c.gone) })
		c.line.Mailbox.PostUserMessage(Released{c})
	}
}
