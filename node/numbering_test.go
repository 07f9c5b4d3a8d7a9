package node

import (
	"bytes"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/store/mem"
)

// numbers returns where a session numbers from.
func numbers(p fdt.Profile, at time.Time) (flute.InstanceID, uint64) {
	cfg := sender.Config{Profile: p}
	number(&cfg, at)
	toi, _ := cfg.FirstTOI.Uint64()
	return cfg.FDTStartID, toi
}

// A process that is started again has newer FDT Instance IDs, and TOIs that the one before has not used: whatever it
// has sent, at any time of the ring, until all that it has described has expired.
func TestNumberingAfterRestart(t *testing.T) {
	begin := time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)
	for _, p := range []fdt.Profile{fdt.RFC6726, fdt.RFC3926} {
		const step = 47*time.Minute + 13*time.Second + 7*time.Millisecond
		for offset := time.Duration(0); offset < 7*time.Hour; offset += step {
			at := begin.Add(offset)
			id, toi := numbers(p, at)
			if id > flute.MaxInstanceID || toi == 0 || toi > 1<<31 {
				t.Fatalf("%v: FDT Instance ID %d, TOI %d", at, id, toi)
			}
			for _, d := range []time.Duration{
				10 * time.Millisecond, 100 * time.Millisecond, time.Second, time.Minute,
				time.Hour,
			} {
				again, next := numbers(p, at.Add(d))
				published := flute.InstanceID(d / (100 * time.Millisecond))
				if last := (id + published) & flute.MaxInstanceID; !again.NewerThan(last) {
					t.Errorf("%v later FDT Instance ID %d is not newer than %d", d, again, last)
				}
				added := uint64(d / (10 * time.Microsecond)) // 100,000 files a second
				if next >= toi && next < toi+added {
					t.Errorf("%v later TOI %d is one of %d from %d on", d, next, added, toi)
				}
			}
		}
	}
}

// The profiles of 3GPP and DVB have 16 bits for a TOI: a loop of crashes does not meet its own TOIs.
func TestNumberingOfShortTOIs(t *testing.T) {
	begin := time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)
	for _, p := range []fdt.Profile{fdt.MBMSExtended, fdt.MBMSDownload, fdt.DVBMABR} {
		for _, every := range []time.Duration{100 * time.Millisecond, time.Second, 3 * time.Second} {
			var firsts []int
			for i := range 20 {
				_, toi := numbers(p, begin.Add(time.Duration(i)*every))
				if toi == 0 || toi > 65535 {
					t.Fatalf("TOI %d", toi)
				}
				for _, other := range firsts {
					d := int(toi) - other
					if d = min((d+65536)%65536, (65536-d)%65536); d < 40 {
						t.Errorf("every %v: TOIs from %d and from %d on", every, other, toi)
					}
				}
				firsts = append(firsts, int(toi))
			}
		}
	}
}

// TOIs that begin at random, or by the clock, fit into the bits of the session.
func TestNumberingFits(t *testing.T) {
	now := time.Date(2026, 11, 28, 1, 2, 3, 4, time.UTC)
	for _, bits := range []int{16, 32, 48, 64, 80, 96, 112} {
		longest := 0
		for i := range 64 {
			cfg := sender.Config{TOIBits: bits}
			longest = max(longest, randomTOI(cfg).Len())
			number(&cfg, now.Add(time.Duration(i)*time.Minute))
			if n := cfg.FirstTOI.Len() * 8; n > bits {
				t.Errorf("%d bits: the clock gives %v", bits, cfg.FirstTOI)
			}
		}
		if longest*8 != bits {
			t.Errorf("%d bits: at random %d bytes at most", bits, longest)
		}
	}
	if n := randomTOI(sender.Config{Profile: fdt.DVBMABR}).Len(); n > 2 {
		t.Errorf("dvb-mabr: %d bytes", n)
	}
}

// Numbers that were chosen stay; a clock that was never set gives numbers by chance.
func TestNumberingKeepsAndGuesses(t *testing.T) {
	cfg := sender.Config{FDTStartID: 7, FirstTOI: flute.NewTOI(9)}
	number(&cfg, time.Now())
	if cfg.FDTStartID != 7 || cfg.FirstTOI != flute.NewTOI(9) {
		t.Errorf("%+v", cfg)
	}
	_, a := numbers(fdt.RFC6726, time.Unix(3, 0))
	_, b := numbers(fdt.RFC6726, time.Unix(3, 0))
	_, c := numbers(fdt.RFC6726, time.Unix(3, 0))
	if a == b && b == c {
		t.Errorf("TOI %d at each start in 1970", a)
	}
}

