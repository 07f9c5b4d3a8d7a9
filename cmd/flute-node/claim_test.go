package main

import (
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"testing"

	"github.com/flute-node/flute-node/internal/claim"
)

// RFC 5651, section 5.1: "The TSI MUST be unique among all sessions served by the sender during the period when the
// session is active". Without --tsi a second program takes another one.
func TestConf_L21_SecondProgramTakesAnotherTSI(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("it is known on Linux only")
	}
	to := netip.MustParseAddrPort(fmt.Sprintf("239.255.21.1:%d", 1024+os.Getpid()%60_000))
	release, ok := claim.Session(to, 1)
	if !ok {
		t.Skip("somebody sends there")
	}
	defer release()
	second, releaseSecond := takeTSI(nil, to, nil)
	defer releaseSecond()
	third, releaseThird := takeTSI(nil, to, nil)
	releaseThird()
	if second != 2 || third != 3 {
		t.Errorf("TSIs %d and %d beside 1", second, third)
	}
	if again, release := takeTSI(nil, to, nil); again != 3 {
		t.Errorf("TSI %d, though 3 is free again", again)
	} else {
		release()
	}
}
