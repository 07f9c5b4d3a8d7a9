package simulator

import (
	"bytes"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/lct"
	"github.com/flute-node/flute-node/internal/simnet"
)

const (
	forgeEvery = 20 * time.Millisecond
	// maxForged bounds what a seed costs.
	maxForged = 6000
	// memory is how many datagrams of the sender a forger knows.
	memory = 64
)

// recent are the latest datagrams of the sender. The caller holds world.mu.
type recent struct {
	list [memory][]byte
	next int
}

func (r *recent) keep(d []byte) {
	i := r.next % memory
	r.list[i] = append(r.list[i][:0], d...)
	r.next++
}

// forgedPort is where packets with the address of the sender come from that are not of it.
const forgedPort = 6000

// forger sends what nobody should: from addresses of strangers, and, if the plan says so, from that of the sender.
type forger struct {
	w      *world
	rng    *rand.Rand
	others []*simnet.Sender
	own    *simnet.Sender // with the address of the sender; nil: it has none
	seen   uint64         // datagrams of the sender
	sent   uint64
	done   chan struct{}
	gone   chan struct{}
}

func (w *world) startForger() {
	f := &forger{
		w: w, rng: rand.New(rand.NewPCG(w.plan.Seed, 13)), done: make(chan struct{}), gone: make(chan struct{}),
	}
	w.forger = f
	for i := range 4 {
		f.others = append(f.others, w.net.Dial(netip.AddrPortFrom(strangers, uint16(5000+i)), group))
	}
	f.own = w.net.Dial(netip.AddrPortFrom(source, forgedPort), group)
	go f.run()
}

func (w *world) stopForger() {
	close(w.forger.done)
	<-w.forger.gone
}

// run forges, in proportion to what the sender sends.
func (f *forger) run() {
	defer close(f.gone)
	for {
		select {
		case <-f.done:
			return
		case <-time.After(forgeEvery):
		}
		w, h := f.w, f.w.plan.Hostile
		w.mu.Lock()
		n := uint64(float64(w.traffic.sent-f.seen) * h / (1 - h))
		f.seen = w.traffic.sent
		if w.calm {
			n = 0
		}
		w.mu.Unlock()
		for range min(n, maxForged-f.sent) {
			f.forge()
		}
	}
}

// forge sends a datagram.
func (f *forger) forge() {
	w := f.w
	f.sent++
	w.mu.Lock()
	w.traffic.forged++
	var model []byte
	if n := min(w.recent.next, memory); n > 0 {
		model = bytes.Clone(w.recent.list[f.rng.IntN(n)])
	}
	w.mu.Unlock()
	from := f.others[f.rng.IntN(len(f.others))]
	kinds := forgeries
	if w.plan.Spoofed && f.rng.IntN(4) == 0 {
		from, kinds = f.own, spoofs
	}
	if b := kinds[f.rng.IntN(len(kinds))](f, model); b != nil {
		_, _ = from.WriteBatch([][]byte{b})
	}
}

// forgeries are what a stranger may send; spoofs are what may bear the address of the sender, too. Of an FDT Instance
// that somebody else makes with the sender's address, nobody can tell that it is forged: there are none here.
var (
	forgeries = []func(f *forger, model []byte) []byte{
		noise, cut, flipped, replayed, newSession, newObject, claims, instance, closing, padding, nothing,
	}
	spoofs = []func(f *forger, model []byte) []byte{
		noise, cut, replayed, newObject, claims, badInstance, closing, poison, nothing,
	}
)

func (f *forger) random(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(f.rng.Uint32())
	}
	return b
}

// noise is random bytes.
func noise(f *forger, _ []byte) []byte { return f.random(f.rng.IntN(200)) }

// nothing is an empty datagram.
func nothing(*forger, []byte) []byte { return []byte{} }

// cut is the beginning of a packet.
func cut(f *forger, model []byte) []byte { return model[:f.rng.IntN(len(model)+1)] }

// flipped is a packet with some bits changed.
func flipped(f *forger, model []byte) []byte {
	for range 1 + f.rng.IntN(8) {
		if len(model) > 0 {
			model[f.rng.IntN(min(len(model), 60))] ^= 1 << f.rng.IntN(8)
		}
	}
	return model
}

// replayed is a packet as it was.
func replayed(_ *forger, model []byte) []byte { return model }

// tsi returns that of a session of the sender.
func (f *forger) tsi() flute.TSI { return flute.TSI(1 + f.rng.IntN(len(f.w.plan.Sessions))) }

