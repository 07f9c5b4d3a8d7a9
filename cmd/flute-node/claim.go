package main

import (
	"fmt"
	"net/netip"

	"github.com/flute-node/flute-node/actors/notice"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/internal/claim"
)

// maxClaims bounds the TSIs that are tried.
const maxClaims = 1000

// takeTSI returns the TSI to send with: want, or, if nil, the first one that no other process of this machine sends
// with to the address. Receivers tell sessions apart by the address of the sender and the TSI: what two processes send
// under one TSI is one session to them, and lost. The claim lasts until release.
func takeTSI(out *output, to netip.AddrPort, want *uint64) (tsi flute.TSI, release func()) {
	if want != nil {
		tsi = flute.TSI(*want)
		release, ok := claim.Session(to, tsi)
		if !ok {
			out.show(notice.Warning{Text: fmt.Sprintf("another process of this machine sends to %v with TSI %d: "+
				"receivers take both for one session, and files are lost; give this one another --tsi", to, tsi)})
		}
		return tsi, release
	}
	for tsi = 1; tsi <= maxClaims; tsi++ {
		if release, ok := claim.Session(to, tsi); ok {
			return tsi, release
		}
	}
	return 1, func() {}
}
