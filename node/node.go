package node

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/hub"
	"github.com/flute-node/flute-node/actors/inject"
	"github.com/flute-node/flute-node/actors/lanes"
	"github.com/flute-node/flute-node/actors/session"
	"github.com/flute-node/flute-node/actors/socket"
	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/internal/alarm"
	"github.com/flute-node/flute-node/internal/crew"
	"github.com/flute-node/flute-node/internal/defaults"
	"github.com/flute-node/flute-node/internal/pacing"
	"github.com/flute-node/flute-node/internal/parallel"
	"github.com/flute-node/flute-node/internal/reuse"
	"github.com/flute-node/flute-node/internal/slab"
	"github.com/flute-node/flute-node/internal/udp"
	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/utp"
)

// The defaults of Config.
const (
	// defaultBudget bounds the memory for objects in reception, and for datagrams on their way to them.
	defaultBudget = 1 << 30
	// slabShare is the part of the budget, one of slabShare, for datagrams that were read and not handled yet. They
	// have it for themselves: what objects hold keeps no reader from reading.
	slabShare = 8
	// progressInterval lies between two event.ObjectProgress of an object, unless its session says otherwise: more of
	// them nobody can look at, and each costs some microseconds.
	progressInterval = 250 * time.Millisecond
	// minWorkers is one for heavy decoding and one for all else.
	minWorkers = 2
)

// Config configures a node. The zero value is ready for use.
type Config struct {
	Logger *slog.Logger // nil: nothing is logged; subscribe to events instead
	// System is the application's own actor system, in which the tree runs, below a root actor "node", "node-2" and so
	// on. It logs what Logger would; Stop leaves it running. Nil: the node has a system of its own.
	System *actor.ActorSystem
	// Budget is bytes of memory for objects in reception, and an eighth of it for datagrams on their way to them; zero:
	// 1 GiB. The least is 128 KiB.
	Budget uint64
	// SourceBudget is how much of that all sessions of one source may use; zero: half of it. Reserve is how much of it
	// is kept for FDT Instances and small objects; zero: an eighth.
	SourceBudget, Reserve uint64
	// Rate is the bits per second that all sending sessions together may send, at most, shared by SendConfig.Weight.
	// Each counts as its SendConfig.Counting says. Zero: without a bound.
	Rate     uint64
	Workers  int            // goroutines that decode or hash at a time, at least two; zero: one per CPU
	Registry *fec.Registry  // FEC schemes; nil: those of package fec/schemes
	Faults   *inject.Faults // injected faults, for tests; nil: none
	Network  udp.Network    // what datagrams go through, for simulations; nil: the system's sockets
	// OnDecode is told how long each step of decoding a large source block took, of more than 256 KiB, or one that is
	// partly on the disk: finding out whether the symbols suffice, or recovering what is lost. It is called on the
	// goroutine that did so, and must not block. Nil: that is not measured.
	OnDecode func(time.Duration)
}

// Node is a running node.
type Node struct {
	cfg         Config
	system      *actors.System
	name        string // of the root actor
	subscribers hub.Subscribers
	forwarders  sync.WaitGroup // of subscriptions to actors
	root        *actor.PID
	lanes       *lanes.Lanes
	utp         *utp.Stack
	labour      *receiver.Labour
	ledger      *session.Ledger
	sockets     *socket.Ledger
	budget      *store.Budget
	slabs       *slab.Memory       // of all receptions
	crew        *crew.Crew         // runs all sessions
	alarms      *alarm.Clock       // of all sending sessions
	link        *pacing.Link       // the same
	spare       reuse.List[[]byte] // the same: see sending.Config
	known       udp.Known          // the same: see udp.SendConfig
	failed      chan error
	up          chan struct{} // closed when the whole tree has started
	upOnce      sync.Once
	down        chan struct{} // closed when the whole tree has ended
	starts      starts
	next        atomic.Uint64 // ID of the last Reception
	stopDone    chan struct{} // closed when the first Stop has ended
	stopErr     error         // what it returned; not to be read before
	mu          sync.Mutex
	stopped     bool
	over        bool                          // the tree has ended
	sessions    map[flute.SessionKey]*Sending // that have not ended
	receptions  map[uint64]*Reception         // that have not been closed
	folders     folders
	listenMu    sync.Mutex
	listening   map[listeningKey]*listening // that receptions may share; guarded by listenMu
	scratches   scratchpad                  // of files in their content encoding
}

