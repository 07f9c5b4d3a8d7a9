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
