package session

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors/hub"
	"github.com/flute-node/flute-node/actors/vault"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/pacing"
)

const (
	// pumpPackets is how many datagrams go out between two looks into the mailbox.
	pumpPackets = 64
)

// Writer sends datagrams of one session; internal/udp and internal/simnet have one. WriteBatch may block for as long as
// the system's send buffer is full.
type Writer interface {
	WriteBatch(datagrams [][]byte) (int, error)
	Close() error
}

// SenderConfig is what a sending session runs on. Core and Writer belong to the actor from then on.
type SenderConfig struct {
	Key    flute.SessionKey
	Core   *sender.Session
	Writer Writer
	Bucket *pacing.Bucket // nil: as fast as the socket takes it
}

// Add is sent by the node to a sending session: one file more, already prepared. It may be sent again if the answer,
// Added, fails to come.
type Add struct {
	object *sender.Object
	answer *Added // belongs to the session, which answers once more what it has answered before
}

// NewAdd returns the message for one file.
func NewAdd(o *sender.Object) Add { return Add{o, &Added{}} }

// Added answers Add.
type Added struct {
	TOI  flute.TOI
	Err  error
	done bool
}

// Finish is sent by the node to a sending session: close it once all files are sent as often as asked. Answered with Taken.
type Finish struct{}

// Taken answers Finish, and Close when the node sends it to a sending session.
type Taken struct{}

func (Add) isMessage()    {}
func (Finish) isMessage() {}

// outgoing is the memory of a sending session: an actor that crashed is made anew over it.
type outgoing struct {
	SenderConfig
	name      string   // of the actor; set by Memory
	opened    bool     // SessionOpened was emitted
	finishing bool     // Finish has come
	over      bool     // closed
	buffers   [][]byte // memory of the datagrams under way
	batch     [][]byte // the datagrams made last
	sent      int      // how many of batch are out

	// These belong to Sessions.
	loop   ownLoop
	ending string // why the session was told to end; empty: it was not
}

// close sends the close-session flag, releases the socket, and returns what there is to say. It does so once.
func (o *outgoing) close(reason string) []event.Event {
	if o.over {
		return nil
	}
	o.over = true
	// The flag may be lost like any packet; RFC 5651, section 5.1, lets it be sent in "the last few seconds".
	_, _ = o.Writer.WriteBatch([][]byte{o.Core.AppendClose(nil)})
	if err := o.Writer.Close(); err != nil {
		reason += ": " + err.Error()
	}
	return append(o.Core.Events(), event.SessionClosed{Session: o.Key, Reason: reason})
}

// sending is the actor of one sent transport session.
type sending struct {
	*outgoing
	peers   Peers
	timer   *time.Timer
	pumping bool // a pump is in the mailbox, or the timer will bring one
}

// pump is sent by a sending session to itself: make and write the next datagrams.
type pump struct{}

// Receive implements actor.Actor.
func (s *sending) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		root, self := ctx.ActorSystem().Root, ctx.Self()
		s.timer = time.AfterFunc(time.Hour, func() { root.Send(self, pump{}) })
		s.timer.Stop()
		if s.over { // it crashed on its way out
			ctx.Stop(self)
			return
		}
		if !s.opened {
			s.opened = true
			s.publish(ctx, event.SessionOpened{Session: s.Key})
		}
		s.again(ctx)
	case Add:
		if !m.answer.done {
			toi, err := s.Core.Add(m.object)
			*m.answer = Added{toi, err, true}
		}
		ctx.Respond(*m.answer)
		s.again(ctx)
	case Finish:
		s.finishing = true
		ctx.Respond(Taken{})
		s.again(ctx)
	case Close:
		if ctx.Sender() != nil {
			ctx.Respond(Taken{})
		}
		s.end(ctx, m.Reason)
	case pump:
		s.pumping = false
		s.pump(ctx)
	case *actor.Restarting, *actor.Stopping:
		s.timer.Stop()
	}
}

// again puts a pump into the mailbox, unless there is one.
func (s *sending) again(ctx actor.Context) {
	if !s.pumping && !s.over {
		s.pumping = true
		ctx.Send(ctx.Self(), pump{})
	}
}

// pump sends as much as the rate permits, at most one batch.
func (s *sending) pump(ctx actor.Context) {
	if s.over {
		return
	}
	now := time.Now()
	err := s.fill(now)
	for _, w := range s.Core.Works() {
		ctx.Send(s.peers.Store, vault.Run{Job: vault.NewJob(w)})
	}
	s.publishAll(ctx, s.Core.Events())
	if err == nil {
		err = s.write(ctx, now)
	}
	if err != nil {
		s.end(ctx, err.Error())
		return
	}
	if s.over || s.pumping {
		return
	}
	if s.finishing && s.Core.Done() {
		s.end(ctx, "all files are sent")
		return
	}
	d := s.Core.Deadline()
	if d.IsZero() {
		return
	}
	s.timer.Reset(max(d.Sub(now), time.Millisecond))
}

// fill makes the next batch, once the last one is out. It is short when no more is due.
func (s *sending) fill(now time.Time) error {
	if s.sent < len(s.batch) {
		return nil
	}
	s.sent, s.batch = 0, s.batch[:0]
	for len(s.batch) < pumpPackets {
		i := len(s.batch)
		if i == len(s.buffers) {
			s.buffers = append(s.buffers, nil)
		}
		p, ok, err := s.Core.AppendNext(s.buffers[i][:0], now)
		if err != nil || !ok {
			return err
		}
		s.buffers[i] = p // it may have grown
		s.batch = append(s.batch, p)
	}
	return nil
}

// write sends what the rate permits of the batch; the rest waits for the bucket.
func (s *sending) write(ctx actor.Context, now time.Time) error {
	end := s.sent
	for end < len(s.batch) && (s.Bucket == nil || s.Bucket.Take(now, len(s.batch[end]))) {
		end++
	}
	if end > s.sent {
		if _, err := s.Writer.WriteBatch(s.batch[s.sent:end]); err != nil {
			return err
		}
		s.sent = end
	}
	switch {
	case end < len(s.batch):
		s.pumping = true
		s.timer.Reset(s.Bucket.Deadline(now).Sub(now))
	case end > 0:
		s.again(ctx)
	}
	return nil
}

func (s *sending) publish(ctx actor.Context, e event.Event) {
	ctx.Send(s.peers.Hub, hub.Publish{Event: event.AsSending(e)})
}

func (s *sending) publishAll(ctx actor.Context, events []event.Event) {
	for _, e := range events {
		s.publish(ctx, e)
	}
}

// end closes the session and asks to be stopped.
func (s *sending) end(ctx actor.Context, reason string) {
	s.publishAll(ctx, s.close(reason))
	ctx.Stop(ctx.Self())
}