// validated returns c with its defaults, or an error that names the field.
func (c Config) validated() (Config, error) {
	c.Budget = cmp.Or(c.Budget, defaultBudget)
	c.SourceBudget = cmp.Or(c.SourceBudget, c.Budget/2)
	c.Reserve = cmp.Or(c.Reserve, c.Budget/8)
	switch {
	case c.SourceBudget > c.Budget:
		return c, fmt.Errorf("node: Config.SourceBudget %d exceeds Config.Budget %d", c.SourceBudget, c.Budget)
	case c.Reserve > c.Budget/2:
		return c, fmt.Errorf("node: Config.Reserve %d exceeds half of Config.Budget %d", c.Reserve, c.Budget)
	case c.Budget < defaults.LeastBudget:
		return c, fmt.Errorf("node: Config.Budget %d: take %d or more", c.Budget, defaults.LeastBudget)
	}
	if c.Workers <= 0 {
		c.Workers = runtime.GOMAXPROCS(0)
	}
	c.Workers = max(c.Workers, minWorkers)
	if c.Registry == nil {
		c.Registry = schemes.New(parallel.New(c.Workers).Do)
	}
	return c, nil
}

// Start starts a node. Stop must be called on it in the end.
func Start(cfg Config) (*Node, error) {
	cfg, err := cfg.validated()
	if err != nil {
		return nil, err
	}
	slabs, goroutines := cfg.Budget/slabShare, crew.New()
	n := &Node{
		cfg: cfg, ledger: session.NewLedger(goroutines), sockets: socket.NewLedger(), crew: goroutines,
		budget: store.NewSharedBudget(cfg.Budget-slabs, store.Shares{Source: cfg.SourceBudget, Reserve: cfg.Reserve}),
		slabs:  slab.NewMemory(int(min(slabs, math.MaxInt))),
		alarms: alarm.NewClock(), link: pacing.NewLink(cfg.Rate),
		failed: make(chan error, 1), up: make(chan struct{}), down: make(chan struct{}), stopDone: make(chan struct{}),
		labour:   receiver.NewLabour(cfg.Workers),
		sessions: map[flute.SessionKey]*Sending{}, receptions: map[uint64]*Reception{},
		listening: map[listeningKey]*listening{},
	}
	n.utp = utp.Host(utp.Config{Faults: cfg.Faults, OnRestart: n.announce})
	n.lanes = lanes.New(lanes.Config{
		Processors: cfg.Workers, OnDelay: n.delayed, OnCrash: n.workCrashed, OnDecode: cfg.OnDecode,
	})
	if err := n.startTree(); err != nil {
		return nil, err
	}
	return n, nil
}

// UTP returns the node's own uTP: sockets that are opened there run in the node's tree, and end with it.
func (n *Node) UTP() *utp.Stack { return n.utp }

// Failed yields an error when the node gave up: a part of it crashed more often than its supervisor allows.
func (n *Node) Failed() <-chan error { return n.failed }

// Used returns how many bytes of Config.Budget are in use. After Stop it is zero.
func (n *Node) Used() uint64 { return n.budget.Used() + uint64(n.slabs.Held()) }

// flush waits until subscriptions have been offered what was published before.
func (n *Node) flush(ctx context.Context) error {
	return order[hub.Flushed](ctx, n, hubName, hub.Flush{})
}
