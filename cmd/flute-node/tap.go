package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/flute-node/flute-node/internal/capture"
	"github.com/flute-node/flute-node/internal/settings"
	"github.com/flute-node/flute-node/internal/slab"
	"github.com/flute-node/flute-node/internal/udp"
)

// tapFlags say which datagrams are taken from the network.
type tapFlags struct {
	Interface string              `placeholder:"IF" help:"Take the packets of an interface: all of its UDP (Linux, root or CAP_NET_RAW), or with --group what is received there."`
	Group     []settings.Endpoint `placeholder:"ADDR:PORT" help:"Join a group, or listen to a unicast address, with an ordinary socket. May be given several times."`
	Duration  settings.Span       `placeholder:"TIME" help:"End after TIME. Default: when interrupted."`
}

// listen hands what comes to take, one datagram at a time, until ctx or the time is over. It returns what the system
// tells of packets.
func (c *tapFlags) listen(ctx context.Context, ready func(), take func(*capture.Datagram)) (capture.Counts, error) {
	if c.Duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(c.Duration))
		defer cancel()
	}
	if len(c.Group) > 0 {
		return c.sockets(ctx, ready, take)
	}
	l, err := capture.Listen(c.Interface)
	if err != nil {
		return capture.Counts{}, err
	}
	defer func() { _ = l.Close() }()
	ready()
	var d capture.Datagram
	for ctx.Err() == nil && err == nil {
		if err = l.Next(&d); err == nil {
			take(&d)
		} else if errors.Is(err, capture.ErrNone) {
			err = nil
		}
	}
	counts, dropped := l.Counts()
	if err == nil && dropped > 0 {
		err = fmt.Errorf("the system has dropped %d packets, since they were not taken in time", dropped)
	}
	return counts, err
}

// sockets receives what comes for the groups.
func (c *tapFlags) sockets(ctx context.Context, ready func(), take func(*capture.Datagram)) (capture.Counts, error) {
	var (
		mu     sync.Mutex
		counts capture.Counts
		group  sync.WaitGroup
		failed error
	)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var receivers []*udp.Receiver
	defer func() {
		for _, r := range receivers {
			_ = r.Close()
		}
		group.Wait()
	}()
	for _, e := range c.Group {
		to, err := resolve(ctx, "--group", e)
		if err != nil {
			return counts, err
		}
		r, err := udp.Listen(udp.Config{Group: to, Interface: c.Interface})
		if err != nil {
			return counts, err
		}
		receivers = append(receivers, r)
		group.Go(func() {
			pool := slab.NewPool(64*slotLen, 4)
			list := make([]slab.Datagram, 64)
			for {
				s := pool.Get()
				n, err := r.ReadBatch(s, list)
				now := time.Now()
				mu.Lock()
				for _, x := range list[:max(n, 0)] {
					counts.Packets++
					counts.Datagrams++
					d := capture.Datagram{
						Number: counts.Packets, Time: now, Src: x.Source, Dst: to, Payload: x.Data,
						Length: len(x.Data),
					}
					take(&d)
				}
				if err != nil && !errors.Is(err, net.ErrClosed) {
					failed = err
					cancel() // an operator is told at once
				}
				mu.Unlock()
				s.Release()
				if err != nil {
					return
				}
			}
		})
	}
	ready()
	<-ctx.Done()
	var drops uint64
	for _, r := range receivers {
		drops += r.KernelDrops()
		_ = r.Close()
	}
	group.Wait()
	receivers = nil
	if failed == nil && drops > 0 {
		failed = fmt.Errorf("the system has dropped %d datagrams, since they were not taken in time", drops)
	}
	return counts, failed
}

// slotLen is the longest datagram that is taken from a socket.
const slotLen = 65536

// tellReady says on standard error that nothing is missed from now on: standard output is for what is found.
func tellReady(out *output, what string) {
	_, _ = fmt.Fprintln(out.printer.stderr, what+"; an interrupt ends it")
}
