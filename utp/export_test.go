package utp

// Left returns how many sockets and connections the Stack has not forgotten.
func (s *Stack) Left() (sockets, channels int) { return len(s.ports.Ports()), s.channels.Len() }

// Socket returns the socket of the connection.
func (c *Conn) Socket() *Socket { return c.socket }
