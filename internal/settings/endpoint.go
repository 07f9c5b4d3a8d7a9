package settings

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Lookup asks for the addresses of a host name.
type Lookup func(ctx context.Context, host string) ([]netip.Addr, error)

var errNoAddress = errors.New("no address")

// Endpoint is an address and UDP port: 239.1.1.1:3400, [ff15::1]:3400, receiver.example:3400.
type Endpoint struct {
	host string // empty when the address is known
	addr netip.AddrPort
}

// maxHost is how long a host name is at most in the DNS (RFC 1035, section 2.3.4), and longer than any address. What
// package netip says of a text is a multiple of it.
const maxHost = 255

// UnmarshalText implements encoding.TextUnmarshaler.
func (e *Endpoint) UnmarshalText(text []byte) error {
	if len(text) > maxHost+len(":65535") {
		return fmt.Errorf("%.40q… is too long for an address with a UDP port", text)
	}
	if addr, err := netip.ParseAddrPort(string(text)); err == nil && addr.Port() > 0 {
		*e = Endpoint{addr: addr}
		return nil
	}
	i := strings.LastIndexByte(string(text), ':')
	host := string(text[:max(0, i)])
	port, err := strconv.ParseUint(string(text[i+1:]), 10, 16)
	if host == "" || strings.ContainsAny(host, ":[]") || err != nil || port == 0 {
		return fmt.Errorf("%q is no address with a UDP port, such as 239.1.1.1:3400, [ff15::1]:3400 or "+
			"receiver.example:3400", text)
	}
	*e = Endpoint{host: host, addr: netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(port))}
	return nil
}

// Resolve returns the address. It asks lookup for that of a host name: of several the first one of IPv4 is taken, or
// else the first.
func (e Endpoint) Resolve(ctx context.Context, lookup Lookup) (netip.AddrPort, error) {
	if e.host == "" {
		return e.addr, nil
	}
	all, err := lookup(ctx, e.host)
	if err != nil || len(all) == 0 {
		return netip.AddrPort{}, fmt.Errorf("%s:%d: %w", e.host, e.addr.Port(), cmp.Or(err, errNoAddress))
	}
	i := max(0, slices.IndexFunc(all, func(a netip.Addr) bool { return a.Unmap().Is4() }))
	return netip.AddrPortFrom(all[i].Unmap(), e.addr.Port()), nil
}

// ResolveHost returns an address that was given as such or by name, as Endpoint.Resolve does.
func ResolveHost(ctx context.Context, host string, lookup Lookup) (netip.Addr, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr, nil
	}
	addr, err := Endpoint{host: host, addr: netip.AddrPortFrom(netip.IPv4Unspecified(), 1)}.Resolve(ctx, lookup)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("%q is neither an address nor a host name that is known: %w", host, err)
	}
	return addr.Addr(), nil
}
