package udp

import (
	"errors"
	"net"
	"net/netip"

	"golang.org/x/sys/unix"
)

// indexByName returns the number of an interface; 0: there is none of that name. known is false if the system does not
// tell.
func indexByName(conn *net.UDPConn, name string) (index int, known bool) {
	request, err := unix.NewIfreq(name)
	if err != nil {
		return 0, false
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, false
	}
	var failed error
	err = raw.Control(func(fd uintptr) { failed = unix.IoctlIfreq(int(fd), unix.SIOCGIFINDEX, request) })
	switch {
	case err != nil:
		return 0, false
	case errors.Is(failed, unix.ENODEV):
		return 0, true
	case failed != nil:
		return 0, false
	}
	return int(request.Uint32()), true
}

// rebind binds a socket of IPv6 to the interface that has the name now, as [bind] did.
func rebind(conn *net.UDPConn, group netip.Addr, ifi *net.Interface) error {
	if group.Is4() {
		return nil
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = unix.BindToDevice(int(fd), ifi.Name) }); err != nil {
		return err
	}
	return failed
}
