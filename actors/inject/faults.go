package inject

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"path"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// Kind is what a Rule does to a message.
type Kind uint8

// The kinds of fault.
const (
	Panic     Kind = iota // panics with a *Fault
	Drop                  // the actor does not see the message
	Delay                 // the actor sleeps for Rule.Delay, as if it were slow
	Duplicate             // the actor handles the message twice
)

// Rule injects one kind of fault into the messages that it matches. A rule counts for each actor apart, over restarts,
// also if two have one name.
type Rule struct {
	Kind Kind
	// Actor is a pattern of package path for the stable name of the actor, which is Spec.Name, or for the id of its
	// PID; '*' does not match '/'. Empty matches every actor.
	Actor string
	// Message is a pattern for the kind of message: what Spec.Kind returns, or of the lifecycle "started",
	// "restarting", "stopping", "stopped" and "terminated". A message without a kind has the name of its Go type, as %T
	// prints it. Empty matches every message that is not one of the lifecycle.
	Message string
	// Nth is which matching message is hit, from 1. 0 means all, or those that Probability picks.
	Nth int
	// Probability of a hit, between 0 and 1, when Nth is 0. 0 means 1.
	Probability float64
	// After injects a panic or a delay when the actor has handled the message, instead of before.
	After bool
	// Delay of Delay.
	Delay time.Duration
}

// Fault is the value of an injected panic. It is an error.
type Fault struct {
	Actor   string // its name
	Message string // its kind
}

// Error names the actor and the message.
func (f *Fault) Error() string {
	return fmt.Sprintf("inject: fault injected into %s at %s", f.Actor, f.Message)
}

// Faults injects faults, the same ones in each run with the same seed and the same messages per actor, in whatever
// order the actors run. A nil *Faults injects nothing and costs nothing. Safe for concurrent use.
type Faults struct {
	seed  int64
	rules []Rule
	count atomic.Uint64

	mu     sync.Mutex
	actors map[string]*injector
}

// New returns Faults with the given rules; the first rule that hits a message decides. It panics on a malformed
// pattern, which is a mistake in a test.
func New(seed int64, rules ...Rule) *Faults {
	for _, r := range rules {
		for _, pattern := range []string{r.Actor, r.Message} {
			if _, err := path.Match(pattern, ""); err != nil {
				panic(fmt.Errorf("inject: fault pattern %q: %w", pattern, err))
			}
		}
	}
	return &Faults{seed: seed, rules: rules, actors: map[string]*injector{}}
}

// Injected returns how many faults were injected so far.
func (f *Faults) Injected() uint64 {
	if f == nil {
		return 0
	}
	return f.count.Load()
}

// Around returns what hands messages to an actor, for package actors: it takes the message of ctx, the actor, and what
// returns the stable name of a message; nil: none has one. id is that of the actor's PID; name is its stable name.
// Faults counts on over the incarnations of an actor. Around returns nil when no rule concerns it.
func (f *Faults) Around(id, name string) func(ctx actor.Context, inner actor.Actor, kind func(message any) string) {
	if f == nil {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	in, ok := f.actors[id]
	if !ok {
		in = f.newInjector(id, name)
		f.actors[id] = in
	}
	if in == nil {
		return nil
	}
	return in.receive
}

func (f *Faults) newInjector(id, name string) *injector {
	h := fnv.New64a()
	_, _ = h.Write([]byte(id))
	in := &injector{faults: f, name: cmp.Or(name, id)}
	for i, r := range f.rules {
		if r.Actor != "" {
			byName, _ := path.Match(r.Actor, name)
			byID, _ := path.Match(r.Actor, id)
			if !byName && !byID {
				continue
			}
		}
		random := rand.New(rand.NewPCG(uint64(f.seed)+uint64(i), h.Sum64()))
		in.rules = append(in.rules, ruleState{Rule: r, random: random})
	}
	if in.rules == nil {
		return nil
	}
	return in
}

// injector is the state of the rules for one actor; owned by the goroutine of the actor.
type injector struct {
	faults *Faults
	name   string
	rules  []ruleState
}

type ruleState struct {
	Rule
	seen   int
	random *rand.Rand
}

func (r *ruleState) hits(kind string, lifecycle bool) bool {
	if r.Message == "" {
		if lifecycle {
			return false
		}
	} else if ok, _ := path.Match(r.Message, kind); !ok {
		return false
	}
	r.seen++
	if r.Nth > 0 {
		return r.seen == r.Nth
	}
	return r.Probability == 0 || r.random.Float64() < r.Probability
}

// lifecycleKind names a message of the runtime.
func lifecycleKind(message any) (kind string, ok bool) {
	switch message.(type) {
	case *actor.Started:
		return "started", true
	case *actor.Restarting:
		return "restarting", true
	case *actor.Stopping:
		return "stopping", true
	case *actor.Stopped:
		return "stopped", true
	case *actor.Terminated:
		return "terminated", true
	case actor.SystemMessage:
		return "system", true
	}
	return "", false
}

// receive hands the message of ctx to inner, with the fault of the first rule that hits it. name returns its kind.
func (in *injector) receive(ctx actor.Context, inner actor.Actor, name func(message any) string) {
	kind, lifecycle := lifecycleKind(ctx.Message())
	if !lifecycle && name != nil {
		kind = name(ctx.Message())
	}
	if kind == "" {
		kind = fmt.Sprintf("%T", ctx.Message())
	}
	hit := in.hit(kind, lifecycle)
	if hit == nil {
		inner.Receive(ctx)
		return
	}
	in.faults.count.Add(1)
	hit.inject(ctx, inner, &Fault{Actor: in.name, Message: kind})
}

func (in *injector) hit(kind string, lifecycle bool) (hit *Rule) {
	for i := range in.rules {
		// Every rule counts every message, so that one rule does not shift the others.
		if r := &in.rules[i]; r.hits(kind, lifecycle) && hit == nil {
			hit = &r.Rule
		}
	}
	return hit
}

func (r *Rule) inject(ctx actor.Context, inner actor.Actor, fault *Fault) {
	switch r.Kind {
	case Drop:
		return
	case Duplicate:
		inner.Receive(ctx)
	case Delay:
		if !r.After {
			time.Sleep(r.Delay)
			break
		}
		inner.Receive(ctx)
		time.Sleep(r.Delay)
		return
	case Panic:
		if !r.After {
			panic(fault)
		}
		inner.Receive(ctx)
		panic(fault)
	}
	inner.Receive(ctx)
}
