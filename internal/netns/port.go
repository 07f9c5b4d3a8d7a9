package netns

import (
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
)

// FreePort returns a port of the loopback interface that no socket has, neither of TCP nor of UDP. Systems give none of
// these to a program that asks for any port, as connections do: Linux gives those from 32768 on, the others those from
// 49152 on. So it stays free until a server of the test has it, and while that is away.
func FreePort() (uint16, error) {
	var errs []error
	for range 100 {
		port := uint16(20_000 + rand.IntN(10_000))
		err := free(netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), port))
		if err == nil {
			return port, nil
		}
		errs = append(errs, err)
	}
	return 0, errors.Join(errs...)
}

// free returns why nobody can have a port: another one has it.
func free(at netip.AddrPort) error {
	l, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(at))
	if err != nil {
		return err
	}
	c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
	if err != nil {
		return errors.Join(err, l.Close())
	}
	return errors.Join(c.Close(), l.Close())
}
