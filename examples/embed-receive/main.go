// Command embed-receive receives files into a folder from inside a program. So that there is something to receive, it
// sends a file to itself first, unless -listen is given.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/node"
)

func main() {
	group := flag.String("group", "239.255.1.2:3400", "group and port")
	ifi := flag.String("interface", "lo", "interface")
	dir := flag.String("dir", "", "folder; a temporary one by default")
	listen := flag.Bool("listen", false, "wait for another sender")
	flag.Parse()
	if err := run(netip.MustParseAddrPort(*group), *ifi, *dir, *listen); err != nil {
		log.Fatal(err)
	}
}

func run(group netip.AddrPort, ifi, dir string, listen bool) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if dir == "" {
		if dir, err = os.MkdirTemp("", "embed-receive-*"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	n, err := node.Start(node.Config{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.Stop(context.Background())) }()
	sub := n.Subscribe(node.SubscribeOptions{})
	if _, err := n.Receive(ctx, node.ReceiveConfig{Group: group, Interface: ifi, Dir: dir}); err != nil {
		return err
	}
	if !listen {
		if err := send(ctx, n, group, ifi); err != nil {
			return err
		}
	}
	for {
		select {
		case e, ok := <-sub.Events():
			if !ok { // as after Stop: a closed channel would be read for ever
				return node.ErrStopped
			}
			switch e := e.(type) {
			case event.ObjectCompleted:
				if !e.Sending {
					fmt.Printf("received %s, %d bytes, checked: %v\n", e.Path, e.Size, e.Verified)
					return nil
				}
			case event.ObjectFailed:
				return fmt.Errorf("%s: %s: %s", e.ContentLocation, e.Reason, e.Detail)
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func send(ctx context.Context, n *node.Node, group netip.AddrPort, ifi string) error {
	s, err := n.Send(ctx, node.SendConfig{To: group, TSI: 1, Interface: ifi})
	if err != nil {
		return err
	}
	text := "received by an embedded node\n"
	_, err = s.Add(ctx, sender.File{
		ContentLocation: "file:///greeting.txt", Content: strings.NewReader(text), Size: uint64(len(text)),
	}, nil)
	return errors.Join(err, s.Finish(ctx))
}
