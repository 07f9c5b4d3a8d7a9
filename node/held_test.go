package node

import (
	"fmt"
	"net/netip"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/internal/bounds"
	"github.com/flute-node/flute-node/internal/simnet"
)

// live returns the bytes of objects that are in use.
func live() uint64 {
	runtime.GC()
	runtime.GC()
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// forget forgets the events so far.
func (w *world) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = nil
}

// TestHeldIsCharged: whatever sessions hold, no more is in use than what the node accounts for, and what Bounds says of
// each session.
func TestHeldIsCharged(t *testing.T) {
	const n = 2000
	for name, c := range map[string]struct {
		sessions int
		events   int // at least
		send     func(t *testing.T, w *world)
	}{
		"junk FDT": {n, 0, func(t *testing.T, w *world) {
			w.crowd(n, forged, func(tsi flute.TSI) [][]byte { return strangers["junk FDT"](t, tsi) })
		}},
		"part of an FDT": {n, 0, func(t *testing.T, w *world) {
			oti := fec.OTI{TransferLength: 1000, SymbolLength: 500, MaxSourceBlockLength: 64}
			w.crowd(n, forged, func(tsi flute.TSI) [][]byte {
				return [][]byte{render(t, alc.Spec{TSI: tsi, FLUTEVersion: 2, OTI: &oti}, make([]byte, 504))}
			})
		}},
		"symbol": {n, 0, func(t *testing.T, w *world) {
			w.crowd(n, forged, func(tsi flute.TSI) [][]byte { return strangers["symbol"](t, tsi) })
		}},
		"FDT and symbol": {n, 3 * n, func(t *testing.T, w *world) {
			oti := fec.OTI{TransferLength: 8, SymbolLength: 4, MaxSourceBlockLength: 64}
			w.crowd(n, forged, func(tsi flute.TSI) [][]byte {
				return append(strangers["FDT"](t, tsi),
					render(t, alc.Spec{TSI: tsi, TOI: flute.NewTOI(1), OTI: &oti}, []byte{0, 0, 0, 0, 1, 2, 3, 4}))
			})
		}},
		"objects": {1, n, func(t *testing.T, w *world) {
			s := w.net.Dial(netip.AddrPortFrom(attacker(0), 4000), simGroup)
			oti := fec.OTI{TransferLength: 8, SymbolLength: 4, MaxSourceBlockLength: 64}
			for i := 0; i < n; i += 10 {
				var files strings.Builder
				var packets [][]byte
				for toi := 1 + i; toi <= i+10; toi++ {
					fmt.Fprintf(&files, `<File TOI="%d" Content-Location="file:///%d"/>`, toi, toi)
					packets = append(packets, render(t, alc.Spec{
						TSI: firstStranger, TOI: flute.NewTOI(uint64(toi)), OTI: &oti,
					}, []byte{0, 0, 0, 0, 1, 2, 3, 4}))
				}
				document := `<FDT-Instance Expires="4000000000">` + files.String() + `</FDT-Instance>`
				instance := fec.OTI{TransferLength: uint64(len(document)), SymbolLength: 8000, MaxSourceBlockLength: 64}
				packets = append([][]byte{render(t, alc.Spec{
					TSI: firstStranger, FLUTEVersion: 2, InstanceID: flute.InstanceID(i + 1), OTI: &instance,
				}, append(make([]byte, 4), document...))}, packets...)
				if _, err := s.WriteBatch(packets); err != nil {
					t.Error(err)
				}
				time.Sleep(5 * time.Millisecond)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, Config{}, func(w *world) {
				w.receive(simnet.Link{}, ReceiveConfig{})
				synctest.Wait()
				list, _, err := Config{}.Bounds(ReceiveConfig{Group: simGroup}, 1)
				if err != nil {
					t.Fatal(err)
				}
				at := slices.IndexFunc(list, func(b bounds.Bound) bool { return b.Part == "sessions" })
				each := list[at].Bytes / list[at].Count
				before := live()
				c.send(t, w)
				if started := len(w.take()); started < c.events {
					t.Errorf("%d events, want %d", started, c.events)
				}
				w.forget()
				held, used := live()-before, w.node.Used()
				most := used + uint64(c.sessions)*each
				t.Logf("%d bytes are in use, %d are charged, %d with those of the sessions", held, used, most)
				if held > most {
					t.Errorf("%d bytes are in use, of at most %d", held, most)
				}
			})
		})
	}
}
