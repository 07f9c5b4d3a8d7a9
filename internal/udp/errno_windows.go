package udp

import (
	"errors"

	"golang.org/x/sys/windows"
)

// isRefused reports that nobody listened when a datagram arrived that was sent before.
func isRefused(err error) bool { return errors.Is(err, windows.WSAECONNRESET) }

// isPassing reports an error that may be gone in a moment: a full queue, or a link or route that is away.
func isPassing(err error) bool {
	return errors.Is(err, windows.WSAENOBUFS) || errors.Is(err, windows.WSAEWOULDBLOCK) ||
		errors.Is(err, windows.WSAENETUNREACH) || errors.Is(err, windows.WSAEHOSTUNREACH) ||
		errors.Is(err, windows.WSAENETDOWN) || errors.Is(err, windows.WSAEADDRNOTAVAIL)
}

func isTooLong(err error) bool { return errors.Is(err, windows.WSAEMSGSIZE) }

// isNoRoute reports that the system knows no way to an address.
func isNoRoute(err error) bool {
	return errors.Is(err, windows.WSAENETUNREACH) || errors.Is(err, windows.WSAEHOSTUNREACH)
}

// isFull reports that there is no room for a datagram, whereto ever.
func isFull(err error) bool {
	return errors.Is(err, windows.WSAENOBUFS) || errors.Is(err, windows.WSAEWOULDBLOCK)
}
