package receiver

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/flute/sender"
)

// trip is one case of TestRoundTrip.
type trip struct {
	cfg     sender.Config
	files   []source
	loss    float64
	shuffle int // how far a packet may move
	repeat  float64
	late    bool // the FDT comes after the files
	crash   float64
}

func randomTrip(rng *rand.Rand) trip {
	e := 8 + 2*rng.IntN(30)
	tr := trip{
		cfg: sender.Config{
			OTI:        fec.OTI{SymbolLength: uint16(e), MaxSourceBlockLength: uint32(1 + rng.IntN(20))},
			FDTOTI:     fec.OTI{SymbolLength: uint16(200 + rng.IntN(800))},
			FDTCENC:    flute.ContentEncoding(rng.IntN(4)),
			Interleave: 1 + rng.IntN(4), Parallel: 1 + rng.IntN(3), FTI: sender.FTI(rng.IntN(3)),
			FDTInTransfer: rng.IntN(2) == 1, TransferCount: 3,
		},
		shuffle: []int{0, 3, 50}[rng.IntN(3)], repeat: []float64{0, 0.3}[rng.IntN(2)], late: rng.IntN(3) == 0,
		crash: []float64{0, 0, 0.05}[rng.IntN(3)],
	}
	switch rng.IntN(6) {
	case 5:
		tr.cfg.OTI = fec.OTI{
			EncodingID: fec.LDPCStaircase + fec.EncodingID(rng.IntN(2)), SymbolLength: uint16(8 + rng.IntN(9000)),
			MaxSourceBlockLength: uint32(2 + rng.IntN(60)), N1: uint8(3 + rng.IntN(8)),
			GroupSize: uint8(1 + rng.IntN(4)),
		}
		tr.cfg.OTI.MaxEncodingSymbols = 2*tr.cfg.OTI.MaxSourceBlockLength + 10
		e, tr.loss = int(tr.cfg.OTI.SymbolLength), 0.1
	case 4:
		bits := 2 + rng.IntN(15)
		e = bits * (1 + rng.IntN(40))
		tr.cfg.OTI = fec.OTI{
			EncodingID: fec.ReedSolomonGF2m, FieldBits: uint8(bits), SymbolLength: uint16(e),
			MaxSourceBlockLength: uint32(1 + rng.IntN(2)), MaxEncodingSymbols: 3, GroupSize: uint8(1 + rng.IntN(3)),
		}
		tr.loss = 0.1
	case 3:
		tr.cfg.OTI.EncodingID, tr.cfg.Redundancy, tr.loss = fec.Raptor, 0.1+rng.Float64(), 0.15
		if rng.IntN(2) == 0 {
			tr.cfg.OTI.EncodingID = fec.RaptorQ
		}
		tr.cfg.OTI.SymbolLength = uint16(8 + 4*rng.IntN(15))
		tr.cfg.OTI.MaxSourceBlockLength = uint32(4 + rng.IntN(60))
		tr.cfg.OTI.SubBlocks, tr.cfg.OTI.GroupSize = uint16(1+rng.IntN(2)), uint8(1+rng.IntN(3))
		if rng.IntN(2) == 0 { // so large that Works decode it
			tr.cfg.OTI.SymbolLength, tr.cfg.OTI.MaxSourceBlockLength = uint16(8000+4*rng.IntN(400)), uint32(33+
				rng.IntN(20))
			e = int(tr.cfg.OTI.SymbolLength)
		}
	case 0:
		tr.cfg.OTI.EncodingID, tr.cfg.Repair, tr.loss = fec.ReedSolomonGF28, uint32(1+rng.IntN(10)), 0.15
		tr.cfg.OTI.MaxEncodingSymbols = 40
	case 1:
		tr.cfg.OTI.EncodingID, tr.cfg.OTI.MaxEncodingSymbols, tr.loss = fec.SmallBlockSystematic, 40, 0.1
	}
	if rng.IntN(3) == 0 {
		tr.cfg.FDTOTI.EncodingID = fec.ReedSolomonGF28
	}
	sizes := []int{0, 1, e - 1, e, e + 1, 17 * e, 500 * e / 3, 100 * e}
	for i := range 1 + rng.IntN(4) {
		tr.files = append(tr.files, source{
			name: fmt.Sprintf("f%d.bin", i), content: random(sizes[rng.IntN(len(sizes))], rng.Uint64()),
			cenc: flute.ContentEncoding(rng.IntN(4)),
		})
	}
	return tr
}

// mangle is what a network does to packets.
func (tr *trip) mangle(t testing.TB, rng *rand.Rand, packets [][]byte) [][]byte {
	var out [][]byte
	for _, p := range packets {
		if rng.Float64() < tr.loss {
			continue
		}
		out = append(out, p)
		for rng.Float64() < tr.repeat {
			out = append(out, p)
		}
	}
	for i := range out {
		if tr.shuffle > 0 {
			j := min(len(out)-1, i+rng.IntN(tr.shuffle))
			out[i], out[j] = out[j], out[i]
		}
	}
	if tr.late {
		fdts, data := split(t, out)
		out = concat(data, fdts)
	}
	return out
}

func TestRoundTrip(t *testing.T) {
	for seed := range uint64(250) {
		rng := rand.New(rand.NewPCG(seed, 1))
		tr := randomTrip(rng)
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			packets := transmit(t, tr.cfg, tr.files...)
			r := newRig(t)
			r.manual = tr.crash > 0
			for _, p := range tr.mangle(t, rng, packets) {
				r.feed(p)
				for len(r.works) > 0 && rng.IntN(2) == 0 {
					r.work()
				}
				if rng.Float64() < tr.crash {
					r.crash()
				}
			}
			r.feed(packets...) // a pass without loss: every file can be completed now
			for len(r.works) > 0 {
				r.work()
			}
			for _, f := range tr.files {
				r.file(f.name, f.content)
			}
			if n := len(eventsOf[event.ObjectCompleted](r)); n != len(tr.files) {
				t.Errorf("%d objects completed, not %d", n, len(tr.files))
			}
			if !r.s.Complete() {
				t.Error("the session is not complete")
			}
			r.close()
			if t.Failed() {
				t.Logf("%+v", tr.cfg)
			}
		})
	}
}
