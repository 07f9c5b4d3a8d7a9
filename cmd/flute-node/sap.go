package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"

	"github.com/flute-node/flute-node/internal/sap"
	"github.com/flute-node/flute-node/internal/settings"
)

// The groups of SAP (RFC 2974, section 3), port 9875: of the global scope, and of the administrative scope
// 239.255.0.0/16, whose highest address it is.
var (
	sapGlobal = netip.MustParseAddrPort("224.2.127.254:9875")
	sapLocal  = netip.MustParseAddrPort("239.255.255.255:9875")
)

// sapGroup returns where a session of group is announced; of IPv6 in the scope of group.
func sapGroup(group netip.Addr) netip.AddrPort {
	switch g := group.Unmap(); {
	case g.Is6():
		b := [16]byte{0xff, g.As16()[1] & 0x0f, 13: 2, 14: 0x7f, 15: 0xfe}
		return netip.AddrPortFrom(netip.AddrFrom16(b), sapGlobal.Port())
	case netip.MustParsePrefix("239.255.0.0/16").Contains(g):
		return sapLocal
	}
	return sapGlobal
}

type sdpAnnounceCommand struct {
	Group     settings.Endpoint `placeholder:"GROUP:PORT" help:"Where to announce. Default: the group of SAP for the scope of the session."`
	Interface string            `placeholder:"NAME" help:"Interface to send on: name or address."`
	TTL       int               `type:"positive" default:"1" help:"Time to live of the announcements."`
	Interval  time.Duration     `type:"positive" default:"5m" help:"From one announcement to the next; RFC 2974 wants five minutes at least on shared networks."`
	Count     int               `type:"natural" default:"0" help:"Announce so many times, then delete. 0: until it is interrupted."`
	Files     []string          `arg:"" type:"path" name:"FILE" help:"Session descriptions."`
}

// announced is one session description that is announced.
type announced struct {
	packet sap.Packet
	to     netip.AddrPort
	conn   *net.UDPConn
}

// Run announces until it is interrupted.
func (c *sdpAnnounceCommand) Run(ctx context.Context, out *output) (err error) {
	var all []announced
	defer func() {
		for _, a := range all {
			a.packet.Deletion = true
			err = errors.Join(err, a.send(), a.conn.Close())
		}
	}()
	group, err := resolve(ctx, "--group", c.Group)
	if c.Group == (settings.Endpoint{}) {
		group, err = netip.AddrPort{}, nil
	}
	if err != nil {
		return err
	}
	for _, name := range c.Files {
		d, text, err := readSDP(name)
		if err != nil {
			return err
		}
		to := group
		if !to.IsValid() {
			to = sapGroup(d.Feeds[0].Group.Addr())
		}
		source, err := sourceTo(to, c.Interface)
		if err != nil {
			return err
		}
		conn, err := c.open(to, source)
		if err != nil {
			return err
		}
		all = append(all, announced{sap.Announce(source, text), to, conn})
		out.note("announcing", struct {
			File  string         `json:"file"`
			Group netip.AddrPort `json:"group"`
			Hash  uint16         `json:"hash"`
		}{name, to, all[len(all)-1].packet.Hash}, plain(fmt.Sprintf("announcing %s to %v", name, to)))
	}
	for n := 1; ; n++ {
		for i := range all {
			if err := all[i].send(); err != nil {
				return err
			}
		}
		if n == c.Count {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(c.Interval):
		}
	}
}

// open returns a socket that sends to a group.
func (c *sdpAnnounceCommand) open(to netip.AddrPort, source netip.Addr) (*net.UDPConn, error) {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(source, 0)))
	if err != nil {
		return nil, err
	}
	ifi, err := interfaceWith(source)
	if err == nil && to.Addr().Unmap().Is4() {
		p := ipv4.NewPacketConn(conn)
		err = errors.Join(p.SetMulticastInterface(ifi), p.SetMulticastTTL(c.TTL), p.SetMulticastLoopback(true))
	} else if err == nil {
		p := ipv6.NewPacketConn(conn)
		err = errors.Join(p.SetMulticastInterface(ifi), p.SetMulticastHopLimit(c.TTL), p.SetMulticastLoopback(true))
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// interfaceWith returns the interface that has an address.
func interfaceWith(a netip.Addr) (*net.Interface, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	for i := range all {
		addresses, err := all[i].Addrs()
		if err != nil {
			continue
		}
		for _, own := range addresses {
			if p, err := netip.ParsePrefix(own.String()); err == nil && p.Addr() == a {
				return &all[i], nil
			}
		}
	}
	return nil, fmt.Errorf("no interface has the address %v", a)
}

// send sends the packet once.
func (a *announced) send() error {
	b, err := a.packet.AppendBinary(nil)
	if err == nil {
		_, err = a.conn.WriteToUDPAddrPort(b, a.to)
	}
	return err
}
