// Command own-metrics shows a node in the program's own Prometheus registry: counters are made of events, so that they
// go on when a session ends, and what is a state is asked of the node at each scrape. It sends a file to itself, and
// prints what a scrape would get.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/node"
	"github.com/flute-node/flute-node/store/mem"
)

func main() {
	if err := run(netip.MustParseAddrPort("239.255.1.8:3400")); err != nil {
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
	registry := prometheus.NewRegistry() // the program's own, with what else it has
	m := newMetrics(n)
	registry.MustRegister(m)
	sub := n.Subscribe(node.SubscribeOptions{})
	done := make(chan struct{})
	arrived := make(chan struct{})
	arrive := sync.OnceFunc(func() { close(arrived) }) // others may send to this group, too
	go func() {
		defer close(done)
		for e := range sub.Events() { // until the node has stopped
			m.observe(e)
			if c, ok := e.(event.ObjectCompleted); ok && !c.Sending {
				arrive()
			}
		}
	}()
	if err := transfer(ctx, n, group, arrived); err != nil {
		return errors.Join(err, n.Stop(context.Background()))
	}
	// Stop first: the last counters of a session come with its end.
	err = n.Stop(context.Background())
	<-done
	return errors.Join(err, show(registry))
}

// show prints what a scrape would get. A program hands its registry to promhttp instead.
func show(registry *prometheus.Registry) error {
	families, err := registry.Gather()
	for _, f := range families {
		for _, m := range f.GetMetric() {
			label := ""
			for _, l := range m.GetLabel() {
				label = " " + l.GetValue()
			}
			fmt.Printf("%s%s: %v\n", f.GetName(), label, m.GetCounter().GetValue()+m.GetGauge().GetValue())
		}
	}
	return err
}

// transfer receives a file that it sends.
func transfer(ctx context.Context, n *node.Node, group netip.AddrPort, arrived <-chan struct{}) error {
	if _, err := n.Receive(ctx, node.ReceiveConfig{Group: group, Interface: "lo", Store: mem.New()}); err != nil {
		return err
	}
	s, err := n.Send(ctx, node.SendConfig{To: group, TSI: 8, Interface: "lo", Rate: 50_000_000})
	if err != nil {
		return err
	}
	text := strings.Repeat("counted\n", 10_000)
	_, err = s.Add(ctx, sender.File{
		ContentLocation: "file:///counted.txt", Content: strings.NewReader(text), Size: uint64(len(text)),
	}, nil)
	if err := errors.Join(err, s.Finish(ctx), s.Wait(ctx)); err != nil {
		return err
	}
	select {
	case <-arrived:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
