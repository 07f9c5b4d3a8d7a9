// Package connection holds what a program says to connections of uTP, and what it hears from them: how they behave,
// what they have done, and why they ended. Package utp opens them.
//
//	s, err := stack.Open(utp.SocketConfig{Conn: connection.Config{Congestion: connection.LEDBATPlusPlus}})
//	c, err := s.Dial(ctx, "192.0.2.1:9000")
//	if errors.Is(err, connection.ErrRefused) {
//		// nobody listens there
//	}
//	fmt.Println(c.Stats().RTT)
//
// All types are plain values.
//
// # Limitations
//
// There is no configuration of a connection that peers begin but that of its socket.
package connection
