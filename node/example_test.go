package node_test

import (
	"context"
	"fmt"
	"log"
	"net/netip"
	"strings"

	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/node"
	"github.com/flute-node/flute-node/store/mem"
)

// A node that receives what it sends, over multicast on the loopback interface.
func Example() {
	ctx := context.Background()
	n, err := node.Start(node.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = n.Stop(ctx) }()

	sub := n.Subscribe(node.SubscribeOptions{})
	group := netip.AddrPortFrom(netip.MustParseAddr("239.255.1.5"), freePort())
	if _, err := n.Receive(ctx, node.ReceiveConfig{Group: group, Interface: "lo", Store: mem.New()}); err != nil {
		log.Fatal(err)
	}
	s, err := n.Send(ctx, node.SendConfig{To: group, TSI: 1, Interface: "lo"})
	if err != nil {
		log.Fatal(err)
	}
	text := "hello, everyone"
	_, err = s.Add(ctx, sender.File{
		ContentLocation: "file:///hello.txt", Content: strings.NewReader(text), Size: uint64(len(text)),
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	if err := s.Finish(ctx); err != nil {
		log.Fatal(err)
	}
	for e := range sub.Events() {
		if c, ok := e.(event.ObjectCompleted); ok && !c.Sending {
			fmt.Println(c.Path, c.Size, c.Verified)
			return
		}
	}
	// Output: hello.txt 15 [sha-256]
}
