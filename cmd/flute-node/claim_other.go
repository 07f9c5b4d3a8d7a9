//go:build !linux

package main

import (
	"net/netip"

	"github.com/flute-node/flute-node/flute"
)

// claim cannot tell here whether another process has the session.
func claim(netip.AddrPort, flute.TSI) (release func(), ok bool) { return func() {}, true }
