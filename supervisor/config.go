package supervisor

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// Strategy says which children are restarted when one fails.
type Strategy uint8

// The strategies of OTP for static trees.
const (
	OneForOne  Strategy = iota // the one that failed
	RestForOne                 // and those that were started after it
	OneForAll                  // all
)

// String returns the name that OTP uses.
func (s Strategy) String() string {
	switch s {
	case OneForOne:
		return "one_for_one"
	case RestForOne:
		return "rest_for_one"
	case OneForAll:
		return "one_for_all"
	}
	return "unknown"
}

// Restart says when a child that ended is started again.
type Restart uint8

// The restart types of OTP.
const (
	Permanent Restart = iota // always, also when it stopped itself
	Transient                // when it failed
	Temporary                // never; its failures do not count, and take no other child with it
)

// Child describes one child of a static tree.
type Child struct {
	Name    string       // last part of the PID's id; unique in the tree
	Props   *actor.Props // from actors.Spec; used for each spawn
	Restart Restart
}

// The defaults of Config and DynamicConfig.
const (
	DefaultIntensity     = 3
	DefaultPeriod        = 5 * time.Second
	DefaultDynamicPeriod = time.Minute // objects of a carousel come round only now and then
)

// Config configures a static tree. It is copied by New and never changed.
type Config struct {
	Strategy Strategy
	// Intensity is how many failures within Period are answered by a restart. 0 means DefaultIntensity; negative none.
	Intensity int
	// Period is the window of Intensity; 0 means DefaultPeriod. It should be longer than Intensity delays of Backoff,
	// or the tree never gives up.
	Period  time.Duration
	Backoff Backoff
	// Children in the order of their start.
	Children []Child
	// OnEnd makes this the root of the tree. It is called once when the supervisor has stopped: with nil when it was
	// told to stop, else with the error. It runs on the goroutine of the supervisor and must not block.
	OnEnd func(error)
}

// window counts failures within a period.
type window struct {
	intensity int
	period    time.Duration
	times     []time.Time // at most intensity+1, oldest first
}

func newWindow(intensity int, period, fallback time.Duration) window {
	if intensity == 0 {
		intensity = DefaultIntensity
	}
	if period == 0 {
		period = fallback
	}
	return window{intensity: max(intensity, 0), period: period}
}

// fail counts a failure and reports whether it is one too many.
func (w *window) fail(now time.Time) bool {
	kept := w.times[:0]
	for _, t := range w.times {
		if now.Sub(t) < w.period {
			kept = append(kept, t)
		}
	}
	w.times = append(kept, now)
	return len(w.times) > w.intensity
}
