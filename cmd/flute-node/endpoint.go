package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
)

// endpoint is an address and UDP port on the command line: 239.1.1.1:3400, [ff15::1]:3400, receiver.example:3400.
type endpoint struct {
	host string // empty when address is known
	addr netip.AddrPort
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (e *endpoint) UnmarshalText(text []byte) error {
	if addr, err := netip.ParseAddrPort(string(text)); err == nil && addr.Port() > 0 {
		*e = endpoint{addr: addr}
		return nil
	}
	host, service, err := net.SplitHostPort(string(text))
	port, portErr := strconv.ParseUint(service, 10, 16)
	if err != nil || portErr != nil || port == 0 || host == "" {
		return fmt.Errorf("%q is no address with a UDP port, such as 239.1.1.1:3400, [ff15::1]:3400 or "+
			"receiver.example:3400", text)
	}
	*e = endpoint{host: host, addr: netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(port))}
	return nil
}

var errNoAddress = errors.New("no address")

// resolve asks for the address of a host name. Of several the first one of IPv4 is taken, or else the first.
func (e endpoint) resolve(ctx context.Context, flag string) (netip.AddrPort, error) {
	if e.host == "" {
		return e.addr, nil
	}
	all, err := net.DefaultResolver.LookupNetIP(ctx, "ip", e.host)
	if err != nil || len(all) == 0 {
		return netip.AddrPort{}, fmt.Errorf("%s %s:%d: %w", flag, e.host, e.addr.Port(), cmp.Or(err, errNoAddress))
	}
	i := max(0, slices.IndexFunc(all, func(a netip.Addr) bool { return a.Unmap().Is4() }))
	return netip.AddrPortFrom(all[i].Unmap(), e.addr.Port()), nil
}

// resolveHost returns an address that was given as such or by name.
func resolveHost(ctx context.Context, flag, host string) (netip.Addr, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr, nil
	}
	addr, err := (endpoint{host: host, addr: netip.AddrPortFrom(netip.IPv4Unspecified(), 1)}).resolve(ctx, flag)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("%s %q: neither an address nor a host name that is known: %w", flag, host, err)
	}
	return addr.Addr(), nil
}
