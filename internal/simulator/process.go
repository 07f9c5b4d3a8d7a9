package simulator

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"time"

	"github.com/flute-node/flute-node/actors/inject"
	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/internal/simnet"
	"github.com/flute-node/flute-node/internal/udp"
	"github.com/flute-node/flute-node/node"
)

// process is a receiver: a node with two receptions, each with a disk.
type process struct {
	w          *world
	node       *node.Node
	mount      *simnet.Mount
	spare      *simnet.Mount
	receptions []*node.Reception
	faults     *inject.Faults
	watched    chan struct{} // closed when all events were seen

	// Guarded by world.mu.
	dead      bool // killed: nothing of it counts any more
	missed    bool // events were lost
	broken    bool // so many parts crashed that the node gave up
	objects   map[object]progress
	counted   uint64 // datagrams of sessions that have ended
	counters  map[flute.SessionKey]flute.Counters
	described map[flute.SessionKey]time.Time // first FDT Instance
	taps      []*tap
}

// fromReserve is what a session may have beyond its budget: FDT Instances and small objects are held in the reserve of
// the node.
const fromReserve = 64 << 10

type object struct {
	session flute.SessionKey
	toi     flute.TOI
}

// startReceiver starts a process on the disks.
func (w *world) startReceiver() {
	p := &process{
		w: w, mount: w.disk.Mount(), spare: w.spare.Mount(), watched: make(chan struct{}),
		objects: map[object]progress{}, counters: map[flute.SessionKey]flute.Counters{},
		described: map[flute.SessionKey]time.Time{},
	}
	cfg := node.Config{Budget: w.plan.Budget, SourceBudget: w.plan.Budget, Workers: 2, Network: p}
	w.mu.Lock()
	w.generation++
	if w.generation == 1 && len(w.plan.Crashes) > 0 {
		p.faults = inject.New(int64(w.plan.Seed), rules(w.plan.Crashes)...)
		cfg.Faults = p.faults
	}
	w.mu.Unlock()
	var err error
	if p.node, err = node.Start(cfg); err != nil {
		w.fail(Shutdown, "the node does not start: %v", err)
		return
	}
	sub := p.node.Subscribe(node.SubscribeOptions{Queue: 1 << 14})
	go func() {
		defer close(p.watched)
		for e := range sub.Events() {
			p.see(e)
		}
	}()
	for _, to := range []struct {
		group  netip.AddrPort
		disk   *simnet.Mount
		layout string
	}{{group, p.mount, w.layout()}, {asideTo, p.spare, "flat"}} {
		var r *node.Reception
		for range patience { // the disk may fail
			r, err = p.node.Receive(w.ctx, node.ReceiveConfig{
				Group: to.group, Store: to.disk,
				Session: receiver.Config{SessionBudget: w.plan.SessionBudget, Layout: to.layout},
			})
			if err == nil {
				break
			}
			time.Sleep(tick)
		}
		if err != nil {
			w.fail(Shutdown, "the reception does not start: %v", err)
			continue
		}
		p.receptions = append(p.receptions, r)
	}
	w.mu.Lock()
	w.receiver = p
	w.mu.Unlock()
}

func rules(crashes []Crash) (list []inject.Rule) {
	for _, c := range crashes {
		list = append(list, inject.Rule{Kind: inject.Panic, Actor: c.Actor, Nth: c.Nth, After: c.After})
	}
	return list
}

// Listen implements udp.Network.
func (p *process) Listen(cfg udp.Config) (udp.Source, error) {
	join := simnet.JoinConfig{Group: cfg.Group}
	if cfg.Group == group {
		join.Link = p.w.link()
	}
	t := &tap{Receiver: p.w.net.Join(join), p: p, main: cfg.Group == group}
	p.w.mu.Lock()
	p.taps = append(p.taps, t)
	p.w.mu.Unlock()
	return t, nil
}

// Dial implements udp.Network.
func (p *process) Dial(udp.SendConfig) (udp.Writer, netip.Addr, error) {
	return nil, netip.Addr{}, errors.New("simulator: this node receives")
}

// see takes an event.
func (p *process) see(e notice.Event) {
	w := p.w
	w.mu.Lock()
	defer w.mu.Unlock()
	if p.dead {
		return
	}
	w.trace(e)
	f := &w.result.Figures
	switch e := e.(type) {
	case notice.Missed:
		p.missed = true
	case notice.ActorRestarted:
		f.Crashes++
		closed := w.plan.has(reopenSocket) && strings.Contains(e.Actor, "socket")
		if !closed && !strings.Contains(e.Reason, "inject: ") {
			w.failLocked(Isolation, "%s: %s\n%s", e.Actor, e.Reason, e.Stack)
		}
		p.crashed()
	case event.SessionStats:
		p.count(e.Session, e.Counters)
		if f.Checks[Bounds]++; e.Held > w.plan.SessionBudget+fromReserve {
			w.failLocked(Bounds, "session %v holds %d bytes of %d", e.Session, e.Held, w.plan.SessionBudget)
		}
	case event.SessionClosed:
		p.count(e.Session, e.Counters)
		p.counted += e.Counters.Received
		delete(p.counters, e.Session)
		p.closed(e.Session)
	case event.FDTReceived:
		if _, ok := p.described[e.Session]; !ok {
			p.described[e.Session] = time.Now()
		}
		w.oracle.described(e)
	case event.ObjectStarted:
		p.started(object{e.Session, e.TOI})
		if e.Resumed > 0 {
			f.Resumed++
		}
	case event.ObjectCompleted:
		f.Completed++
		p.ends(object{e.Session, e.TOI}, "completed", e.Earlier)
	case event.ObjectFailed:
		f.Failed++
		p.failed(object{e.Session, e.TOI}, e.Retry)
	}
}

// crashed takes note of a crash: for a while packets may be lost in the hands of the actor.
func (p *process) crashed() {
	now := time.Now()
	p.w.held.forget(now.Add(-time.Second), now.Add(2*time.Second))
	p.w.downs = append(p.w.downs, span{now.Add(-time.Second), now.Add(5 * time.Second)})
}

// stop stops the process in order, and checks what is promised of that.
func (w *world) stop(p *process) {
	w.check(Shutdown)
	ctx, cancel := context.WithTimeout(context.Background(), stopFor)
	defer cancel()
	err := p.node.Stop(ctx)
	<-p.watched
	w.mu.Lock()
	select {
	case err := <-p.node.Failed():
		p.broken = err != nil
	default:
	}
	tolerant := p.broken || p.dead
	w.mu.Unlock()
	if err != nil && !tolerant {
		w.fail(Shutdown, "stop: %v", err)
	}
	if used := p.node.Used(); used != 0 && !p.broken {
		w.fail(Shutdown, "%d bytes of the budget are in use after the stop", used)
	}
	_ = p.mount.Close()
	_ = p.spare.Close()
	if !tolerant {
		p.accounted()
	}
}

// kill ends the process as kill -9 does, which its goroutines outlive for a while: nothing that they do has an effect.
func (w *world) kill(p *process) {
	w.mu.Lock()
	p.dead = true
	w.receiver = nil
	taps := p.taps
	w.mu.Unlock()
	p.mount.Kill()
	p.spare.Kill()
	for _, t := range taps {
		_ = t.Receiver.Close()
	}
	w.ended.Go(func() { w.stop(p) })
}

// down says since when there is no receiver; up that there is one again.
func (w *world) down() func() {
	from := time.Now()
	return func() {
		w.mu.Lock()
		w.downs = append(w.downs, span{from.Add(-time.Second), time.Now()})
		w.mu.Unlock()
	}
}
