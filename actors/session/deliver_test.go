package session

import (
	"context"
	"encoding/binary"
	"net/netip"
	"runtime"
	"testing"

	"github.com/asynkron/protoactor-go/actor"
	"go.uber.org/goleak"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/session/receiving"
	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/internal/slab"
	"github.com/flute-node/flute-node/store/mem"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const batchSize = 64

// rig is Sessions with one session, fed by hand.
type rig struct {
	sys       *actors.System
	pid       *actor.PID
	feed      receiving.Feed
	slabs     *slab.Pool
	datagrams []slab.Datagram
}

// newRig returns a rig with a batch of symbols of two objects, taking turns in runs of eight.
func newRig(t testing.TB) *rig {
	t.Helper()
	cfg, err := receiver.Config{Registry: schemes.Default(), Store: mem.New()}.Validated()
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{sys: actors.NewSystem(actors.SystemConfig{}), slabs: slab.NewPool(16, 8)}
	quiet := actors.Spec{Produce: func() actor.Actor { return actor.ReceiveFunc(func(actor.Context) {}) }}
	peer, err := r.sys.Root().SpawnNamed(quiet.Props(), "peer")
	if err != nil {
		t.Fatal(err)
	}
	ledger := NewLedger(nil)
	r.pid, err = r.sys.Root().SpawnNamed(Spec(Config{
		Peers: func() Peers { return Peers{Hub: peer} }, Ledger: ledger,
	}).Props(), "sessions")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, pid := range []*actor.PID{r.pid, peer} {
			if err := actors.Stop(context.Background(), r.sys, pid); err != nil {
				t.Error(err)
			}
		}
		ledger.Close()
		if n := r.slabs.Outstanding(); n != 0 {
			t.Errorf("%d slabs are out", n)
		}
	})
	key := flute.SessionKey{Source: netip.MustParseAddr("192.0.2.1"), TSI: 1}
	inbox := receiving.NewInbox(&receiving.Reception{ID: 1, Config: cfg}, key)
	r.feed.Inbox = inbox
	ledger.Receive(inbox)
	r.sys.Root().Send(r.pid, Open{inbox})
	oti := fec.OTI{TransferLength: 10 << 20, SymbolLength: 1400, MaxSourceBlockLength: 64}
	for i := range batchSize {
		template, err := alc.NewTemplate(alc.Spec{TSI: 1, TOI: flute.NewTOI(uint64(1 + i/8%2)), OTI: &oti})
		if err != nil {
			t.Fatal(err)
		}
		d := template.Append(nil, false)
		d = binary.BigEndian.AppendUint16(d, 0)
		d = binary.BigEndian.AppendUint16(d, uint16(i%63)) // the source block stays incomplete
		r.datagrams = append(r.datagrams, slab.Datagram{Data: append(d, make([]byte, 1400)...)})
	}
	return r
}

// turn has the session handle one batch.
func (r *rig) turn() {
	s := r.slabs.Get()
	r.feed.Begin(s)
	for i := range r.datagrams {
		r.feed.Add(&r.datagrams[i])
	}
	r.feed.Offer()
	for r.slabs.Outstanding() > 0 {
		runtime.Gosched()
	}
}

// TestDeliveryDoesNotAllocate: from the Inbox through the session to two objects, and back to the pool of slabs.
func TestDeliveryDoesNotAllocate(t *testing.T) {
	r := newRig(t)
	for range 10 {
		r.turn()
	}
	if n := testing.AllocsPerRun(200, r.turn); n > 0 {
		t.Errorf("%v allocations for a batch of %d datagrams", n, batchSize)
	}
}

func BenchmarkDelivery(b *testing.B) {
	r := newRig(b)
	b.ReportAllocs()
	for b.Loop() {
		r.turn()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/batchSize, "ns/datagram")
}
