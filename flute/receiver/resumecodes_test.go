package receiver

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
)

// A receiver that is killed goes on, whatever the code: with another pass of the sender, on a link with loss, the file
// is whole and right, and what was noted is not needed again. Repair symbols are not noted: those that come later do.
func TestResumeWithEachCode(t *testing.T) {
	for name, c := range map[string]struct {
		id     fec.EncodingID
		k      uint32 // source symbols of a block
		repair uint32
	}{
		"Raptor":                  {fec.Raptor, 60, 20},
		"RaptorQ":                 {fec.RaptorQ, 60, 20},
		"RaptorQ, one block":      {fec.RaptorQ, 300, 90},
		"Reed-Solomon, GF(2^8)":   {fec.ReedSolomonGF28, 20, 8},
		"Reed-Solomon, GF(2^m)":   {fec.ReedSolomonGF2m, 20, 8},
		"small block, systematic": {fec.SmallBlockSystematic, 20, 8},
		"LDPC-Staircase":          {fec.LDPCStaircase, 60, 30},
		"LDPC-Triangle":           {fec.LDPCTriangle, 60, 30},
	} {
		t.Run(name, func(t *testing.T) {
			oti := fec.OTI{EncodingID: c.id, MaxSourceBlockLength: c.k, SymbolLength: 1000}
			switch c.id {
			case fec.ReedSolomonGF2m:
				oti.FieldBits = 8
			case fec.LDPCStaircase, fec.LDPCTriangle:
				oti.N1 = 5
			default:
			}
			if c.id != fec.Raptor && c.id != fec.RaptorQ {
				oti.MaxEncodingSymbols = 2*c.k + c.repair
			}
			content := random(200_000, 1)
			cfg := sender.Config{OTI: oti, Repair: c.repair}
			fdts, pass := split(t, transmit(t, cfg, source{name: "a", content: content}))
			rng := rand.New(rand.NewPCG(1, 2))
			lossy := func(r *rig, packets [][]byte) {
				for _, p := range packets {
					if rng.IntN(20) == 0 {
						continue
					}
					r.now = r.now.Add(50 * time.Millisecond)
					r.feed(p)
				}
			}
			for _, part := range []float64{0.2, 0.5, 0.65} {
				d := newDisk()
				first := onDisk(t, d)
				first.feed(fdts...)
				lossy(first, pass[:int(part*float64(len(pass)))])
				left := d.cut(nil)
				stored := claims(t, left, object{content: content})
				if stored == 0 {
					t.Fatalf("%v: nothing was noted", part)
				}
				r := onDisk(t, left)
				r.now = first.now.Add(time.Second)
				r.feed(fdts...)
				for range 3 {
					lossy(r, pass)
				}
				if !bytes.Equal(left.published["a"], content) {
					t.Fatalf("%v: the file is not there, or not right: %v", part, r.ends())
				}
				s := eventsOf[event.ObjectStarted](r)
				if len(s) == 0 || s[0].Resumed != stored {
					t.Errorf("%v: %d bytes were noted, resumed: %v", part, stored, fmt.Sprint(s))
				}
			}
		})
	}
}
