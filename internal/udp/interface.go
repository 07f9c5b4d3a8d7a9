package udp

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
)

// interfaceOf finds an interface by name, index or address. The empty name is no interface: the system's choice.
func interfaceOf(name string) (*net.Interface, error) {
	if name == "" {
		return nil, nil
	}
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
			if addressOn(&all[i], func(a netip.Addr) bool { return a == addr }).IsValid() {
				return &all[i], nil
			}
		}
	}
	return nil, fmt.Errorf("udp: no interface has the name, index or address %q", name)
}

// addressOn returns the first address of ifi that fits, or the zero Addr.
func addressOn(ifi *net.Interface, fits func(netip.Addr) bool) netip.Addr {
	addrs, err := ifi.Addrs()
	if err != nil {
		return netip.Addr{}
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok {
			if addr, ok := netip.AddrFromSlice(n.IP); ok && fits(addr.Unmap()) {
				return addr.Unmap()
			}
		}
	}
	return netip.Addr{}
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
	if a.Is4() || a.Is4In6() {
		return "udp4"
	}
	return "udp6"
}
