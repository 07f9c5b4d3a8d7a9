package receiver_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/store/mem"
)

// datagrams returns what a sender of one file sends.
func datagrams(key flute.SessionKey, now time.Time) [][]byte {
	s, err := sender.New(sender.Config{Session: key, Registry: schemes.Default()})
	if err != nil {
		panic(err)
	}
	const text = "hello, world"
	o, err := sender.Prepare(context.Background(), sender.File{
		ContentLocation: "file:///hello.txt", Content: strings.NewReader(text), Size: uint64(len(text)),
	}, nil)
	if err != nil {
		panic(err)
	}
	if _, err := s.Add(o); err != nil {
		panic(err)
	}
	var out [][]byte
	for s.Stats().Completed == 0 {
		b, _, err := s.AppendNext(nil, now)
		if err != nil {
			panic(err)
		}
		out = append(out, b)
	}
	return append(out, s.AppendClose(nil))
}

func Example() {
	files := mem.New()
	r, err := receiver.New(receiver.Config{Registry: schemes.Default(), Store: files})
	if err != nil {
		panic(err)
	}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) // a program asks its clock
	// a program learns source and group from its socket, the TSI by lct.Peek
	key := flute.SessionKey{TSI: 7}
	for _, d := range datagrams(key, now) {
		r.Handle(now, key, d)
	}
	now = r.Deadline() // a program waits until then; here it is the grace time after the close-session flag
	r.Advance(now)
	for _, e := range r.Events() {
		switch e := e.(type) {
		case event.FDTReceived:
			fmt.Printf("FDT Instance %d: %d file\n", e.ID, e.Files)
		case event.ObjectStarted:
			fmt.Printf("TOI %v: %s, %d bytes\n", e.TOI, e.ContentLocation, e.TransferLength)
		case event.ObjectCompleted:
			content, _ := files.Get(e.Path)
			fmt.Printf("TOI %v: %s %q, verified: %v\n", e.TOI, e.Path, content, e.Verified)
		case event.SessionClosed:
			fmt.Printf("closed: %s, %d datagrams\n", e.Reason, e.Counters.Received)
		}
	}

	// Output:
	// FDT Instance 0: 1 file
	// TOI 1: file:///hello.txt, 12 bytes
	// TOI 1: hello.txt "hello, world", verified: [sha-256]
	// closed: close-session flag, 3 datagrams
}
