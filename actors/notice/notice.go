package notice

import "net/netip"

// Event is what a node tells its subscribers: a notice of this package, or an event of a protocol. Events are values,
// immutable once emitted; a subscriber may keep them.
type Event interface {
	// EventName returns the stable name of the kind of event, such as "object_completed". It is that of the JSON lines.
	EventName() string
}

// ActorRestarted is emitted when a supervisor has dealt with an actor that crashed; and when work that an actor has
// given to another goroutine did so, such as a call of a Store, a Source or a Consumer: the actor goes on then.
type ActorRestarted struct {
	Actor   string `json:"actor"`
	Outcome string `json:"outcome"` // "restarted", "stopped for good", "given up", "its work failed"
	Reason  string `json:"reason"`
	Stack   string `json:"stack,omitempty"`
}

// Missed tells one subscriber that it was too slow and how many events it lost since the last Missed.
type Missed struct {
	Count uint64 `json:"count"`
}

// KernelDrops reports datagrams that the system dropped because its receive buffer was full, at most once per second.
type KernelDrops struct {
	Group     netip.AddrPort `json:"group"`
	Interface string         `json:"interface,omitempty"` // as it was configured; empty: the system's choice
	New       uint64         `json:"new"`
	Total     uint64         `json:"total"`
}

// Warning reports something about this machine or node that an operator should mend, such as a receive buffer that the
// system limited.
type Warning struct {
	Text string `json:"text"`
}

// EventName implements [Event].
func (ActorRestarted) EventName() string { return "actor_restarted" }

// EventName implements [Event].
func (Missed) EventName() string { return "missed" }

// EventName implements [Event].
func (KernelDrops) EventName() string { return "kernel_drops" }

// EventName implements [Event].
func (Warning) EventName() string { return "warning" }
