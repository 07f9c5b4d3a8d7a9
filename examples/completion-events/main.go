// Command completion-events shows subscriptions: a filter, a subscriber that is too slow and is told what it missed,
// and the events of many files.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/netip"
	"strings"
	"time"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/node"
	"github.com/flute-node/flute-node/store/mem"
)

const files = 20

func main() {
	if err := run(netip.MustParseAddrPort("239.255.1.3:3400")); err != nil {
		log.Fatal(err)
	}
}

func run(group netip.AddrPort) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	n, err := node.Start(node.Config{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.Stop(context.Background())) }()

	// Only completions of what was received. The filter runs on the hub, so it must be quick.
	completed := n.Subscribe(node.SubscribeOptions{Filter: func(e notice.Event) bool {
		c, ok := e.(event.ObjectCompleted)
		return ok && !c.Sending
	}})
	// Holds two events, and nobody reads it until the end.
	slow := n.Subscribe(node.SubscribeOptions{Queue: 2})

	store := mem.New()
	if _, err := n.Receive(ctx, node.ReceiveConfig{Group: group, Interface: "lo", Store: store}); err != nil {
		return err
	}
	s, err := n.Send(ctx, node.SendConfig{To: group, TSI: 3, Interface: "lo", Rate: 50_000_000})
	if err != nil {
		return err
	}
	for i := range files {
		text := strings.Repeat(fmt.Sprintf("file %d\n", i), 1000)
		_, err := s.Add(ctx, sender.File{
			ContentLocation: fmt.Sprintf("file:///%02d.txt", i),
			Content:         strings.NewReader(text), Size: uint64(len(text)),
		}, nil)
		if err != nil {
			return err
		}
	}
	if err := s.Finish(ctx); err != nil {
		return err
	}
	for range files {
		select {
		case e := <-completed.Events():
			c := e.(event.ObjectCompleted)
			fmt.Printf("%s  %d bytes  sha-256 %.16s…  %v\n", c.Path, c.Size, c.Digests["sha-256"], c.Verified)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	slow.Close()
	for e := range slow.Events() {
		if m, ok := e.(notice.Missed); ok {
			fmt.Printf("the slow subscriber missed %d events\n", m.Count)
		}
	}
	return nil
}