// Whether a clock was set does not depend on the time zone.
func TestNumberingInAnyZone(t *testing.T) {
	now := time.Date(clockSet, 1, 1, 0, 0, 0, 0, time.UTC)
	id, toi := numbers(fdt.RFC6726, now)
	west, east := time.FixedZone("west", -12*3600), time.FixedZone("east", 14*3600)
	for _, at := range []time.Time{now.In(west), now.In(east)} {
		if i, o := numbers(fdt.RFC6726, at); i != id || o != toi {
			t.Errorf("%v: FDT Instance ID %d and TOI %d, not %d and %d", at, i, o, id, toi)
		}
	}
}

// RFC 5651, section 5.1: the TSI is unique "for a large period of time preceding and following when the session is
// active". A process that takes the TSI of one that was killed goes on with its session: no FDT Instance ID and no TOI
// means something else than before, and who has received the first files receives the others, in each profile.
func TestConf_L21_NextProcessGoesOn(t *testing.T) {
	key := flute.SessionKey{
		Source: netip.MustParseAddr("192.0.2.1"), Group: netip.MustParseAddrPort("239.1.1.1:3400"), TSI: 1,
	}
	for _, profile := range []fdt.Profile{fdt.RFC6726, fdt.RFC3926, fdt.MBMSDownload, fdt.DVBMABR} {
		now := time.Date(2026, 11, 30, 1, 2, 3, 0, time.UTC)
		r, err := receiver.New(receiver.Config{Registry: schemes.Default(), Store: mem.New()})
		if err != nil {
			t.Fatal(err)
		}
		ids, tois := map[flute.InstanceID]int{}, map[flute.TOI]int{}
		for process := range 4 {
			cfg := sender.Config{Session: key, Registry: schemes.Default(), Profile: profile}
			number(&cfg, now)
			s, err := sender.New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			for i := range 3 {
				content := bytes.Repeat([]byte{byte(process), byte(i)}, 3000)
				o, err := sender.Prepare(t.Context(), sender.File{
					ContentLocation: fmt.Sprintf("%d-%d", process, i), Content: bytes.NewReader(content), Size: 6000,
				}, nil)
				if err != nil {
					t.Fatal(err)
				}
				if _, err = s.Add(o); err != nil {
					t.Fatal(err)
				}
			}
			for killed := now.Add(3 * time.Second); now.Before(killed); {
				b, ok, err := s.AppendNext(nil, now)
				if err != nil {
					t.Fatal(err)
				}
				if !ok {
					if now = s.Deadline(); now.IsZero() || now.After(killed) {
						now = killed
					}
					continue
				}
				p, err := alc.Parse(b)
				if err != nil {
					t.Fatal(err)
				}
				if of, ok := tois[p.TOI]; ok && of != process && !p.TOI.IsFDT() {
					t.Fatalf("%v: process %d sends TOI %v of process %d", profile, process, p.TOI, of)
				}
				tois[p.TOI] = process
				if p.HasFDT {
					if of, ok := ids[p.InstanceID]; ok && of != process {
						t.Fatalf("%v: process %d sends FDT Instance %d of process %d", profile, process,
							p.InstanceID, of)
					}
					for id, of := range ids {
						if of != process && !p.InstanceID.NewerThan(id) {
							t.Fatalf("%v: FDT Instance %d after %d", profile, p.InstanceID, id)
						}
					}
					ids[p.InstanceID] = process
				}
				r.HandleFrom(now, key, receiver.Origin{Port: uint16(4000 + process)}, b)
				now = now.Add(time.Millisecond)
			}
			now = now.Add(100 * time.Millisecond) // systemd starts it again
		}
		r.Close(now)
		done := map[string]bool{}
		for _, e := range r.Events() {
			if c, ok := e.(event.ObjectCompleted); ok {
				done[c.ContentLocation] = true
			}
		}
		if len(done) != 12 {
			t.Errorf("%v: %d of 12 files: %v", profile, len(done), done)
		}
	}
}
