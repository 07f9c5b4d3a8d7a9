package node

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/defaults"
	"github.com/flute-node/flute-node/internal/statefile"
)

// A session outlives the process that sends it: systemd starts a sender again 100 ms after a crash, and receivers still
// remember what its FDT Instance IDs and TOIs meant. So each process numbers from the clock on, as if it went on where
// the one before has stopped. See docs/adr/0017.
//
//	FDT Instance ID   20 bits, 128 in a second. They wrap after 8,192 s, so that half of the ring, which is what
//	                  "newer" means (RFC 6726, section 3.4.1), is 4,096 s: longer than the hour for which an FDT
//	                  Instance is valid. A sender publishes 10 FDT Instances a second at most, so the clock is ahead
//	                  of its IDs.
//	TOI               31 bits, 1,000 for each 10 ms, from 1 on: 1234567001, 1234567002. They wrap after 21,474 s. A
//	                  process adds far fewer than 100,000 files a second, so the clock is ahead of its TOIs.
//	TOI, 16 bits      as in the profiles of 3GPP and DVB: steps of the golden ratio, one for each 100 ms. Of any two
//	                  starts that are n steps apart, n below 100, the first TOIs differ by 65,536/2.3/n at least; a
//	                  few hundred files rarely meet those of another start.
const (
	instancesPerSecond = 128
	toiTick            = 10 * time.Millisecond
	toisPerTick        = 1000
	toiTicks           = (1<<31 - 1) / toisPerTick
	shortTick          = 100 * time.Millisecond
	shortStep          = 40503 // 65,536 divided by the golden ratio
)

// clockSet is the year, of UTC, before which a clock has not been set: a machine without a battery starts in 1970 each
// time.
const clockSet = 2000

// number gives cfg the first FDT Instance ID and the first TOI for a session that starts now, where it has none.
func number(cfg *sender.Config, now time.Time) {
	if now.UTC().Year() < clockSet {
		now = time.Unix(int64(rand.Uint32()), int64(rand.IntN(int(time.Second))))
	}
	if cfg.FDTStartID == 0 {
		ticks := now.Unix()*instancesPerSecond + int64(now.Nanosecond())*instancesPerSecond/int64(time.Second)
		cfg.FDTStartID = flute.InstanceID(ticks) & flute.MaxInstanceID
	}
	if cfg.FirstTOI == (flute.TOI{}) {
		cfg.FirstTOI = firstTOI(cfg, now)
	}
}

// resume opens the state file, and has cfg go on where it says. It is nil if path is empty.
func (n *Node) resume(cfg *sender.Config, path string) (*statefile.File, error) {
	if path == "" {
		return nil, nil
	}
	f, numbers, damage, err := statefile.Open(path, cfg.Session)
	if err != nil {
		return nil, fmt.Errorf("node: SendConfig.State: %w", err)
	}
	if numbers != nil && numbers.TOI.Len()*8 > bitsOf(cfg) {
		f.Close()
		return nil, fmt.Errorf("node: SendConfig.State: TOI %v of %s has more than the %d bits of the session",
			numbers.TOI, path, bitsOf(cfg))
	}
	if damage != "" {
		n.warn("the session begins with numbers of the clock: " + damage)
	}
	if cfg.Keeper = f; numbers != nil {
		cfg.Resume = numbers
		cfg.FDTStartID, cfg.FirstTOI = numbers.InstanceID, numbers.TOI
	}
	return f, nil
}

func firstTOI(cfg *sender.Config, now time.Time) flute.TOI {
	ms := now.UnixMilli()
	if bitsOf(cfg) == 16 {
		return flute.NewTOI(max(1, uint64(uint16(ms/shortTick.Milliseconds()*shortStep))))
	}
	return flute.NewTOI(uint64(ms/toiTick.Milliseconds()%toiTicks)*toisPerTick + 1)
}

// randomTOI returns any TOI of the session but 0.
func randomTOI(cfg sender.Config) flute.TOI {
	b := make([]byte, bitsOf(&cfg)/8)
	for i := range b {
		b[i] = byte(rand.Uint32())
	}
	toi, err := flute.TOIFromBytes(b)
	if err != nil || toi.IsFDT() { // sender.New says what is wrong with TOIBits
		return flute.NewTOI(1)
	}
	return toi
}

// bitsOf returns the length of the TOIs of a session.
func bitsOf(cfg *sender.Config) int {
	switch {
	case cfg.TOIBits != 0:
		return max(cfg.TOIBits, 0)
	case cfg.Profile.MBMS():
		return 16
	}
	return defaults.TOIBits
}
