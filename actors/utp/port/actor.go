package port

import (
	"errors"
	"net/netip"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/inject"
	"github.com/flute-node/flute-node/actors/utp/channel"
	"github.com/flute-node/flute-node/utp/core"
	"github.com/flute-node/flute-node/utp/wire"
)

// resumeInterval is the pause between two tries to open a socket again.
const resumeInterval = time.Second

// portActor works on a Port.
type portActor struct {
	*Port
	channels *actor.PID
	ledger   *channel.Ledger
	retry    *time.Timer // to open the socket again
	live     []gathered  // of the batch in hand; reused
}

func (p *Port) spec(channels *actor.PID, ledger *channel.Ledger, faults *inject.Faults) actors.Spec {
	return actors.Spec{
		Produce: func() actor.Actor { return &portActor{Port: p, channels: channels, ledger: ledger} },
		Mailbox: p.line.Mailbox, Dispatcher: p.line.Loop, Faults: faults, Name: p.Name(), Kind: kindOf,
	}
}

// Receive implements actor.Actor.
func (p *portActor) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		p.start(ctx)
	case *channel.Batch:
		now := time.Now()
		p.line.Hold()
		p.packets(ctx, now, m)
		p.line.Settle(now)
	case *actor.Restarting, *actor.Stopping:
		p.endpoint.Watch(nil)
		if p.retry != nil {
			p.retry.Stop()
		}
	default:
		now := time.Now()
		p.line.Hold()
		p.control(ctx, now, m)
		p.line.Settle(now)
	}
}

// start goes on with what is there.
func (p *portActor) start(ctx actor.Context) {
	p.retry = actors.NewTimer(ctx, resume{})
	root, self := ctx.ActorSystem().Root, ctx.Self()
	p.endpoint.Watch(func(err error) { root.Send(self, readerEnded{err}) })
	p.resume()
	for c := range p.open {
		ctx.Send(p.channels, channel.Open{Channel: c}) // in case that it was lost
		c.Repeat()
	}
	now := time.Now()
	p.line.Hold()
	p.line.Advance(now)
	p.line.Settle(now)
	p.endIfIdle(ctx)
}

// resume has the reader started unless it runs, or leaves that to another try.
func (p *portActor) resume() {
	if p.endpoint.Resume() != nil {
		p.retry.Reset(resumeInterval)
	}
}

func (p *portActor) control(ctx actor.Context, now time.Time, m any) {
	switch m := m.(type) {
	case channel.Tick:
		p.line.Advance(now)
	case channel.Flush: // at the end of each message
	case channel.Done:
		p.forget(m.Channel)
		p.endIfIdle(ctx)
	case channel.Released:
		p.release(ctx, m.Channel)
	case channel.Crashed:
		m.Channel.Abandon(now, m.Reason)
		p.release(ctx, m.Channel)
	case Dial:
		c, err := p.dial(ctx, now, m.Remote)
		ctx.Respond(Dialed{c, err})
	case Listen:
		ctx.Respond(Listening{p.listen(m.Backlog)})
		p.endIfIdle(ctx)
	case Leave:
		p.leaving = true
		p.endIfIdle(ctx)
	case Close:
		p.close(ctx, m.Now)
	case Inspect:
		ctx.Respond(p.stats())
	case readerEnded:
		// A panic of the reader, or a socket that has failed: it is opened again.
		p.resume()
	case reported:
		p.reported()
	case resume:
		p.resume()
	}
}

// begin enters a connection, and has its actor spawned.
func (p *portActor) begin(
	ctx actor.Context, remote netip.AddrPort, send wire.ConnID, conn *core.Conn,
) *channel.Channel {
	c := channel.New(p.cfg.Number(), p.line, remote, send, conn)
	p.table[c.Key()] = c
	p.open[c] = struct{}{}
	p.ledger.Add(c)
	ctx.Send(p.channels, channel.Open{Channel: c})
	return c
}

// idTries is how often a connection_id is drawn that is not in use with the peer.
const idTries = 16

// dial begins a connection.
func (p *portActor) dial(ctx actor.Context, now time.Time, remote netip.AddrPort) (*channel.Channel, error) {
	switch {
	case p.closing:
		return nil, ErrClosed
	case len(p.table) >= p.cfg.MaxConns:
		return nil, ErrTooMany
	}
	remote = netip.AddrPortFrom(remote.Addr().Unmap(), remote.Port())
	for range idTries {
		id := wire.ConnID(p.cfg.Random())
		if p.isUsed(remote, id) || p.isUsed(remote, id+1) {
			continue
		}
		conn := p.handshakes.Dial(now, id, wire.Seq(p.cfg.Random()))
		return p.begin(ctx, remote, id+1, conn), nil
	}
	return nil, ErrTooMany
}

func (p *portActor) isUsed(remote netip.AddrPort, id wire.ConnID) bool {
	k := channel.Key{Remote: remote, ID: id}
	return p.table[k] != nil || p.sentBy(k, id-1) != nil || p.sentBy(k, id+1) != nil
}

// listen accepts connections into b from now on, or none any more for nil. Those that nobody has accepted are reset.
func (p *portActor) listen(b *Backlog) error {
	switch {
	case b != nil && p.closing:
		return ErrClosed
	case b != nil && p.backlog != nil && b != p.backlog:
		return ErrListening
	case b != nil:
		p.backlog = b
		return nil
	}
	p.stopListening()
	return nil
}

func (p *portActor) stopListening() {
	b := p.backlog
	p.backlog = nil
	if b == nil {
		return
	}
	b.close()
	for {
		select {
		case c := <-b.queue:
			c.Wish(channel.Wishes{Abort: true})
		default:
			return
		}
	}
}

// close closes all connections, and the socket when the last of them has ended.
func (p *portActor) close(ctx actor.Context, now bool) {
	p.closing, p.leaving = true, true
	p.stopListening()
	var all []*channel.Channel
	for c := range p.open {
		c.Wish(channel.Wishes{Close: true, Abort: now})
		all = append(all, c)
	}
	ctx.Respond(Closing{all})
	p.endIfIdle(ctx)
}

// forget takes a connection out of the table: it needs no datagram any more.
func (p *portActor) forget(c *channel.Channel) {
	if p.table[c.Key()] == c {
		delete(p.table, c.Key())
	}
}

// release forgets a connection that its user is done with as well.
func (p *portActor) release(ctx actor.Context, c *channel.Channel) {
	p.forget(c)
	delete(p.open, c)
	p.ledger.Remove(c)
	ctx.Send(p.channels, channel.Close{Channel: c})
	p.endIfIdle(ctx)
}

// endIfIdle ends a socket that nobody needs any more.
func (p *portActor) endIfIdle(ctx actor.Context) {
	if p.leaving && p.backlog == nil && len(p.open) == 0 {
		p.isEnded = true
		ctx.Send(ctx.Parent(), ended{p.Port})
	}
}

var errGaveUp = errors.New("port: the socket's actor crashed too often")
