package socket

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/hub"
	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/actors/session"
	"github.com/flute-node/flute-node/actors/session/receiving"
	"github.com/flute-node/flute-node/internal/slab"
)

// DefaultMaxSessions bounds the sessions of one socket: a TSI costs an attacker one datagram, a session some 20 KiB.
// See places.go for which of them give way when there are more.
const DefaultMaxSessions = 4096

// kernelInterval is how often the kernel's count of drops is looked at.
const kernelInterval = time.Second

// Config is what a listening socket runs on. It is not changed after it was made.
type Config struct {
	// Reopen opens the Source again after it has failed.
	Reopen func() (Source, error)

	Group       netip.AddrPort
	Filter      Filter
	Reception   *receiving.Reception
	Ledger      *session.Ledger
	Limits      actors.Limits // of each session's Inbox
	MaxSessions int           // zero: DefaultMaxSessions
	Slabs       *slab.Pool
	SlabSize    int
	Counters    *Counters
}

// socket is the actor of one listening socket. It watches over the Endpoint: it has the reader started again when that
// has ended, and tells what goes wrong. Nothing is lost with it.
type socket struct {
	*Endpoint
	peers peers
	timer *time.Timer
}

// peers are the actors that sockets talk to.
type peers struct{ hub, sessions *actor.PID }

// Receive implements actor.Actor.
func (s *socket) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		s.start(ctx)
	case Message:
		switch m := m.(type) {
		case readerEnded:
			actors.Fault(m.err)
		case tick:
			s.resume(ctx)
			s.report(ctx)
			s.timer.Reset(kernelInterval)
		}
	case *actor.Stopping, *actor.Restarting:
		s.watch(nil)
		if s.timer != nil {
			s.timer.Stop()
		}
		s.report(ctx)
	}
}

// start looks after the reader from now on, and starts it unless it runs.
func (s *socket) start(ctx actor.Context) {
	root, self := ctx.ActorSystem().Root, ctx.Self()
	s.timer = time.AfterFunc(kernelInterval, func() { root.Send(self, tick{}) })
	s.watch(func(err error) { root.Send(self, readerEnded{err}) })
	s.resume(ctx)
}

// resume has the reader started again if it has ended, or leaves that to the next tick: what closed its source may
// last, and the first try tells.
func (s *socket) resume(ctx actor.Context) {
	root, sessions, ledger := ctx.ActorSystem().Root, s.peers.sessions, s.cfg.Ledger
	err := s.Endpoint.resume(func(in *receiving.Inbox) {
		ledger.Receive(in)
		root.Send(sessions, session.Open{Inbox: in})
	})
	if err == nil {
		s.told.failed = false
		return
	}
	if !s.told.failed {
		s.told.failed = true
		s.warn(ctx, fmt.Sprintf("%v cannot be opened again, and is tried every %v: %v", s.cfg.Group, kernelInterval, err))
	}
}

// report tells what is new: datagrams that the kernel dropped because the reader was too slow; and, once, that
// datagrams come which are too long to be received at all, and that there are more sessions than places.
func (s *socket) report(ctx actor.Context) {
	if n := s.kernelDrops(); n > s.told.drops {
		drops := notice.KernelDrops{Group: s.cfg.Group, New: n - s.told.drops, Total: n}
		s.told.drops = n
		ctx.Send(s.peers.hub, hub.Publish{Event: drops})
	}
	if s.cfg.Counters.cut.Load() > 0 && !s.told.cut {
		s.told.cut = true
		s.warn(ctx, fmt.Sprintf("%v: datagrams of more than %d bytes come, and are lost: receive with a larger limit",
			s.cfg.Group, s.cfg.SlabSize/batchSize))
	}
	if s.cfg.Counters.yielded.Load() > 0 && !s.told.crowded {
		s.told.crowded = true
		s.warn(ctx, fmt.Sprintf("%v: more than %d sessions at once: those that have shown no FDT Instance give way to others",
			s.cfg.Group, s.cfg.MaxSessions))
	}
}

func (s *socket) warn(ctx actor.Context, text string) {
	ctx.Send(s.peers.hub, hub.Publish{Event: notice.Warning{Text: text}})
}
