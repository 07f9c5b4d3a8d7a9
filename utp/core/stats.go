package core

// Stats returns the statistics.
func (c *Conn) Stats() Stats {
	s := c.stats
	s.RTT, s.LeastRTT, s.RTO = c.rtt.smoothed, c.rtt.least, c.rtt.timeout()
	s.Delay, s.Target = c.control.state()
	s.Window, s.PeerWindow = c.control.window(), c.peerWindow
	s.InFlight, s.Packet = c.flight.bytes, c.mtu.size()
	return s
}
