package port

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors/utp/channel"
	"github.com/flute-node/flute-node/internal/slab"
	"github.com/flute-node/flute-node/utp/core"
	"github.com/flute-node/flute-node/utp/wire"
)

// gathered is the datagrams of one connection in a batch.
type gathered struct {
	channel *channel.Channel
	batch   *channel.Batch
}

// packets hands the datagrams of a read to their connections.
func (p *portActor) packets(ctx actor.Context, now time.Time, b *channel.Batch) {
	var key channel.Key
	at := -1 // of key in live
	defer p.drop()
	for i := range b.Datagrams {
		d := &b.Datagrams[i]
		kind, id, _ := wire.Peek(d.Data) // the router has looked
		k := channel.Key{Remote: d.Source, ID: id}
		if at < 0 || k != key || kind > wire.State {
			c := p.find(k, kind)
			if c == nil {
				p.stranger(ctx, now, d)
				continue
			}
			key, at = c.Key(), p.gather(b.Slab, c)
		}
		p.live[at].batch.Datagrams = append(p.live[at].batch.Datagrams, *d)
	}
	for i := range p.live {
		g := p.live[i]
		p.live[i] = gathered{}
		g.channel.Deliver(g.batch)
	}
}

// drop gives back what a panic among the packets has left: it is lost to its connections.
func (p *portActor) drop() {
	for i := range p.live {
		if b := p.live[i].batch; b != nil {
			p.counts.Faults.Add(uint64(len(b.Datagrams)))
			b.Release()
		}
	}
	p.live = p.live[:0]
}

// gather returns the place in live of a connection.
func (p *portActor) gather(s *slab.Slab, c *channel.Channel) int {
	for i := range p.live {
		if p.live[i].channel == c {
			return i
		}
	}
	s.Retain(1)
	p.live = append(p.live, gathered{c, p.line.Batches.Get(s)})
	return len(p.live) - 1
}

// find returns the connection that a packet is for; nil: none. A SYN that comes again carries one less than other
// packets of the peer, and a RESET may carry the connection_id of ours.
func (p *portActor) find(k channel.Key, t wire.Type) *channel.Channel {
	if c := p.table[k]; c != nil && t != wire.Syn {
		return c
	}
	if t != wire.Syn && t != wire.Reset {
		return nil
	}
	if c := p.sentBy(k, k.ID+1); c != nil || t == wire.Syn {
		return c
	}
	return p.sentBy(k, k.ID-1)
}

// sentBy returns the connection with the connection_id id whose own packets carry that of k.
func (p *portActor) sentBy(k channel.Key, id wire.ConnID) *channel.Channel {
	if c := p.table[channel.Key{Remote: k.Remote, ID: id}]; c != nil && c.SendID == k.ID {
		return c
	}
	return nil
}

// stranger takes a datagram of no connection.
func (p *portActor) stranger(ctx actor.Context, now time.Time, d *slab.Datagram) {
	var conn *core.Conn
	switch {
	case p.closing || p.backlog == nil:
		p.answer = p.handshakes.Refuse(now, d.Source, d.Data, p.answer[:0])
	case p.backlog.isFull() || len(p.table) >= p.cfg.MaxConns:
		p.counts.Refused.Add(1) // the peer tries again
		return
	default:
		conn, p.answer = p.handshakes.Handle(now, d.Source, d.Data, p.answer[:0])
	}
	p.line.Wheel.Set(p.expiry, p.handshakes.Deadline())
	if conn != nil {
		c := p.begin(ctx, d.Source, conn.ID()-1, conn)
		p.backlog.queue <- c // there is room
		return
	}
	if len(p.answer) == 0 {
		return
	}
	if b := p.line.Out.Next(now); b != nil {
		p.line.Out.Push(append(b, p.answer...), d.Source, true)
	}
}
