package receiver

import (
	"net/netip"
	"testing"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/rs"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/internal/assembly"
	"github.com/flute-node/flute-node/flute/lct"
	"github.com/flute-node/flute-node/store"
)

// idle is Reed-Solomon whose decoder does no work.
type idle struct{ fec.Scheme }

func (s idle) NewDecoder(o *fec.OTI, v fec.Variant, k uint32) (fec.Decoder, error) {
	d, err := s.Scheme.NewDecoder(o, v, k)
	return idleDecoder{d, int(o.SymbolLength)}, err
}

type idleDecoder struct {
	fec.Decoder
	length int
}

func (d idleDecoder) Recover(source [][]byte, _ []fec.Symbol) error {
	for i := range source {
		source[i] = source[i][:d.length]
	}
	return nil
}

// heavy returns an object of source blocks whose decoding is heavy, and the repair symbols that block sbn is recovered
// from.
func heavy(t *testing.T, blocks int) (object, func(sbn fec.SBN) [][]byte) {
	t.Helper()
	const k, length = 2000, 600
	o := object{t: t, toi: flute.NewTOI(1), oti: fec.OTI{
		EncodingID: fec.ReedSolomonGF2m, TransferLength: uint64(blocks) * k * length, SymbolLength: length,
		MaxSourceBlockLength: k, MaxEncodingSymbols: 2 * k, FieldBits: 16, GroupSize: 1,
	}}
	o.content = make([]byte, o.oti.TransferLength)
	return o, func(sbn fec.SBN) (packets [][]byte) {
		for i := range fec.ESI(k) {
			packets = append(packets, o.raw(sbn, k+i, make([]byte, length)))
		}
		return packets
	}
}

// Heavy decoding is bounded by permits, not by how many blocks, objects or sessions want it; and they go to the source
// that has had the least. Whoever waits for one is not given up by an A flag.
func TestHeavyDecodingIsBounded(t *testing.T) {
	labour, budget := NewLabour(2), store.NewBudget(1<<30, nil)
	as := func(source byte) *rig {
		r := newRig(t, func(c *Config) {
			c.Registry = schemes.Default().With(fec.ReedSolomonGF2m, 0, idle{rs.New()})
			c.Variant, c.Labour, c.Budget = rs.Rizzo, labour, budget
		})
		r.l.share.Close()
		r.l = NewLedger(r.cfg, flute.SessionKey{Source: netip.AddrFrom4([4]byte{192, 0, 2, source}), TSI: key.TSI})
		r.crash()
		r.manual = true
		return r
	}
	a, again, b := as(66), as(66), as(1)
	for _, r := range []*rig{a, again} {
		o, block := heavy(t, 3)
		r.feed(describe(t, 0, o.file("junk")))
		for sbn := range fec.SBN(3) {
			r.feed(block(sbn)...)
		}
	}
	if len(a.works) != 1 || len(again.works) != 0 {
		t.Fatalf("%d and %d heavy Works at once, want one", len(a.works), len(again.works))
	}
	o, block := heavy(t, 1)
	b.feed(describe(t, 0, o.file("good")))
	b.feed(block(0)...)
	b.feed(o.raw(0, 0, make([]byte, o.oti.SymbolLength), func(h *lct.Header) { h.CloseSession = true }))
	light := plain(t, 2, 1000, 100, 4)
	b.feed(describe(t, 1, light.file("light")))
	b.feed(light.all()...)
	if len(b.works) != 1 {
		t.Fatalf("%d Works, want one that publishes what is light", len(b.works))
	}
	b.works = b.works[:0]
	a.work()
	a.wait(assembly.RetryAfter)
	if len(a.works) != 0 {
		t.Fatal("a source that has had a permit comes before one that has not")
	}
	b.wait(assembly.RetryAfter)
	if len(b.works) != 1 {
		t.Fatal("the permit did not go to the source that waits")
	}
	a.wait(assembly.RetryAfter)
	if len(a.works)+len(again.works) != 0 {
		t.Fatal("more permits than there are")
	}
	b.work()
	a.wait(2 * assembly.PermitTimeout)
	again.wait(2 * assembly.PermitTimeout)
	if len(a.works)+len(again.works) != 1 {
		t.Fatalf("%d and %d Works: the permit was lost", len(a.works), len(again.works))
	}
	for _, r := range []*rig{a, again} { // what ends gives its permit back
		r.s.Close("test is over")
		r.settle()
		for len(r.works) > 0 {
			r.work()
		}
	}
	later := a.now.Add(2 * assembly.PermitTimeout)
	if labour.shared.Take(later, netip.Addr{}, 0) == nil || labour.shared.Take(later, netip.Addr{}, 0) != nil {
		t.Error("at the end there is not one permit")
	}
}

// A block that waits for a permit outlives the grace time of an A flag, as one that is being decoded does.
func TestWaitingForPermitOutlivesClose(t *testing.T) {
	r := newRig(t, func(c *Config) {
		c.Registry = schemes.Default().With(fec.ReedSolomonGF2m, 0, idle{rs.New()})
		c.Variant, c.Labour = rs.Rizzo, NewLabour(1)
	})
	other := r.cfg.Labour.shared.Take(r.now, netip.Addr{}, 0)
	o, block := heavy(t, 1)
	r.feed(describe(t, 0, o.file("a")))
	r.feed(block(0)...)
	r.feed(o.raw(0, 0, make([]byte, o.oti.SymbolLength), func(h *lct.Header) { h.CloseSession = true }))
	r.wait(2 * defaultCloseGrace)
	r.want()
	other.End()
	r.wait(time.Second)
	r.file("a", o.content)
	r.close()
}
