// Command inject-faults crashes the actor of one object in the middle of its transfer and shows that it goes on from
// what it had, while the other objects of the session do not notice.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"net/netip"
	"time"

	"github.com/flute-node/flute-node/actors/inject"
	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/node"
	"github.com/flute-node/flute-node/store/mem"
)

func main() {
	if err := run(netip.MustParseAddrPort("239.255.1.4:3400")); err != nil {
		log.Fatal(err)
	}
}

func run(group netip.AddrPort) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	// The third message with packets for TOI 2 of the session with TSI 4 makes the actor of that object panic.
	faults := inject.New(1, inject.Rule{
		Actor: "object/4-2", Message: "packets", Nth: 3, Kind: inject.Panic,
	})
	n, err := node.Start(node.Config{Faults: faults})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.Stop(context.Background())) }()
	sub := n.Subscribe(node.SubscribeOptions{})
	store := mem.New()
	if _, err := n.Receive(ctx, node.ReceiveConfig{Group: group, Interface: "lo", Store: store}); err != nil {
		return err
	}
	// Reed-Solomon makes good for the packets that were in the hands of the actor when it crashed.
	s, err := n.Send(ctx, node.SendConfig{To: group, TSI: 4, Interface: "lo", Rate: 100_000_000, Session: sender.Config{
		TransferCount: 2,
		FirstTOI:      flute.NewTOI(1), // or it is taken from the clock, and the rule does not know it
		OTI:           fec.OTI{EncodingID: fec.ReedSolomonGF28, MaxSourceBlockLength: 32, MaxEncodingSymbols: 64},
	}})
	if err != nil {
		return err
	}
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	for i := range 3 {
		if _, err := s.Add(ctx, sender.File{
			ContentLocation: fmt.Sprintf("file:///%d.bin", i+1),
			Content:         bytes.NewReader(content), Size: uint64(len(content)),
		}, nil); err != nil {
			return err
		}
	}
	if err := s.Finish(ctx); err != nil {
		return err
	}
	for done := 0; done < 3; {
		select {
		case e := <-sub.Events():
			switch e := e.(type) {
			case notice.ActorRestarted:
				fmt.Printf("%s %s\n", e.Actor, e.Outcome)
			case event.ObjectCompleted:
				if !e.Sending {
					got, _ := store.Get(e.Path)
					fmt.Printf("%s complete, equal: %v\n", e.Path, bytes.Equal(got, content))
					done++
				}
			case event.ObjectFailed:
				return fmt.Errorf("%s: %s", e.ContentLocation, e.Reason)
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if faults.Injected() == 0 {
		return errors.New("no fault was injected")
	}
	return nil
}
