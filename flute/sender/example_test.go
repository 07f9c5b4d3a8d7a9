package sender_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
)

func Example() {
	s, err := sender.New(sender.Config{Session: flute.SessionKey{TSI: 7}, Registry: schemes.Default()})
	if err != nil {
		panic(err)
	}
	const text = "hello, world"
	o, err := sender.Prepare(context.Background(), sender.File{
		ContentLocation: "file:///hello.txt", ContentType: "text/plain", Content: strings.NewReader(text),
		Size: uint64(len(text)),
	}, nil)
	if err != nil {
		panic(err)
	}
	if _, err := s.Add(o); err != nil {
		panic(err)
	}
	if err := s.SetComplete(); err != nil {
		panic(err)
	}

	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) // a program asks its clock before each packet
	buf := make([]byte, 0, s.MaxPacketLen())
	for !s.Done() {
		pkt, ok, err := s.AppendNext(buf, now)
		if err != nil {
			panic(err)
		}
		if !ok {
			now = s.Deadline() // a program waits until then
			continue
		}
		p, err := alc.Parse(pkt) // a program sends pkt to its group
		if err != nil {
			panic(err)
		}
		fmt.Printf("TSI %d TOI %v B=%v\n", p.TSI, p.TOI, p.CloseObject)
	}
	for _, e := range s.Events() {
		if c, ok := e.(event.ObjectCompleted); ok {
			fmt.Println("completed", c.ContentLocation, c.Digests["md5"])
		}
	}
	fmt.Printf("close: %x\n", s.AppendClose(nil))

	// Output:
	// TSI 7 TOI 0 B=false
	// TSI 7 TOI 1 B=true
	// TSI 7 TOI 0 B=false
	// TSI 7 TOI 0 B=false
	// TSI 7 TOI 0 B=false
	// completed file:///hello.txt e4d7f1b4ed2e42d15898f4b27b019da4
	// close: 108203000000000000000007
}
