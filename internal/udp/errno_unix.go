//go:build unix

package udp

import (
	"errors"
	"syscall"
)

// isRefused reports that nobody listened when a datagram arrived that was sent before; the one at hand was not sent
// yet.
func isRefused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

// isPassing reports an error that may be gone in a moment: a full queue, a packet filter that is being loaded, a link,
// route, interface or source address that is away, or the report of a router about a datagram sent before.
func isPassing(err error) bool {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return false
	}
	switch errno {
	case syscall.ENOBUFS, syscall.EAGAIN, syscall.EINTR, syscall.ENOMEM, syscall.EPERM, syscall.EHOSTUNREACH,
		syscall.EHOSTDOWN, syscall.ENETUNREACH, syscall.ENETDOWN, syscall.ENODEV, syscall.EADDRNOTAVAIL:
		return true
	default:
		return false
	}
}

// isFull reports that there is no room for a datagram, whereto ever.
func isFull(err error) bool {
	return errors.Is(err, syscall.ENOBUFS) || errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.ENOMEM)
}

func isTooLong(err error) bool { return errors.Is(err, syscall.EMSGSIZE) }

// isNoRoute reports that the system knows no way to or interface for an address.
func isNoRoute(err error) bool {
	return errors.Is(err, syscall.ENETUNREACH) || errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.ENODEV)
}
