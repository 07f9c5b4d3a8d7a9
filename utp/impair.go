package utp

import (
	"github.com/flute-node/flute-node/actors/utp/port"
	"github.com/flute-node/flute-node/internal/udp"
)

// impaired is a Source that loses some of what it sends.
type impaired struct {
	port.Source
	loses func(datagram []byte) bool
}

// Hear has what ICMP says told, as the Source does.
func (i impaired) Hear(tell func(udp.Report)) error {
	if h, ok := i.Source.(interface{ Hear(func(udp.Report)) error }); ok {
		return h.Hear(tell)
	}
	return nil
}

// WriteBatch implements channel.Writer.
func (i impaired) WriteBatch(datagrams []udp.Outgoing) (int, error) {
	for sent := 0; ; {
		run := sent
		for run < len(datagrams) && !i.loses(datagrams[run].Data) {
			run++
		}
		n, err := i.Source.WriteBatch(datagrams[sent:run])
		if sent += n; err != nil {
			return sent, err
		}
		if run == len(datagrams) {
			return run, nil
		}
		sent = run + 1 // run is lost
	}
}
