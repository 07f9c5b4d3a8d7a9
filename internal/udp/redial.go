package udp

import "time"

// redialAfter is how long nothing can be sent until another socket is tried, and then how often. A full queue or a
// router that restarts is over by then, or no matter of the socket.
const redialAfter = time.Second

// redial tries another socket in place of one that sends nothing for long: a modem or a tunnel that comes back is
// another interface with another address, of which the old socket does not know. The new socket stays only if it can
// send: to receivers its port is that of another sender. It returns how many datagrams were sent.
func (s *Sender) redial(datagrams [][]byte) int {
	now := time.Now()
	if s.away.IsZero() {
		s.away = now
	}
	if now.Sub(s.away) < redialAfter {
		return 0
	}
	s.away = now
	cfg := s.cfg
	cfg.Known = nil // what was known is of no use any more
	cfg.NoOffload = !s.batch.offloads()
	cfg.Unpaced = false // s goes on with the flow that it has
	other, err := Dial(cfg)
	if err != nil {
		return 0
	}
	n, err := other.batch.write(datagrams)
	if s.degrades(err) { // it is another interface, perhaps
		n, err = other.batch.write(datagrams)
	}
	if err != nil || !s.replace(other) {
		_ = other.batch.close()
		return 0
	}
	return n
}

// replace takes over the socket of another Sender, unless s is closed.
func (s *Sender) replace(other *Sender) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	_ = s.batch.close()
	s.local, s.batch = other.local, other.batch
	return true
}
