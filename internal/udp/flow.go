package udp

import (
	"net"
	"net/netip"
	"time"
)

// A Sender that has no rate, and whose receivers are on this machine, is as fast as they are: it looks how much waits
// in the buffers of their sockets. Over the loopback interface the system itself never has a sender wait: what a buffer
// has no room for is dropped.
const (
	// flowWindow is how many bytes, as the system counts them, may wait in the fullest buffer: enough for some
	// milliseconds in which its reader does not run, and little of a cache, so that it finds the bytes warm.
	flowWindow = 8 << 20
	// flowPause is how long a Sender waits until it looks again, and flowPatience how long it waits for a window before
	// its caller may do something else.
	flowPause    = 50 * time.Microsecond
	flowPatience = 50 * time.Millisecond
	// flowStandstill is how long nothing is sent for a receiver that does not read. It is more than a receiver waits
	// for its disk. One that does not read for longer, as one that was stopped, makes a Sender slow: it is sent a
	// quarter of a window after each flowPatience, most of which is lost.
	flowStandstill = 35 * time.Second
	// datagramCost is about what the system counts for a datagram beside one and a half times its bytes, where it is
	// not joined with others. The window is no more than half of a buffer, should that be too little.
	datagramCost = 1 << 10
)

// queueLook tells how much waits in the fullest buffer of the receivers of a Sender, in bytes as the system counts
// them, and how much the smallest buffer takes. ok is false if nobody on this machine receives, or the system does not
// tell.
type queueLook interface {
	look() (waiting, size int, ok bool)
	close() error
}

// flow has a Sender wait for the receivers of this machine. It belongs to the goroutine of WriteBatch.
type flow struct {
	queues queueLook
	credit int       // bytes, as the system counts them, that may be sent before the next look
	since  time.Time // when it first waited for the receiver that it still waits for; zero: it does not wait
	now    func() time.Time
	sleep  func(time.Duration)
	closed func() bool
}

// costOf returns what the system may count for the datagrams.
func costOf(datagrams [][]byte) (n int) {
	for _, d := range datagrams {
		n += 3*len(d)/2 + datagramCost
	}
	return n
}

// admit returns how many of the datagrams may be sent now, after it has waited for the receivers; 0: they do not read
// at the moment. A datagram that comes alone may always be sent: it is one of few, as the last one of a session.
func (f *flow) admit(datagrams [][]byte) (n int) {
	if f.credit <= 0 && !f.wait() && len(datagrams) > 1 {
		return 0
	}
	for n < len(datagrams) && f.credit > 0 {
		f.credit -= costOf(datagrams[n : n+1])
		n++
	}
	return max(n, 1)
}

// wait waits until less than half of the window is in use, and makes the rest of it the credit. It returns false if
// there is none yet.
func (f *flow) wait() bool {
	for began := f.now(); ; f.sleep(flowPause) {
		waiting, size, ok := f.queues.look()
		if !ok {
			f.credit, f.since = flowWindow, time.Time{} // nobody is there to wait for; somebody may come
			return true
		}
		// The other half of the buffer is for what others send to it.
		window := min(flowWindow, size/2)
		now := f.now()
		if f.since.IsZero() {
			f.since = now
		}
		switch {
		case waiting <= window/2:
			f.since = time.Time{}
		case f.closed():
		case now.Sub(began) < flowPatience:
			continue
		case now.Sub(f.since) < flowStandstill:
			return false
		}
		f.credit = max(window-waiting, window/4)
		return true
	}
}

// isLocal reports whether all receivers of what is sent to an address on ifi, or on the system's choice, are on this
// machine.
func isLocal(to netip.Addr, ifi *net.Interface) bool {
	return to.IsLoopback() || ifi != nil && ifi.Flags&net.FlagLoopback != 0
}

// newFlow returns the flow of s, or nil if the system does not tell what waits for its receivers.
func (s *Sender) newFlow(to netip.AddrPort) *flow {
	queues := lookAt(to)
	if queues == nil {
		return nil
	}
	return &flow{queues: queues, now: time.Now, sleep: time.Sleep, closed: func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.closed
	}}
}

// close ends the looks. f may be nil.
func (f *flow) close() error {
	if f == nil {
		return nil
	}
	return f.queues.close()
}
