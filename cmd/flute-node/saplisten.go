package main

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/flute-node/flute-node/internal/sap"
	"github.com/flute-node/flute-node/internal/settings"
)

type sdpListenCommand struct {
	Group     []settings.Endpoint `placeholder:"GROUP:PORT" help:"Where to listen. Default: 224.2.127.254:9875 and 239.255.255.255:9875."`
	Interface string              `placeholder:"NAME" help:"Interface to listen on."`
	Timeout   time.Duration       `type:"positive" placeholder:"30s" help:"Stop after this time. Default: when it is interrupted."`
}

// sapEvent is an announcement in JSON.
type sapEvent struct {
	What    string     `json:"what"` // announced, deleted, expired
	Source  netip.Addr `json:"source"`
	Origin  netip.Addr `json:"origin"`
	Hash    uint16     `json:"hash"`
	Session *described `json:"session,omitempty"`
	SDP     string     `json:"sdp,omitempty"`
	Error   string     `json:"error,omitempty"` // why it is no description of a FLUTE session
}

// sapDatagram is what a socket has received.
type sapDatagram struct {
	bytes  []byte
	source netip.Addr
	err    error
}

// Run prints what is announced.
func (c *sdpListenCommand) Run(ctx context.Context, out *output) error {
	groups := []netip.AddrPort{sapGlobal, sapLocal}
	if len(c.Group) > 0 {
		groups = nil
	}
	for _, e := range c.Group {
		g, err := resolve(ctx, "--group", e)
		if err != nil {
			return err
		}
		groups = append(groups, g)
	}
	var ifi *net.Interface
	var err error
	if c.Interface != "" {
		if ifi, err = net.InterfaceByName(c.Interface); err != nil {
			return err
		}
	}
	if c.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.Timeout)
		defer cancel()
	}
	heard := make(chan sapDatagram)
	for _, g := range groups {
		conn, err := net.ListenMulticastUDP("udp", ifi, net.UDPAddrFromAddrPort(g))
		if err != nil {
			return fmt.Errorf("%v: %w", g, err)
		}
		defer func() { _ = conn.Close() }()
		go hearSAP(ctx, conn, heard)
	}
	out.note("listening", struct {
		Groups []netip.AddrPort `json:"groups"`
	}{groups}, fmt.Sprintf("listening to announcements on %v", groups))
	var table sap.Table
	refused := uint64(0) // that was told
	for tick := time.NewTicker(time.Minute); ; {
		select {
		case <-ctx.Done():
			return nil
		case now := <-tick.C:
			for _, a := range table.Expire(now) {
				tellSAP(out, "expired", a)
			}
			if table.Refused > refused {
				refused = table.Refused
				out.note("sap_refused", struct {
					Refused uint64 `json:"refused"`
				}{refused}, fmt.Sprintf("%d announcements had no place: too many were heard", refused))
			}
		case d := <-heard:
			if d.err != nil {
				return d.err
			}
			p, err := sap.Parse(d.bytes)
			if err != nil {
				continue
			}
			a, news := table.Take(time.Now(), d.source, &p)
			switch {
			case news && a.Deletion:
				tellSAP(out, "deleted", a)
			case news:
				tellSAP(out, "announced", a)
			}
		}
	}
}

// hearSAP hands on what a socket receives, until ctx ends.
func hearSAP(ctx context.Context, conn *net.UDPConn, heard chan<- sapDatagram) {
	b := make([]byte, 1<<16)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(b)
		d := sapDatagram{append([]byte(nil), b[:n]...), from.Addr().Unmap(), err}
		select {
		case heard <- d:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

// tellSAP tells of an announcement. Its text comes from the network: it is shown plain.
func tellSAP(out *output, what string, a *sap.Announcement) {
	e := sapEvent{What: what, Source: a.Source, Origin: a.Origin, Hash: a.Hash, SDP: string(a.Payload)}
	text := fmt.Sprintf("%s by %v: ", what, a.Origin)
	if a.Source != a.Origin {
		text = fmt.Sprintf("%s by %v, from %v: ", what, a.Origin, a.Source)
	}
	if d, err := settings.ParseSDP(a.Payload); err != nil {
		e.Error = err.Error()
		text += e.Error
	} else {
		j := describedBy(d)
		e.Session = &j
		text += fmt.Sprintf("%q: receive %s", d.Name, strings.Join(flagsOf(d), " "))
	}
	out.note("sap", e, plain(oneLine(text)))
}