// packet makes a packet of a file.
func (f *forger) packet(tsi flute.TSI, toi flute.TOI, oti fec.OTI, id fec.PayloadID, symbol []byte) []byte {
	t, err := alc.NewTemplate(alc.Spec{TSI: tsi, TOI: toi, Codepoint: uint8(oti.EncodingID), OTI: &oti})
	if err != nil {
		return nil
	}
	return append(oti.AppendPayloadID(t.Append(nil, f.rng.IntN(8) == 0), id), symbol...)
}

func (f *forger) oti() fec.OTI {
	return fec.OTI{
		TransferLength: uint64(1 + f.rng.IntN(1<<20)), SymbolLength: uint16(1 + f.rng.IntN(1400)),
		MaxSourceBlockLength: uint32(1 + f.rng.IntN(100)),
	}
}

// newSession is a packet of a session of nobody's.
func newSession(f *forger, _ []byte) []byte {
	oti := f.oti()
	return f.packet(flute.TSI(f.rng.Uint32()), flute.NewTOI(1), oti, fec.PayloadID{}, f.random(int(oti.SymbolLength)))
}

// newObject is a packet of an object that nothing describes.
func newObject(f *forger, _ []byte) []byte {
	oti := f.oti()
	return f.packet(f.tsi(), flute.NewTOI(uint64(f.rng.Uint32())), oti,
		fec.PayloadID{ESI: fec.ESI(f.rng.IntN(4))}, f.random(int(oti.SymbolLength)))
}

// claims is a packet whose EXT_FTI claims much.
func claims(f *forger, _ []byte) []byte {
	oti := fec.OTI{
		TransferLength: 1<<40 + f.rng.Uint64N(1<<47), SymbolLength: uint16(1 + f.rng.IntN(1400)),
		MaxSourceBlockLength: f.rng.Uint32(),
	}
	id := fec.PayloadID{SBN: fec.SBN(f.rng.IntN(1 << 16)), ESI: fec.ESI(f.rng.IntN(1 << 16))}
	return f.packet(f.tsi(), flute.NewTOI(uint64(f.rng.Uint32())), oti, id, f.random(int(oti.SymbolLength)))
}

// poison is a packet of an object that is being sent, with other bytes.
func poison(f *forger, model []byte) []byte {
	if _, _, ok := symbolOf(model); ok && len(model) > 60 {
		copy(model[len(model)-20:], f.random(20))
	}
	return model
}

// closing is a packet with an A flag, or with a B flag.
func closing(f *forger, model []byte) []byte {
	if f.rng.IntN(2) == 0 {
		return alc.AppendCloseSession(nil, f.tsi())
	}
	p, err := alc.Parse(model)
	if err != nil {
		return nil
	}
	h := lct.Header{CloseObject: true, Codepoint: p.Codepoint, HasTSI: true, TSI: p.TSI, HasTOI: true, TOI: p.TOI}
	b, err := h.AppendBinary(nil)
	if err != nil {
		return nil
	}
	return b
}

// padding is a packet without payload.
func padding(f *forger, _ []byte) []byte { return alc.AppendPadding(nil, f.tsi(), 4*f.rng.IntN(50)) }

// instance is an FDT Instance of a stranger, which describes a file of his own in a session of his own.
func instance(f *forger, _ []byte) []byte {
	return f.instance(f.tsi(), `<FDT-Instance xmlns="urn:ietf:params:xml:ns:fdt" Expires="4294967295">`+
		`<File Content-Location="forged/x" TOI="1" Transfer-Length="10" FEC-OTI-FEC-Encoding-ID="0" `+
		`FEC-OTI-Encoding-Symbol-Length="10" FEC-OTI-Maximum-Source-Block-Length="1"/></FDT-Instance>`)
}

// badInstance is an FDT Instance that cannot be read.
func badInstance(f *forger, _ []byte) []byte {
	return f.instance(f.tsi(), `<FDT-Instance Expires="1"><File Content-Location="../../x`)
}

func (f *forger) instance(tsi flute.TSI, xml string) []byte {
	oti := fec.OTI{TransferLength: uint64(len(xml)), SymbolLength: 1400, MaxSourceBlockLength: 1}
	t, err := alc.NewTemplate(alc.Spec{
		TSI: tsi, FLUTEVersion: 2, InstanceID: flute.InstanceID(f.rng.IntN(1 << 20)), OTI: &oti,
	})
	if err != nil {
		return nil
	}
	return append(oti.AppendPayloadID(t.Append(nil, false), fec.PayloadID{}), xml...)
}
