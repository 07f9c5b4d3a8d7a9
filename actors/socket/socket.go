package socket

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/hub"
	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/internal/slab"
)

// kernelInterval is how often the kernel's count of drops is looked at.
const kernelInterval = time.Second

// Config is what a socket runs on. It is not changed after it was made.
type Config struct {
	ID    uint64         // of the Endpoint, for Stop: not zero, and different from all others
	Group netip.AddrPort // that it listens to, for what is told of it
	// Interface is where it listens, for the same; empty: the system's choice.
	Interface string
	// Reopen opens the Source again after it has failed.
	Reopen func() (Source, error)
	// Memory is where datagrams wait for their owners; Endpoints may share it. It must hold a few reads.
	Memory      *slab.Memory
	MaxDatagram int // bytes; longer ones are lost
	Batch       int // the most datagrams that one read brings
	// Messages is the same for a Source that joins datagrams: how many messages of [slab.MessageSize] bytes, each of
	// up to [slab.MessageDatagrams] datagrams.
	Messages int
}

// room returns how many datagrams a read of source may bring, and into how many bytes.
func (c *Config) room(source Source) (batch, size int) {
	if source.Joins() {
		return c.Messages * slab.MessageDatagrams, c.Messages * slab.MessageSize
	}
	return c.Batch, c.Batch * c.MaxDatagram
}

// socket is the actor of one listening socket. It watches over the Endpoint: it has the reader started again when that
// has ended, and tells what goes wrong. Nothing is lost with it.
type socket struct {
	*Endpoint
	hub   *actor.PID
	timer *time.Timer
}

// Receive implements actor.Actor.
func (s *socket) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		s.start(ctx)
	case message:
		switch m := m.(type) {
		case readerEnded:
			actors.Fault(m.err)
		case tick:
			s.resume(ctx)
			s.report(ctx)
			for _, text := range s.rejoin() {
				s.warn(ctx, text)
			}
			s.slabs.Trim(time.Now())
			s.timer.Reset(kernelInterval)
		}
	case *actor.Stopping, *actor.Restarting:
		s.Watch(nil)
		if s.timer != nil {
			s.timer.Stop()
		}
		s.report(ctx)
	}
}

// start looks after the reader from now on, and starts it unless it runs.
func (s *socket) start(ctx actor.Context) {
	s.timer = actors.NewTimer(ctx, tick{})
	s.timer.Reset(kernelInterval)
	root, self := ctx.ActorSystem().Root, ctx.Self()
	s.Watch(func(err error) { root.Send(self, readerEnded{err}) })
	s.resume(ctx)
}

// resume has the reader started again if it has ended, or leaves that to the next tick: what closed its source may
// last, and the first try tells.
func (s *socket) resume(ctx actor.Context) {
	err := s.Resume()
	if err == nil {
		s.told.failed = false
		return
	}
	if !s.told.failed {
		s.told.failed = true
		s.warn(ctx, fmt.Sprintf("%v cannot be opened again, and is tried every %v: %v",
			s.cfg.Group, kernelInterval, err))
	}
}

// report tells what is new: datagrams that the kernel dropped because the reader was too slow; once, that datagrams
// come which are too long to be received at all; and what the Router has to tell.
func (s *socket) report(ctx actor.Context) {
	if n := s.kernelDrops(); n > s.told.drops {
		drops := notice.KernelDrops{
			Group: s.cfg.Group, Interface: s.cfg.Interface, New: n - s.told.drops, Total: n,
		}
		s.told.drops = n
		ctx.Send(s.hub, hub.Publish{Event: drops})
	}
	if s.counts.cut.Load() > 0 && !s.told.cut {
		s.told.cut = true
		s.warn(ctx, fmt.Sprintf("%v: datagrams of more than %d bytes come, and are lost: receive with a larger limit",
			s.cfg.Group, s.cfg.MaxDatagram))
	}
	for _, text := range s.fanout.warnings() {
		s.warn(ctx, text)
	}
}

func (s *socket) warn(ctx actor.Context, text string) {
	ctx.Send(s.hub, hub.Publish{Event: notice.Warning{Text: text}})
}
