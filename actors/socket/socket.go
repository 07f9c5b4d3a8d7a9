package socket

import (
	"net/netip"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/hub"
	"github.com/flute-node/flute-node/actors/session"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/internal/slab"
)

// DefaultMaxSessions bounds the sessions of one socket: a TSI costs an attacker one datagram, a session some 20 KiB.
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
	Reception   *session.Reception
	Limits      actors.Limits // of each session's Inbox
	MaxSessions int           // zero: DefaultMaxSessions
	Slabs       *slab.Pool
	SlabSize    int
	Counters    *Counters
	Hub         *actor.PID
	Sessions    *actor.PID
}

// kernelDropper is a Source that knows how many datagrams the kernel dropped before they could be read.
type kernelDropper interface{ KernelDrops() uint64 }

// New returns the actor of one listening socket.
func New(cfg *Config) actor.Actor {
	if cfg.MaxSessions == 0 {
		cfg.MaxSessions = DefaultMaxSessions
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
			s.reportKernel(ctx)
			s.timer.Reset(kernelInterval)
		}
	case *actor.Stopping, *actor.Restarting:
		s.stop(ctx)
	}
}

// start opens the source, unless the first one is still there, and starts the reader.
func (s *socket) start(ctx actor.Context) {
	s.source = s.cfg.Source
	s.cfg.Source = nil
	if s.source == nil {
		var err error
		s.source, err = s.cfg.Reopen()
		actors.Fault(err)
	}
	root, self := ctx.ActorSystem().Root, ctx.Self()
	r := &reader{
		source: s.source, slabs: s.cfg.Slabs, filter: s.cfg.Filter, group: s.cfg.Group, reception: s.cfg.Reception,
		limits: s.cfg.Limits, max: s.cfg.MaxSessions, counters: s.cfg.Counters, closing: &s.closing,
		spare: slab.NewPool(s.cfg.SlabSize, 1).Get(),
		open:  func(in *session.Inbox) { root.Send(s.cfg.Sessions, session.Open{Inbox: in}) },
	}
	s.done = make(chan struct{})
	go func() {
		defer close(s.done)
		if err := guarded(r.run); err != nil {
			root.Send(self, readerEnded{err})
		}
	}()
	s.timer = time.AfterFunc(kernelInterval, func() { root.Send(self, tick{}) })
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
	if s.source == nil {
		return
	}
	s.timer.Stop()
	s.closing.Store(true)
	// The reader sees the error; there is nobody else to tell.
	_ = s.source.Close()
	<-s.done
	s.reportKernel(ctx)
	s.source = nil
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
