// Package bounds says what a part of a receiver may hold at most. Each package computes the bounds of what it owns from
// its configuration.
//
// # Limitations
//
// Bytes are those that are in use. Garbage, which the runtime has not collected yet, is not in them: package
// runtime/debug bounds that.
package bounds

// Owner is what a Bound is for: there may be many of it.
type Owner string

// The owners, from the inside to the outside.
const (
	Session   Owner = "session"
	Source    Owner = "source" // all sessions of one sender's address
	Reception Owner = "reception"
	Node      Owner = "node"
)

// Bound is what one part may hold at most, the worst case.
type Bound struct {
	Part  string `json:"part"`
	Of    Owner  `json:"of"`
	Count uint64 `json:"count,omitempty"` // how many there may be; zero: they are not counted
	Bytes uint64 `json:"bytes,omitempty"` // what they may hold together; zero: what Within says
	// Within names the Part whose Bytes contain these; empty: they come on top of all others.
	Within string `json:"within,omitempty"`
	Set    string `json:"set,omitempty"` // the flag, or else the field of a configuration, that changes it; empty: none
}

// The parts that contain others, and are not of the package that names them.
const (
	Memory    = "memory"    // of the node: store.Budget
	Datagrams = "datagrams" // that were read and not handled yet: slab.Memory
)
