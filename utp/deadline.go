package utp

import (
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

// errDeadline is that of a call whose deadline has passed: a net.Error with Timeout.
var errDeadline = os.ErrDeadlineExceeded

// deadline is a time that calls wait for. It is safe for concurrent use.
type deadline struct {
	mu     sync.Mutex
	timer  *time.Timer
	passed chan struct{} // closed when the time has come; nil: nobody has waited or set it yet
}

// wait returns a channel that is closed when the time has come.
func (d *deadline) wait() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.made()
}

func (d *deadline) made() chan struct{} {
	if d.passed == nil {
		d.passed = make(chan struct{})
	}
	return d.passed
}

// hasPassed reports whether the time has come.
func (d *deadline) hasPassed() bool {
	d.mu.Lock()
	passed := d.passed
	d.mu.Unlock()
	select {
	case <-passed:
		return true
	default:
		return false
	}
}

// set sets the time, for calls that wait already, too; zero: never.
func (d *deadline) set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	select {
	case <-d.passed:
		d.passed = make(chan struct{})
	default:
	}
	if t.IsZero() {
		return
	}
	passed := d.made()
	if left := time.Until(t); left > 0 {
		var timer *time.Timer
		timer = time.AfterFunc(left, func() {
			d.mu.Lock()
			defer d.mu.Unlock()
			if d.timer == timer { // not set again meanwhile
				close(passed)
				d.timer = nil
			}
		})
		d.timer = timer
		return
	}
	close(passed)
}

// opError returns an error as package net has them.
func opError(op string, local, remote netip.AddrPort, err error) error {
	e := &net.OpError{Op: op, Net: "utp", Err: err}
	if local.IsValid() {
		e.Source = net.UDPAddrFromAddrPort(local)
	}
	if remote.IsValid() {
		e.Addr = net.UDPAddrFromAddrPort(remote)
	}
	return e
}
