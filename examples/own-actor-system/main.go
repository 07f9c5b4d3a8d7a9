// Command own-actor-system runs a node inside the application's own protoactor system. One of its actors gets the
// node's events as messages, among its own, and answers questions about what has arrived. No other example knows
// protoactor: here the system, and an actor, are the application's.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/netip"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/node"
	"github.com/flute-node/flute-node/store/mem"
)

const files = 3

func main() {
	if err := run(netip.MustParseAddrPort("239.255.1.6:3400")); err != nil {
		log.Fatal(err)
	}
}

// librarian is an actor of the application. It needs no lock: the events come one after the other, as all its messages.
type librarian struct {
	shelf  []string
	missed uint64
	full   chan<- struct{}
}

// inventory asks the librarian what is there.
type inventory struct{}

func (l *librarian) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case event.ObjectCompleted:
		l.shelf = append(l.shelf, fmt.Sprintf("%s, %d bytes", m.Path, m.Size))
		if len(l.shelf) == files {
			close(l.full)
		}
	case notice.Missed: // it was busy for too long, and does not know of so many events
		l.missed += m.Count
	case inventory:
		ctx.Respond(strings.Join(l.shelf, "; "))
	}
}

func run(group netip.AddrPort) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	system := actor.NewActorSystem()
	defer system.Shutdown()
	n, err := node.Start(node.Config{System: system})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.Stop(context.Background())) }()

	full := make(chan struct{})
	pid, err := system.Root.SpawnNamed(actor.PropsFromProducer(func() actor.Actor {
		return &librarian{full: full}
	}), "librarian")
	if err != nil {
		return err
	}
	n.Subscribe(node.SubscribeOptions{Actor: pid, Filter: func(e notice.Event) bool {
		c, ok := e.(event.ObjectCompleted)
		return ok && !c.Sending
	}})

	if _, err := n.Receive(ctx, node.ReceiveConfig{Group: group, Interface: "lo", Store: mem.New()}); err != nil {
		return err
	}
	s, err := n.Send(ctx, node.SendConfig{To: group, TSI: 6, Interface: "lo", Rate: 50_000_000})
	if err != nil {
		return err
	}
	for i := range files {
		text := strings.Repeat(fmt.Sprintf("volume %d\n", i+1), 1000)
		if _, err := s.Add(ctx, sender.File{
			ContentLocation: fmt.Sprintf("file:///volume-%d.txt", i+1),
			Content:         strings.NewReader(text), Size: uint64(len(text)),
		}, nil); err != nil {
			return err
		}
	}
	if err := s.Finish(ctx); err != nil {
		return err
	}
	select {
	case <-full:
	case <-ctx.Done():
		return ctx.Err()
	}
	answer, err := system.Root.RequestFuture(pid, inventory{}, time.Second).Result()
	if err != nil {
		return err
	}
	fmt.Println(answer)

	// The actors of the node live beside those of the application, and its state can be looked at.
	snapshot, err := n.Snapshot(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("%d actors below %s, %d sessions\n", snapshot.ActorCount, snapshot.Actors[0], snapshot.SessionCount)
	return nil
}
