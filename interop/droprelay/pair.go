package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
)

// maxClients bounds the sockets of a pair: one for each client. Datagrams of further ones are dropped.
const maxClients = 4096

// pair relays between the clients that send to one address and the server at another, both ways.
type pair struct {
	cfg                config
	front              *net.UDPConn // what clients send to
	drop               dropper      // towards the server; used by the goroutine of run only
	answers            sync.WaitGroup
	forwarded, dropped atomic.Int64
}

// runPair relays until ctx is done, then prints its counters.
func runPair(ctx context.Context, cfg config) error {
	front, err := listen(cfg.from)
	if err != nil {
		return err
	}
	p := &pair{cfg: cfg, front: front, drop: *cfg.dropper()}
	defer context.AfterFunc(ctx, func() { _ = front.Close() })()
	fmt.Printf("listening on %s, sending to %s and back\n", front.LocalAddr(), cfg.to)
	err = p.run()
	fmt.Printf("forwarded %d dropped %d\n", p.forwarded.Load(), p.dropped.Load())
	return err
}

func listen(at netip.AddrPort) (*net.UDPConn, error) {
	c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
	if err != nil {
		return nil, err
	}
	if err := c.SetReadBuffer(receiveBuffer); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// run gives each client a socket of its own, so that the server tells them apart by their ports.
func (p *pair) run() error {
	clients := map[netip.AddrPort]*net.UDPConn{}
	defer p.answers.Wait()
	defer func() {
		for _, c := range clients {
			_ = c.Close()
		}
	}()
	b := make([]byte, maxDatagram)
	for {
		n, from, err := p.front.ReadFromUDPAddrPort(b)
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		back, ok := clients[from]
		if !ok {
			if len(clients) == maxClients {
				p.dropped.Add(1)
				continue
			}
			if back, err = net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(p.cfg.to)); err != nil {
				return err
			}
			if err := back.SetReadBuffer(receiveBuffer); err != nil {
				return err
			}
			clients[from] = back
			d := p.cfg
			d.seed += uint64(len(clients)) // losses of the two directions are independent
			p.answers.Go(func() { p.answer(back, from, d.dropper()) })
		}
		if p.drop.drop(b[:n]) {
			p.dropped.Add(1)
			continue
		}
		p.sent(back.Write(b[:n]))
	}
}

// answer relays from the server to one client until its socket is closed.
func (p *pair) answer(back *net.UDPConn, client netip.AddrPort, d *dropper) {
	b := make([]byte, maxDatagram)
	for {
		n, err := back.Read(b)
		switch {
		case errors.Is(err, syscall.ECONNREFUSED): // nobody listens yet, or any more: loss as well
			continue
		case err != nil:
			return
		case d.drop(b[:n]):
			p.dropped.Add(1)
		default:
			p.sent(p.front.WriteToUDPAddrPort(b[:n], client))
		}
	}
}

// sent counts a datagram that was written, or not.
func (p *pair) sent(_ int, err error) {
	if err != nil {
		p.dropped.Add(1)
		return
	}
	p.forwarded.Add(1)
}
