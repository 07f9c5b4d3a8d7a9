package socket

import (
	"fmt"
	"net/netip"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/hub"
	"github.com/flute-node/flute-node/actors/session"
	"github.com/flute-node/flute-node/actors/session/receiving"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/internal/slab"
)

// DefaultMaxSessions bounds the sessions of one socket: a TSI costs an attacker one datagram, a session some 20 KiB.
// See places.go for which of them give way when there are more.
const DefaultMaxSessions = 4096

// kernelInterval is how often the kernel's count of drops is looked at.
const kernelInterval = time.Second

// Config is what a listening socket runs on.
type Config struct {
	// Source is open already, so that whoever asks for the socket learns at once when it cannot be opened.
	Source Source
	// Reopen opens the Source again after a crash.
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
	Hub         *actor.PID
	Sessions    *actor.PID

	// The routing table belongs to the reader, one after the other: the sessions outlive it.
	table map[flute.SessionKey]*route
}

// kernelDropper is a Source that knows how many datagrams the kernel dropped before they could be read.
type kernelDropper interface{ KernelDrops() uint64 }

// New returns the actor of one listening socket.
func New(cfg *Config) actor.Actor {
	if cfg.MaxSessions == 0 {
		cfg.MaxSessions = DefaultMaxSessions
	}
	if cfg.table == nil {
		cfg.table = map[flute.SessionKey]*route{}
	}
	return &socket{cfg: cfg}
}

type socket struct {
	cfg     *Config
	source  Source
	closing atomic.Bool
	done    chan struct{} // closed when the reader has ended
	timer   *time.Timer
	dropped uint64 // kernel drops that were reported
	failed  bool   // it was told that the source cannot be opened
	cut     bool   // it was told that datagrams are too long
	crowded bool   // it was told that sessions give way
}

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
			if s.source == nil {
				s.reopen(ctx)
			}
			s.reportKernel(ctx)
			s.reportCut(ctx)
			s.reportCrowd(ctx)
			s.timer.Reset(kernelInterval)
		}
	case *actor.Stopping, *actor.Restarting:
		s.stop(ctx)
	}
}

// start opens the source, unless the first one is still there, and starts the reader.
func (s *socket) start(ctx actor.Context) {
	root, self := ctx.ActorSystem().Root, ctx.Self()
	s.timer = time.AfterFunc(kernelInterval, func() { root.Send(self, tick{}) })
	s.source, s.cfg.Source = s.cfg.Source, nil
	if s.source != nil {
		s.read(ctx)
	} else {
		s.reopen(ctx)
	}
}

// reopen opens the source again, or leaves that to the next tick: what closed it may last, and the first try tells.
func (s *socket) reopen(ctx actor.Context) {
	source, err := s.cfg.Reopen()
	if err != nil {
		if !s.failed {
			s.failed = true
			text := fmt.Sprintf("%v cannot be opened again, and is tried every %v: %v", s.cfg.Group, kernelInterval, err)
			ctx.Send(s.cfg.Hub, hub.Publish{Event: event.Warning{Text: text}})
		}
		return
	}
	s.source, s.failed = source, false
	s.read(ctx)
}

// read starts the reader.
func (s *socket) read(ctx actor.Context) {
	root, self := ctx.ActorSystem().Root, ctx.Self()
	r := &reader{
		source: s.source, slabs: s.cfg.Slabs, filter: s.cfg.Filter, group: s.cfg.Group, reception: s.cfg.Reception,
		limits: s.cfg.Limits, max: s.cfg.MaxSessions, counters: s.cfg.Counters, closing: &s.closing,
		spare: slab.NewPool(s.cfg.SlabSize, 1).Get(), table: s.cfg.table,
		crowding: map[netip.Addr]struct{}{},
		open: func(in *receiving.Inbox) {
			s.cfg.Ledger.Receive(in)
			root.Send(s.cfg.Sessions, session.Open{Inbox: in})
		},
	}
	s.done = make(chan struct{})
	go func() {
		defer close(s.done)
		if err := guarded(r.run); err != nil {
			root.Send(self, readerEnded{err})
		}
	}()
}

// guarded turns a panic of the reader into an error: the process must survive it.
func guarded(run func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &actors.Crash{Value: v, Stack: debug.Stack()}
		}
	}()
	return run()
}

// stop closes the source and waits for the reader, which cannot be blocked by anything else.
func (s *socket) stop(ctx actor.Context) {
	if s.timer != nil {
		s.timer.Stop()
	}
	if s.source == nil {
		return
	}
	s.closing.Store(true)
	// The reader sees the error; there is nobody else to tell.
	_ = s.source.Close()
	<-s.done
	s.reportKernel(ctx)
	s.reportCut(ctx)
	s.source = nil
}

// reportCut tells, once, that datagrams come which are too long to be received at all.
func (s *socket) reportCut(ctx actor.Context) {
	if n := s.cfg.Counters.cut.Load(); n > 0 && !s.cut {
		s.cut = true
		text := fmt.Sprintf("%v: datagrams of more than %d bytes come, and are lost: receive with a larger limit", s.cfg.Group, s.cfg.SlabSize/batchSize)
		ctx.Send(s.cfg.Hub, hub.Publish{Event: event.Warning{Text: text}})
	}
}

// reportCrowd tells, once, that there are more sessions than places.
func (s *socket) reportCrowd(ctx actor.Context) {
	if s.cfg.Counters.yielded.Load() > 0 && !s.crowded {
		s.crowded = true
		text := fmt.Sprintf("%v: more than %d sessions at once: those that have shown no FDT Instance give way to others",
			s.cfg.Group, s.cfg.MaxSessions)
		ctx.Send(s.cfg.Hub, hub.Publish{Event: event.Warning{Text: text}})
	}
}

// reportKernel tells about datagrams that the kernel dropped because the reader was too slow.
func (s *socket) reportKernel(ctx actor.Context) {
	k, ok := s.source.(kernelDropper)
	if !ok {
		return
	}
	if n := k.KernelDrops(); n > s.dropped {
		ctx.Send(s.cfg.Hub, hub.Publish{Event: event.KernelDrops{Group: s.cfg.Group, New: n - s.dropped, Total: n}})
		s.dropped = n
	}
}
