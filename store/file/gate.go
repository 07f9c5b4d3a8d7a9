package file

import (
	"os"
	"sync"
	"time"
)

const (
	// calls is how many calls that make, read, write or sync a file are under way at a time: each takes a thread while
	// it waits for the disk.
	calls = 32
	// shared is how many files are published at a time where they share one sync: the more, the less each costs.
	shared = 1024
	// hangs is how long a sync in a folder keeps its place in the gate: that may be on another disk, which hangs.
	hangs = time.Second
)

// AtOnce returns how many callers of Publish the Store serves well at a time. Most of them wait for the same sync.
func (s *Store) AtOnce() int {
	if s.opts.NoSync || s.current().stage.syncs.all == nil {
		return calls
	}
	return shared
}

// gate bounds the calls of the system that are under way. Looking at names goes through another one. Whoever is in it
// waits for the disk of the root and for nothing else, or has lent its place.
type gate chan struct{}

func newGate() gate { return make(gate, calls) }

func (g gate) enter() { g <- struct{}{} }

func (g gate) leave() { <-g }

// around returns a function that calls fn in the gate.
func (g gate) around(fn func(*os.File) error) func(*os.File) error {
	return func(f *os.File) error {
		g.enter()
		defer g.leave()
		return fn(f)
	}
}

// lending is around for a call that may wait for another disk than the root's. One that hangs gives its place to
// others: who publishes at a time bounds how many there are.
func (g gate) lending(fn func(*os.File) error) func(*os.File) error {
	return func(f *os.File) error {
		g.enter()
		leave := sync.OnceFunc(g.leave)
		late := time.AfterFunc(hangs, leave)
		defer leave()
		defer late.Stop()
		return fn(f)
	}
}

// writeFile has do write to a file in the gate.
func (s *Store) writeFile(f *os.File, do func(*os.File) (int, error)) (int, error) {
	s.gate.enter()
	defer s.gate.leave()
	return do(f)
}
