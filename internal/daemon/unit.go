package daemon

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/flute-node/flute-node/internal/api"
	"github.com/flute-node/flute-node/internal/program"
	"github.com/flute-node/flute-node/node"
)

// The phases of a unit.
const (
	phaseStarting = "starting"
	phaseStandby  = "standby" // another node sends its session
	phaseRunning  = "running"
	phaseWaiting  = "waiting"  // it has failed, and is tried again
	phaseFinished = "finished" // all is sent
	phaseStopped  = "stopped"
)

const (
	// A unit that fails is tried again after firstPause, then after twice as long each time, up to lastPause. One that
	// has run for steady begins with firstPause again.
	firstPause, lastPause = time.Second, time.Minute
	steady                = time.Minute
)

// unit runs one section of the configuration.
type unit struct {
	kind, name string
	section    any // as config has it
	once       func(ctx context.Context, u *unit) error

	cancel context.CancelFunc
	done   chan struct{}

	mu         sync.Mutex
	phase      string
	since      time.Time
	fault      string // why it waits, or what was not sent
	failures   uint64
	next       time.Time // when it is tried again
	paused     bool
	receptions []*node.Reception
	sending    *node.Sending
	runner     *program.Runner // of a reception; nil: there is none
}

func (u *unit) state() api.Unit {
	u.mu.Lock()
	defer u.mu.Unlock()
	return api.Unit{
		Kind: u.kind, Name: u.name, Phase: u.phase, Since: u.since, Error: u.fault, Failures: u.failures, Next: u.next,
		Paused: u.paused,
	}
}

// enter notes a phase, and why.
func (u *unit) enter(phase, fault string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.phase, u.since, u.fault, u.next = phase, time.Now(), fault, time.Time{}
}

// start runs the unit until stop. told is called with each failure.
func (u *unit) start(told func(u *unit, err error, pause time.Duration)) {
	ctx, cancel := context.WithCancel(context.Background())
	u.cancel, u.done = cancel, make(chan struct{})
	u.enter(phaseStarting, "")
	go func() {
		defer close(u.done)
		pause := firstPause
		for {
			began := time.Now()
			err := u.once(ctx, u)
			u.detach()
			switch {
			case ctx.Err() != nil:
				u.enter(phaseStopped, "")
				return
			case err == nil:
				return // it has entered phaseFinished
			}
			if time.Since(began) > steady {
				pause = firstPause
			}
			wait := pause/2 + rand.N(pause/2+1) // many units do not fail and begin in step
			err = withRemedy(err)
			u.enter(phaseWaiting, err.Error())
			u.mu.Lock()
			u.failures++
			u.next = time.Now().Add(wait)
			u.mu.Unlock()
			told(u, err, wait)
			select {
			case <-time.After(wait):
			case <-ctx.Done():
				u.enter(phaseStopped, "")
				return
			}
			pause = min(2*pause, lastPause)
			u.enter(phaseStarting, "")
		}
	}()
}

// stop ends the unit, and waits for it.
func (u *unit) stop() {
	u.cancel()
	<-u.done
}

// attach notes what the unit has begun, and that it runs.
func (u *unit) attach(receptions []*node.Reception, s *node.Sending) {
	u.mu.Lock()
	u.receptions, u.sending = receptions, s
	u.mu.Unlock()
	u.enter(phaseRunning, "")
}

func (u *unit) detach() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.receptions, u.sending, u.paused = nil, nil, false
}

// running returns what attach has noted.
func (u *unit) running() ([]*node.Reception, *node.Sending) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.receptions, u.sending
}

// runs notes the program of the unit.
func (u *unit) runs(r *program.Runner) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.runner = r
}

// program returns what runs has noted.
func (u *unit) program() *program.Runner {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.runner
}
