package channel

import (
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/inject"
	"github.com/flute-node/flute-node/supervisor"
)

// Ledger is what Channels must not lose in a crash: the channels of all sockets. It is safe for concurrent use: sockets
// add to it, and remove from it.
type Ledger struct {
	mu       sync.Mutex
	channels map[uint64]*Channel
}

// NewLedger returns an empty Ledger.
func NewLedger() *Ledger { return &Ledger{channels: map[uint64]*Channel{}} }

// Add adds a channel. Open is sent to Channels next.
func (l *Ledger) Add(c *Channel) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.channels[c.number] = c
}

// Len returns how many channels there are.
func (l *Ledger) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.channels)
}

// Close fails all channels with err, once Channels has ended.
func (l *Ledger) Close(err error) {
	for _, c := range l.list() {
		l.Remove(c)
		c.Fail(err)
	}
}

// Remove forgets a channel that nobody needs any more. Close is sent to Channels next.
func (l *Ledger) Remove(c *Channel) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.channels, c.number)
}

func (l *Ledger) has(c *Channel) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.channels[c.number] == c
}

func (l *Ledger) list() []*Channel {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([]*Channel, 0, len(l.channels))
	for _, c := range l.channels {
		all = append(all, c)
	}
	return all
}

// A channel that panics goes on. If that does not help, the next panic within crashPeriod ends its connection.
const (
	crashIntensity = 1
	crashPeriod    = time.Minute
)

// Spec returns how Channels is spawned, the dynamic supervisor of all channels. The name for faults is "channels", that
// of a channel "channel-1". hook is told what it decides about channels that crash; nil: nobody is.
func Spec(ledger *Ledger, hook func(supervisor.Event), faults *inject.Faults) actors.Spec {
	return actors.Spec{
		Produce: func() actor.Actor {
			return &channels{
				ledger: ledger, faults: faults, children: map[string]*Channel{}, pids: map[*Channel]*actor.PID{},
			}
		},
		Strategy: supervisor.NewDynamic(supervisor.DynamicConfig{
			Intensity: crashIntensity, Period: crashPeriod, Hook: hook,
		}),
		Faults: faults, Name: "channels", Kind: kindOfChannels,
	}
}

type channels struct {
	ledger   *Ledger
	faults   *inject.Faults
	children map[string]*Channel // by id of the PID
	pids     map[*Channel]*actor.PID
}

// Receive implements actor.Actor.
func (s *channels) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		for _, c := range s.ledger.list() {
			s.open(ctx, c)
		}
	case Open:
		s.open(ctx, m.Channel)
	case Close:
		if pid := s.pids[m.Channel]; pid != nil {
			ctx.Stop(pid)
		}
	case supervisor.ChildGaveUp:
		if c := s.children[m.PID.Id]; c != nil {
			crash := Crashed{c, m.Reason}
			c.crash.Store(&crash)
			c.line.Mailbox.PostUserMessage(crash)
		}
	case *actor.Terminated:
		if c := s.children[m.Who.Id]; c != nil {
			delete(s.children, m.Who.Id)
			delete(s.pids, c)
		}
	}
}

// open spawns the actor of a channel, unless it runs or was forgotten.
func (s *channels) open(ctx actor.Context, c *Channel) {
	if s.pids[c] != nil || !s.ledger.has(c) {
		return
	}
	pid, err := ctx.SpawnNamed(spec(c, s.faults).Props(), c.Name())
	actors.Fault(err)
	s.children[pid.Id], s.pids[c] = c, pid
}
