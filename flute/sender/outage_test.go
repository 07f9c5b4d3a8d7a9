package sender

import (
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
)

// After any time in which nobody asked for packets, no packet of a file is sent before an FDT Instance that has not
// expired: the caller may have been without a network.
func TestExpiresAfterAnOutage(t *testing.T) {
	for _, outage := range []time.Duration{time.Second, 59 * time.Minute, time.Hour, 3 * time.Hour} {
		for before := range 12 {
			s, _ := oneFile(t, Config{
				TransferCount: -1, OTI: fec.OTI{SymbolLength: 100, MaxSourceBlockLength: 8},
				FDTOTI: fec.OTI{SymbolLength: 100},
			}, 1_000)
			v := viewer{start: start}
			now := start
			var expires time.Time
			for n := range before + 40 {
				if n == before {
					now = now.Add(outage)
				}
				p, ok, err := s.AppendNext(nil, now)
				if err != nil {
					t.Fatal(err)
				}
				if !ok {
					now = s.Deadline()
					continue
				}
				got := v.read(t, p, now)
				if got.fdt != nil {
					expires = got.fdt.Expires
				}
				if !got.TOI.IsFDT() && !expires.After(now) {
					t.Fatalf("outage of %v after %d packets: a packet of a file at %v, while the newest FDT Instance "+
						"expires at %v",
						outage, before, now, expires)
				}
			}
			if !expires.After(now) {
				t.Errorf("outage of %v after %d packets: Expires %v at %v", outage, before, expires, now)
			}
		}
	}
}
