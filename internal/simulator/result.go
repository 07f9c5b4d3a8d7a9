package simulator

import (
	"fmt"
	"time"
)

// Promise numbers what docs/architecture.md promises; see docs/robustness.md.
type Promise int

// The promises.
const (
	Packets Promise = 1 + iota
	Objects
	Decodability
	Publication
	Resume
	Isolation
	Bounds
	Shutdown
)

var promises = [...]string{
	"", "packets", "objects", "decodability", "publication", "resume", "isolation", "bounds", "shutdown",
}

// String returns the name of the promise.
func (p Promise) String() string { return promises[p] }

// Violation is a promise that was broken.
type Violation struct {
	Promise Promise       `json:"-"`
	Name    string        `json:"promise"`
	At      time.Duration `json:"at_ns"` // of virtual time
	Text    string        `json:"text"`
}

// String returns v as one line.
func (v Violation) String() string {
	return fmt.Sprintf("%s: after %v: %s", v.Promise, v.At.Round(time.Millisecond), v.Text)
}

// Result is what came of a simulation.
type Result struct {
	Plan       *Plan       `json:"plan"`
	Violations []Violation `json:"violations"`
	Figures    Figures     `json:"figures"`
	Trace      []string    `json:"trace,omitempty"` // what the receiver has told, and what happened to it
}

// Figures tell how much a simulation has shown. Those of several add up.
type Figures struct {
	Virtual    time.Duration        `json:"virtual_ns"` // time that has passed in it
	Sent       uint64               `json:"sent"`       // datagrams of senders
	Forged     uint64               `json:"forged"`     // datagrams
	Lost       uint64               `json:"lost"`       // on the way
	Damaged    uint64               `json:"damaged"`
	Withheld   uint64               `json:"withheld"` // since they bore a symbol that was stored
	Read       uint64               `json:"read"`     // by the receiver
	Completed  uint64               `json:"completed"`
	Failed     uint64               `json:"failed"` // objects, and tries
	Resumed    uint64               `json:"resumed"`
	Published  uint64               `json:"published"`
	Kills      uint64               `json:"kills"`
	Cuts       uint64               `json:"cuts"` // losses of power
	Crashes    uint64               `json:"crashes"`
	Restarts   uint64               `json:"restarts"` // of senders
	Updates    uint64               `json:"updates"`
	DiskFaults uint64               `json:"disk_faults"` // calls that failed
	Checks     [Shutdown + 1]uint64 `json:"checks"`      // by promise
}

// Add adds g.
func (f *Figures) Add(g *Figures) {
	f.Virtual += g.Virtual
	for _, x := range []struct {
		to   *uint64
		from uint64
	}{
		{&f.Sent, g.Sent},
		{&f.Forged, g.Forged},
		{&f.Lost, g.Lost},
		{&f.Damaged, g.Damaged},
		{&f.Withheld, g.Withheld},
		{&f.Read, g.Read},
		{&f.Completed, g.Completed},
		{&f.Failed, g.Failed},
		{&f.Resumed, g.Resumed},
		{&f.Published, g.Published},
		{&f.Kills, g.Kills},
		{&f.Cuts, g.Cuts},
		{&f.Crashes, g.Crashes},
		{&f.Restarts, g.Restarts},
		{&f.Updates, g.Updates},
		{&f.DiskFaults, g.DiskFaults},
	} {
		*x.to += x.from
	}
	for i := range f.Checks {
		f.Checks[i] += g.Checks[i]
	}
}
