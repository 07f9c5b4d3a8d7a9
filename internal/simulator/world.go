package simulator

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime/pprof"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flute-node/flute-node/internal/simnet"
)

var (
	group     = netip.MustParseAddrPort("239.1.1.1:3400")
	asideTo   = netip.MustParseAddrPort("239.1.1.2:3400") // of the bystanders
	source    = netip.MustParseAddr("10.0.0.1")
	aside     = netip.MustParseAddr("10.0.0.2")
	strangers = netip.MustParseAddr("10.0.0.3")
)

const (
	// calmFor bounds how long, after all faults, files may take to arrive.
	calmFor = 40 * time.Minute
	// sameNumbersFor is the same for senders that were started again with the same numbers: the descriptions of the
	// ones before must have expired, which takes an hour.
	sameNumbersFor = 2 * time.Hour
	patience       = 200 // attempts to start a reception, a tick apart
	tick           = 100 * time.Millisecond
	maxViolations  = 10
	// stopFor bounds an orderly stop.
	stopFor = time.Minute
)

// world is a simulation that runs.
type world struct {
	plan   *Plan
	rng    *rand.Rand // of the main goroutine
	net    *simnet.Network
	begin  time.Time
	ctx    context.Context
	disk   *simnet.Disk   // of the receptions that are tried
	spare  *simnet.Disk   // of the bystanders
	ended  sync.WaitGroup // of processes
	visits sync.WaitGroup // of bystanders
	sender *sendingProcess
	beside *sendingProcess
	forger *forger

	mu         sync.Mutex // guards what follows, and Result
	result     *Result
	receiver   *process // nil: none
	generation int      // of receivers, counted
	calm       bool     // the faults are over
	files      *files
	held       *holder
	oracle     *oracle
	traffic    traffic
	recent     recent
	dice       *rand.Rand // of the damage
	downs      []span     // when there was no receiver, or one that may have lost something

	published map[string]int // latest version by location
}

// span is a time.
type span struct{ from, to time.Time }

// Run simulates plan on virtual time, in a bubble of package testing/synctest.
func Run(t *testing.T, plan *Plan) *Result {
	w := &world{plan: plan, rng: rand.New(rand.NewPCG(plan.Seed, 77)), result: &Result{Plan: plan}}
	w.inBubble(t)
	return w.result
}

// inBubble runs the simulation. A panic of the bubble says that goroutines were left behind.
func (w *world) inBubble(t *testing.T) {
	defer pprof.SetGoroutineLabels(context.Background())
	pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels("seed", fmt.Sprint(w.plan.Seed))))
	defer func() {
		if v := recover(); v != nil {
			w.fail(Shutdown, "%v", v)
		}
	}()
	synctest.Test(t, func(t *testing.T) { w.run() })
}

func (w *world) run() {
	ctx, cancel := context.WithTimeout(context.Background(), 24*time.Hour) // of virtual time
	defer cancel()
	w.ctx, w.begin, w.net = ctx, time.Now(), simnet.New(w.plan.Seed)
	w.dice = rand.New(rand.NewPCG(w.plan.Seed, 14))
	w.files, w.published = newFiles(w.plan), map[string]int{}
	w.held, w.oracle = newHolder(w), newOracle(w)
	w.disk, w.spare = simnet.NewDisk(w.plan.Seed), simnet.NewDisk(w.plan.Seed+1)
	w.disk.OnPublish = w.onPublish
	w.startSender()
	w.startBystanders()
	w.startForger()
	w.faults()
	w.settle()
	w.shut()
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.disk.Stats()
	f := &w.result.Figures
	f.Virtual, f.Cuts, f.DiskFaults, f.Published = time.Since(w.begin), d.Cuts, d.Failed, d.Published
	w.traffic.addTo(f)
}

// faults lets happen what is planned.
func (w *world) faults() {
	next := w.plan.Incidents
	joined := false
	for {
		now := time.Since(w.begin)
		if !joined && now >= w.plan.Join {
			joined = true
			w.startReceiver()
		}
		for len(next) > 0 && next[0].At <= now {
			w.happen(next[0])
			next = next[1:]
		}
		w.cutsOff()
		w.look()
		if now >= w.plan.Length && len(next) == 0 && joined {
			return
		}
		time.Sleep(tick)
	}
}

// cutsOff lets power be lost where a write was cut, whichever process had it.
func (w *world) cutsOff() {
	w.mu.Lock()
	p := w.receiver
	w.mu.Unlock()
	if p != nil && p.mount.Killed() {
		w.die(p, true, tick)
	}
}

// look checks what must hold at every moment.
func (w *world) look() {
	w.mu.Lock()
	p := w.receiver
	w.mu.Unlock()
	if p == nil {
		return
	}
	w.check(Bounds)
	if used := p.node.Used(); used > w.plan.Budget {
		w.fail(Bounds, "%d bytes of the budget of %d are in use", used, w.plan.Budget)
	}
	w.oracle.look()
}

// settle ends all faults, and waits until every file on the carousel has arrived.
func (w *world) settle() {
	w.mu.Lock()
	w.calm = true
	w.mu.Unlock()
	w.disk.Break(simnet.Faults{}, 0)
	w.disk.CutAt(0)
	w.cutsOff()
	end := time.Now().Add(calmFor)
	if w.sameNumbers() {
		end = time.Now().Add(sameNumbersFor)
	}
	w.check(Decodability)
	wait := tick
	for missing := w.missing(); missing != ""; missing = w.missing() {
		if time.Now().After(end) {
			broken := Decodability
			if w.plan.Strict && w.result.Figures.Withheld > 0 {
				broken = Resume
			}
			w.fail(broken, "%s has not arrived; %s", missing, w.state())
			return
		}
		time.Sleep(wait)
		wait = min(wait*2, 10*time.Second)
		w.look()
	}
}

func (w *world) sameNumbers() bool {
	for _, s := range w.plan.Sessions {
		if s.SameNumbers && w.plan.has(killSender, stopSender) {
			return true
		}
	}
	return false
}

// missing returns a file of the carousel that is not on the disk; empty: there is none.
func (w *world) missing() string {
	w.mu.Lock()
	alive := w.receiver != nil
	w.mu.Unlock()
	if !alive {
		return "the receiver"
	}
	for name, content := range w.files.current() {
		if !w.disk.Has(w.onDisk(name), content) {
			return name
		}
	}
	return ""
}

// shut ends everything, and checks that nothing is left.
func (w *world) shut() {
	w.stopForger()
	w.visits.Wait()
	w.mu.Lock()
	p := w.receiver
	w.receiver = nil
	w.mu.Unlock()
	if p != nil {
		w.stop(p)
	}
	w.sender.stop(w)
	w.beside.stop(w)
	w.ended.Wait()
	w.verifyDisk("at the end")
	// protoactor's throttle of the log of dead letters leaves a goroutine for its interval.
	time.Sleep(time.Second)
}

// fail tells of a promise that was broken.
func (w *world) fail(p Promise, format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failLocked(p, format, args...)
}

func (w *world) failLocked(p Promise, format string, args ...any) {
	if r := w.result; len(r.Violations) < maxViolations {
		var at time.Duration
		if !w.begin.IsZero() {
			at = time.Since(w.begin)
		}
		r.Violations = append(r.Violations, Violation{p, p.String(), at, fmt.Sprintf(format, args...)})
	}
}

// check counts that a promise was checked.
func (w *world) check(p Promise) {
	w.mu.Lock()
	w.result.Figures.Checks[p]++
	w.mu.Unlock()
}
