package channel

import "github.com/asynkron/protoactor-go/actor"

// Controller gets what comes over a connection in active mode. The channel calls it on its own goroutine; no method may
// block.
type Controller interface {
	// Mode returns how many times Data may be called now; negative: any number.
	Mode() int
	// Data hands over bytes. It reports whether they were taken; if not, they come again in a moment.
	Data(b []byte) bool
	// Settle tells, after the last Data of a Mode, that no more follow. It reports whether that was taken.
	Settle() bool
	// HalfClosed tells that the peer sends nothing more. It reports whether that was taken.
	HalfClosed() bool
	// Closed tells that the connection has ended: nil says that all was delivered. It reports whether that was taken.
	Closed(err error) bool
	// PID returns the actor whose end closes the connection; nil: there is none.
	PID() *actor.PID
}

// Control hands the connection to c; nil: the user reads.
func (c *Channel) Control(to Controller) {
	c.mu.Lock()
	c.controller = to
	c.mu.Unlock()
	c.Wake()
}
