package socket

// Message is what a socket takes. It emits session.Open and receiving.Packets, and events to the hub.
//
//sumtype:decl
type Message interface{ isMessage() }

// readerEnded is sent by the reader goroutine to its socket when it cannot go on; the socket fails, is restarted, and
// starts another reader.
type readerEnded struct{ err error }

// tick is sent by the socket's timer: see to it that a reader runs, and look at the kernel's counters.
type tick struct{}

func (readerEnded) isMessage() {}
func (tick) isMessage()        {}
