package receiver

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
)

// junk returns a packet of a forger who knows the address and the TSI of a sender, and nothing else.
func junk(t testing.TB, rng *rand.Rand) []byte {
	o := object{t: t, toi: flute.NewTOI(1 + uint64(rng.Uint32())), oti: noCode(1<<20, 1000, 64)}
	switch rng.IntN(3) {
	case 0:
		return o.raw(1, fec.ESI(rng.IntN(64)), make([]byte, 1000))
	case 1:
		o.noFTI = true
		return o.raw(1, 2, make([]byte, 100))
	}
	document := fmt.Sprint("<FDT-Instance", rng.Uint32())
	in := object{t: t, toi: flute.TOI{}, oti: noCode(len(document), 1400, 64), content: []byte(document)}
	return in.packet(0, 0, 1, fdtHeader)
}

// TestFloodWithItsAddress: packets of a forger who has the address and the TSI of a sender, from ports that change all
// the time, were there before the sender and come beside it. Nothing of its file is lost.
func TestFloodWithItsAddress(t *testing.T) {
	r := newRig(t)
	rng := rand.New(rand.NewPCG(1, 2))
	forged := 0
	pour := func(n int) {
		for range n {
			r.port = uint16(20_000 + forged/16)
			r.feed(junk(t, rng))
			forged++
		}
	}
	for range 100 {
		pour(2)
		r.wait(time.Millisecond)
	}
	o := plain(t, 4_000_001, 300_000, 100, 64) // a TOI and an FDT Instance ID that the forger has not met
	d := describe(t, 54321, o.file("good"))
	for i, p := range o.all() {
		r.port = 1000
		if i%1000 == 0 {
			r.feed(d)
		}
		r.feed(p)
		r.wait(time.Millisecond / 2)
		pour(2)
		r.wait(time.Millisecond / 2)
	}
	r.port = 1000
	r.feed(d)
	r.wait(time.Second)
	r.file("good", o.content)
	r.close()
}
