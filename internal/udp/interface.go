package udp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
)

// interfaceOf finds the interface to use for addr by name, index or address, or by the zone of addr. Without any of
// them it returns nil: the system's choice.
func interfaceOf(name string, addr netip.Addr) (*net.Interface, error) {
	zone := addr.Zone()
	if name == "" {
		name, zone = zone, ""
	}
	if name == "" {
		return nil, nil
	}
	ifi, err := lookUp(name)
	if err != nil || zone == "" {
		return ifi, err
	}
	if other, err := lookUp(zone); err != nil || other.Index != ifi.Index {
		return nil, fmt.Errorf("udp: %v is not on interface %s", addr, ifi.Name)
	}
	return ifi, nil
}

// IsLoopback reports whether the interface of a name, index or address is that of the machine itself. The error says
// that there is none.
func IsLoopback(name string) (bool, error) {
	ifi, err := lookUp(name)
	return err == nil && ifi.Flags&net.FlagLoopback != 0, err
}

func lookUp(name string) (*net.Interface, error) {
	if ifi, err := net.InterfaceByName(name); err == nil {
		return ifi, nil
	}
	if index, err := strconv.Atoi(name); err == nil {
		if ifi, err := net.InterfaceByIndex(index); err == nil {
			return ifi, nil
		}
	}
	if addr, err := netip.ParseAddr(name); err == nil {
		all, err := net.Interfaces()
		if err != nil {
			return nil, fmt.Errorf("udp: %w", err)
		}
		for i := range all {
			if addressOn(&all[i], func(a netip.Addr) bool { return a == addr.Unmap().WithZone("") }).IsValid() {
				return &all[i], nil
			}
		}
	}
	if _, err := net.Interfaces(); err != nil { // the system does not tell, as when there are no more descriptors
		return nil, fmt.Errorf("udp: %w", err)
	}
	return nil, fmt.Errorf("udp: no interface has the name, index or address %q", name)
}

// addressOn returns the first address of ifi that fits, or the zero Addr.
func addressOn(ifi *net.Interface, fits func(netip.Addr) bool) netip.Addr {
	return firstOf(addressesOf(ifi), fits)
}

// addressesOf asks the system, which takes some 50 µs.
func addressesOf(ifi *net.Interface) (list []netip.Addr) {
	addrs, err := ifi.Addrs()
	if err != nil {
		return nil
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok {
			if addr, ok := netip.AddrFromSlice(n.IP); ok {
				list = append(list, addr.Unmap())
			}
		}
	}
	return list
}

// firstOf returns the first that fits, or the zero Addr.
func firstOf(list []netip.Addr, fits func(netip.Addr) bool) netip.Addr {
	if i := slices.IndexFunc(list, fits); i >= 0 {
		return list[i]
	}
	return netip.Addr{}
}

// sourceOn returns the address of ifi to send to or listen at addresses like to: one that others can reach, else one of
// the machine itself (that of the loopback interface), else the zero Addr.
func sourceOn(ifi *net.Interface, to netip.Addr) netip.Addr {
	list := addressesOf(ifi)
	a := firstOf(list, func(a netip.Addr) bool { return a.Is4() == to.Is4() && a.IsGlobalUnicast() })
	if !a.IsValid() {
		a = firstOf(list, func(a netip.Addr) bool { return a.Is4() == to.Is4() && !a.IsLinkLocalUnicast() })
	}
	return a
}

// away returns a warning of one line when nothing of a group can pass an interface as it is; else the empty string.
func away(group netip.Addr, ifi *net.Interface) string {
	switch {
	case ifi == nil || !group.IsMulticast():
		return ""
	case ifi.Flags&net.FlagUp == 0:
		return fmt.Sprintf("udp: interface %s is down: nothing passes until it is up", ifi.Name)
	case ifi.Flags&net.FlagRunning == 0:
		return fmt.Sprintf("udp: interface %s has no link (cable, switch, peer): nothing passes until it has", ifi.Name)
	}
	return ""
}

// nameOf is for error texts.
func nameOf(ifi *net.Interface) string {
	if ifi == nil {
		return "the system's choice of interface"
	}
	return ifi.Name
}

// family returns "udp4" or "udp6".
func family(a netip.Addr) string {
	if a.Is4() {
		return "udp4"
	}
	return "udp6"
}

// indexOf is what socket options take: 0 is the system's choice.
func indexOf(ifi *net.Interface) int {
	if ifi == nil {
		return 0
	}
	return ifi.Index
}

// addrPort converts without IPv4 in IPv6 and without a zone: as addresses are compared.
func addrPort(a net.Addr) netip.AddrPort {
	ap := a.(*net.UDPAddr).AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap().WithZone(""), ap.Port())
}

// cause strips what package net says around an error: the addresses are in our text already.
func cause(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

// hint says what helps when the system finds no way to a group; empty: nothing is known to.
func hint(err error, group netip.Addr, ifi *net.Interface) string {
	switch {
	case !isNoRoute(err) || !group.IsMulticast():
		return ""
	case ifi == nil:
		return "; name the interface"
	case group.Is6() && ifi.Flags&net.FlagLoopback != 0:
		// Linux makes any other type of route through lo one that rejects.
		return "; the system needs a route for multicast on it, for example: " +
			"ip -6 route add local ff00::/8 dev " + ifi.Name
	}
	return ""
}
