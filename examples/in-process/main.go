// Command in-process moves a file through the cores of sender and receiver without sockets, goroutines or a clock: the
// program owns the loop, the time, and the network, which here loses every tenth packet.
package main

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"net/netip"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/store/mem"
)

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	key := flute.SessionKey{
		Source: netip.MustParseAddr("192.0.2.1"), Group: netip.MustParseAddrPort("239.1.1.1:3400"), TSI: 7,
	}
	s, err := sender.New(sender.Config{
		Session: key, Registry: schemes.Default(),
		OTI: fec.OTI{EncodingID: fec.ReedSolomonGF28, MaxSourceBlockLength: 64, MaxEncodingSymbols: 96},
	})
	if err != nil {
		return err
	}
	content := bytes.Repeat([]byte("the same bytes for everyone. "), 40_000)
	o, err := sender.Prepare(context.Background(), sender.File{
		ContentLocation: "file:///report.txt", Content: bytes.NewReader(content), Size: uint64(len(content)),
	}, nil)
	if err != nil {
		return err
	}
	if _, err := s.Add(o); err != nil {
		return err
	}

	files := mem.New()
	r, err := receiver.New(receiver.Config{Registry: schemes.Default(), Store: files})
	if err != nil {
		return err
	}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var packet []byte
	for i := 0; !s.Done(); i++ {
		var ok bool
		if packet, ok, err = s.AppendNext(packet[:0], now); err != nil {
			return err
		}
		if !ok {
			now = s.Deadline() // nothing to send before: time flies
			continue
		}
		if i%10 != 9 {
			r.Handle(now, key, packet)
		}
		now = now.Add(100 * time.Microsecond)
	}
	for _, e := range r.Events() {
		if c, ok := e.(event.ObjectCompleted); ok {
			got, _ := files.Get(c.Path)
			fmt.Printf("%s: %d bytes, %d source symbols repaired, equal: %v\n",
				c.Path, c.Size, c.Repaired, bytes.Equal(got, content))
			return nil
		}
	}
	return fmt.Errorf("the file did not arrive: %+v", r.Events())
}
