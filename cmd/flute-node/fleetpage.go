package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/flute-node/flute-node/internal/fleet"
)

type fleetPageCommand struct {
	Listen string `default:"127.0.0.1:8088" placeholder:"ADDRESS:PORT" help:"Where the page is: an address of this machine only. From elsewhere take a tunnel or a proxy that asks who it is."`
}

// Run serves the page until it is interrupted.
func (p *fleetPageCommand) Run(ctx context.Context, c *fleetCommand, out *output) error {
	at, err := netip.ParseAddrPort(p.Listen)
	if err != nil || !at.Addr().IsLoopback() {
		return fmt.Errorf("--listen %q: take 127.0.0.1:PORT or [::1]:PORT: whoever reaches it can look", p.Listen)
	}
	v, conn, err := c.view()
	if err != nil {
		return err
	}
	defer conn.Close()
	page, err := fleet.NewPage(v)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", p.Listen)
	if err != nil {
		return err
	}
	s := &http.Server{
		Handler: page, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: time.Minute,
		IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
	}
	stop := context.AfterFunc(ctx, func() { _ = s.Close() })
	defer stop()
	url := "http://" + l.Addr().String() + "/"
	out.note("page", map[string]any{"url": url}, "the fleet is shown at "+url)
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
