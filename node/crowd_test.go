package node

import (
	"fmt"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
	"github.com/flute-node/flute-node/internal/simnet"
)

// firstStranger is the TSI of the first session of a crowd.
const firstStranger = 1 << 20

// crowd sends one datagram, or a few, in each of n sessions, 10,000 datagrams a second.
func (w *world) crowd(n int, source func(i int) netip.Addr, datagrams func(tsi flute.TSI) [][]byte) {
	const every = 64
	for i := 0; i < n; i += every {
		count := 0
		for j := i; j < min(n, i+every); j++ {
			s := w.net.Dial(netip.AddrPortFrom(source(j), 4000), simGroup)
			all := datagrams(flute.TSI(firstStranger + j))
			count += len(all)
			if _, err := s.WriteBatch(all); err != nil {
				w.t.Error(err)
			}
		}
		time.Sleep(time.Duration(count) * 100 * time.Microsecond)
	}
}

func attacker(int) netip.Addr { return netip.MustParseAddr("10.6.6.6") }
func forged(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 7, byte(i >> 8), byte(i)}) }

// render returns one datagram with this header and body.
func render(t *testing.T, s alc.Spec, body []byte) []byte {
	t.Helper()
	template, err := alc.NewTemplate(s)
	if err != nil {
		t.Fatal(err)
	}
	return append(template.Append(nil, false), body...)
}

// The datagrams that cost whoever makes sessions of them the least.
var strangers = map[string]func(t *testing.T, tsi flute.TSI) [][]byte{
	"empty": func(t *testing.T, tsi flute.TSI) [][]byte {
		return [][]byte{render(t, alc.Spec{TSI: tsi, TOI: flute.NewTOI(1)}, nil)}
	},
	"symbol": func(t *testing.T, tsi flute.TSI) [][]byte {
		oti := fec.OTI{TransferLength: 1 << 20, SymbolLength: 4, MaxSourceBlockLength: 64}
		return [][]byte{render(t, alc.Spec{TSI: tsi, TOI: flute.NewTOI(1), OTI: &oti}, []byte{0, 1, 0, 2, 1, 2, 3, 4})}
	},
	"no OTI": func(t *testing.T, tsi flute.TSI) [][]byte {
		return [][]byte{render(t, alc.Spec{TSI: tsi, TOI: flute.NewTOI(1)}, []byte{0, 1, 0, 2, 1})}
	},
	"junk FDT": func(t *testing.T, tsi flute.TSI) [][]byte { return [][]byte{instanceOf(t, tsi, "<FDT-Instance")} },
	"FDT": func(t *testing.T, tsi flute.TSI) [][]byte {
		return [][]byte{instanceOf(t, tsi, fmt.Sprintf(
			`<FDT-Instance Expires="4000000000"><File TOI="1" Content-Location="file:///%d"/></FDT-Instance>`, tsi))}
	},
}

// instanceOf returns an FDT Instance in one packet.
func instanceOf(t *testing.T, tsi flute.TSI, document string) []byte {
	oti := fec.OTI{TransferLength: uint64(len(document)), SymbolLength: 1400, MaxSourceBlockLength: 64}
	return render(t, alc.Spec{TSI: tsi, FLUTEVersion: 2, OTI: &oti}, append(make([]byte, 4), document...))
}

// TestCrowd: whatever one source, or any number of forged ones, put into a multitude of sessions, two good flows arrive
// whole: one that was there before, and one that begins in the midst.
func TestCrowd(t *testing.T) {
	const sessions = 2000
	for name, datagrams := range strangers {
		for from, source := range map[string]func(int) netip.Addr{"one source": attacker, "forged": forged} {
			if name == "FDT" && from == "forged" {
				continue // nobody can tell these from a good sender
			}
			t.Run(name+", "+from, func(t *testing.T) {
				inWorld(t, Config{}, func(w *world) {
					w.receive(simnet.Link{}, ReceiveConfig{MaxSessions: sessions / 8})
					before := w.send(1, 1_000_000, sender.Config{})
					w.add(before, 2, 100_000)
					var later *Sending
					begun := make(chan struct{})
					w.watching.Go(func() {
						defer close(begun)
						time.Sleep(sessions * 50 * time.Microsecond) // half of the crowd is there
						later = w.send(2, 1_000_000, sender.Config{})
						w.add(later, 2, 100_000)
					})
					w.crowd(sessions, source, func(tsi flute.TSI) [][]byte { return datagrams(t, tsi) })
					<-begun
					w.finish(before, later)
					w.delivered()
					for _, e := range w.take() {
						if o, ok := e.(event.SessionOpened); ok && o.Session.TSI >= firstStranger && (name == "empty") {
							t.Errorf("a session of which nothing was of use was opened: %v", o.Session)
							break
						}
					}
					w.stop()
					w.accounted()
				})
			})
		}
	}
}

// TestManyStrangers is TestCrowd with as many as a second of Ethernet brings, and the default limits.
func TestManyStrangers(t *testing.T) {
	if testing.Short() {
		t.Skip("seconds")
	}
	for name, sessions := range map[string]int{"empty": 40_000, "symbol": 16_000} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, Config{}, func(w *world) {
				w.receive(simnet.Link{}, ReceiveConfig{})
				before := w.send(1, 1_000_000, sender.Config{})
				w.add(before, 2, 100_000)
				w.crowd(sessions/2, attacker, func(tsi flute.TSI) [][]byte { return strangers[name](t, tsi) })
				later := w.send(2, 1_000_000, sender.Config{})
				w.add(later, 2, 100_000)
				w.crowd(sessions/2, attacker, func(tsi flute.TSI) [][]byte {
					return strangers[name](t, tsi+flute.TSI(sessions))
				})
				w.finish(before, later)
				w.delivered()
				w.stop()
				w.accounted()
			})
		})
	}
}

// TestManySessionsOfOneSource: a source may have more than its share of the sessions; also while strangers come, none
// of them gives way.
func TestManySessionsOfOneSource(t *testing.T) {
	const sessions = 400
	inWorld(t, Config{}, func(w *world) {
		w.receive(simnet.Link{}, ReceiveConfig{MaxSessions: 2 * sessions})
		var all []*Sending
		for i := range sessions {
			s := w.send(flute.TSI(i+1), 1_000_000, sender.Config{})
			w.add(s, 1, 20_000)
			all = append(all, s)
		}
		w.crowd(2000, forged, func(tsi flute.TSI) [][]byte { return strangers["symbol"](t, tsi) })
		w.finish(all...)
		w.delivered()
		w.stop()
		w.accounted()
	})
}

// TestStrangersAreForgotten: sessions without an FDT Instance live seconds.
func TestStrangersAreForgotten(t *testing.T) {
	for name, datagrams := range strangers {
		if name == "FDT" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			inWorld(t, Config{}, func(w *world) {
				w.receive(simnet.Link{}, ReceiveConfig{})
				before := runtime.NumGoroutine()
				w.crowd(100, attacker, func(tsi flute.TSI) [][]byte { return datagrams(t, tsi) })
				time.Sleep(6 * time.Minute)
				opened, closed := 0, 0
				for _, e := range w.take() {
					switch e.(type) {
					case event.SessionOpened:
						opened++
					case event.SessionClosed:
						closed++
					}
				}
				if n := runtime.NumGoroutine() - before; n > 5 || opened != closed {
					t.Errorf("%d goroutines are left; %d sessions were opened, %d closed", n, opened, closed)
				}
				w.stop()
				w.accounted()
			})
		})
	}
}
