package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/flute-node/flute-node/internal/settings"
)

// flagged writes the words of a settings.Error as flags.
func flagged(err error) error {
	if e := (*settings.Error)(nil); errors.As(err, &e) {
		return errors.New(e.Spell(func(word string) string { return "--" + word }))
	}
	return err
}

// lookup asks the system for the addresses of a host name.
func lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
}

// resolve returns the address of what a flag says.
func resolve(ctx context.Context, flag string, e settings.Endpoint) (netip.AddrPort, error) {
	addr, err := e.Resolve(ctx, lookup)
	if err != nil {
		err = fmt.Errorf("%s %w", flag, err)
	}
	return addr, err
}
