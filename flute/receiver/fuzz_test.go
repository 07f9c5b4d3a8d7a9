package receiver

import (
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/fdt"
	"github.com/flute-node/flute-node/internal/allocbound"
	"github.com/flute-node/flute-node/store"
)

// hostileSchemes are shared: each set of them makes its tables once.
var hostileSchemes = sync.OnceValue(schemes.Default)

// hostileRig is small in everything.
func hostileRig(t testing.TB) *rig {
	return newRig(t, func(c *Config) {
		c.Registry = hostileSchemes()
		c.Budget = store.NewBudget(300_000, nil)
		c.MaxObjects, c.MaxUndescribed, c.UndescribedBytes, c.MaxInstances = 8, 4, 100_000, 3
		c.MaxObjectSize, c.FDTLimits = 1<<20, fdt.Limits{Bytes: 10_000}
	})
}

// stream packs datagrams as the fuzzer changes them: each behind its length, and milliseconds to wait.
func stream(datagrams [][]byte) []byte {
	var b []byte
	for _, d := range datagrams {
		b = binary.BigEndian.AppendUint16(b, uint16(len(d)))
		b = append(append(b, 1), d...)
	}
	return b
}

// play feeds a stream: whatever it holds, nothing panics, every datagram is counted once, the budget holds, and at the
// end all memory is free. hostileRig and rig.check see to that.
func play(r *rig, b []byte) {
	for len(b) > 3 && !r.s.Ended() {
		n, pause := int(binary.BigEndian.Uint16(b)), b[2]
		b = b[3:]
		n = min(n, len(b))
		if pause == 255 {
			r.crash()
		} else {
			r.now = r.now.Add(time.Duration(pause) * 100 * time.Millisecond)
			r.s.Advance(r.now)
			r.settle()
		}
		r.feed(b[:n])
		b = b[n:]
	}
	r.wait(time.Minute)
	r.close()
}

// seeds are streams that real sessions would be.
func seeds(t testing.TB) [][]byte {
	a, b := plain(t, 1, 300, 100, 2), coded(t, 2, 400, 100, 4, 8, "")
	fa, fb := a.file("a"), b.file("b")
	fb.MD5 = md5Of(b.content)
	packets := concat(fdtInstance{files: []fdt.File{fa, fb}, e: 300}.packets(t), a.all(), b.all()[1:],
		[][]byte{b.packet(0, 5, 1), b.packet(0, 6, 2), a.packet(0, 0, 1, closeObject)})
	cfg := testSender()
	cfg.FDTCENC, cfg.OTI.EncodingID = flute.GZIP, fec.SmallBlockSystematic
	session := append(transmit(t, cfg, source{name: "x", content: random(700, 1), cenc: flute.ZLIB}, source{name: "y"}),
		alc.AppendCloseSession(nil, key.TSI))
	late := concat(packets[2:], packets[:2])
	return [][]byte{stream(packets), stream(session), stream(late), {0, 3, 0, 0x10, 0, 0}}
}

func FuzzReceiver(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	// Each byte may be a datagram, and each datagram an FDT Instance that inflates to its limit.
	bound := allocbound.Bound{PerByte: 2 << 10, Fixed: 1 << 20}
	f.Fuzz(func(t *testing.T, b []byte) {
		bound.Check(t, len(b), func() { play(hostileRig(t), b) })
	})
}

// damage changes, flips or copies bytes of b, at up to most places.
func damage(rng *rand.Rand, b []byte, most int) {
	for range 1 + rng.IntN(most) {
		i := rng.IntN(len(b))
		switch rng.IntN(3) {
		case 0:
			b[i] = byte(rng.Uint32())
		case 1:
			b[i] ^= 1 << rng.IntN(8)
		case 2:
			j := rng.IntN(len(b))
			n := min(rng.IntN(40), len(b)-max(i, j))
			copy(b[i:i+n], b[j:j+n])
		}
	}
}

// Random damage to real streams: what the fuzzer does, in every run of the tests.
func TestDamagedStreams(t *testing.T) {
	all := seeds(t)
	for seed := range uint64(1500) {
		rng := rand.New(rand.NewPCG(seed, 3))
		b := append([]byte(nil), all[rng.IntN(3)]...)
		damage(rng, b, 30)
		play(hostileRig(t), b)
	}
}

// Each datagram of a session cut at every byte, and with each byte of its head changed.
func TestTruncatedDatagrams(t *testing.T) {
	a, b := plain(t, 1, 300, 100, 2), coded(t, 2, 400, 100, 4, 8, "")
	packets := [][]byte{describe(t, 0, a.file("a"), b.file("b")), a.packet(0, 0, 1), b.packet(0, 5,
		1), alc.AppendCloseSession(nil, key.TSI)}
	for _, p := range packets {
		r := hostileRig(t)
		for i := range p {
			r.feed(p[:i])
		}
		for i := range min(len(p), 60) {
			for _, v := range []byte{0, 1, 0x0f, 0x7f, 0x80, 0xff, p[i] ^ 1, p[i] ^ 0x40} {
				damaged := append([]byte(nil), p...)
				damaged[i] = v
				r.feed(damaged)
			}
		}
		r.close()
	}
}
