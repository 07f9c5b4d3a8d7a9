package actortest

import (
	"sync/atomic"

	"github.com/flute-node/flute-node/actors"
)

// Data is an actors.Data that counts its releases.
type Data struct {
	N        int // for the test to tell them apart
	Size     int // bytes
	releases atomic.Int32
}

var _ actors.Data = (*Data)(nil)

// Bytes returns Size.
func (d *Data) Bytes() int { return d.Size }

// Release counts.
func (d *Data) Release() { d.releases.Add(1) }

// Released returns how often Release was called.
func (d *Data) Released() int { return int(d.releases.Load()) }

// IgnoreDeadLetterLogging implements actors.Data.
func (d *Data) IgnoreDeadLetterLogging() {}
