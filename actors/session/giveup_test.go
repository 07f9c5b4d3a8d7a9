package session

import (
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/internal/slab"
	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/mem"
)

// TestGivenUpSessionHoldsNothing: a session that is given up while source blocks are to be decoded, and the Works for that
// were not taken by it yet, gives back all memory.
func TestGivenUpSessionHoldsNothing(t *testing.T) {
	budget := store.NewBudget(1<<30, nil)
	cfg, err := receiver.Config{Registry: schemes.Default(), Store: mem.New(), Budget: budget, Variant: "rizzo"}.Validated()
	if err != nil {
		t.Fatal(err)
	}
	sys := actors.NewSystem(actors.SystemConfig{})
	quiet := actors.Spec{Produce: func() actor.Actor { return actor.ReceiveFunc(func(actor.Context) {}) }}
	hub, err := sys.Root().SpawnNamed(quiet.Props(), "hub")
	if err != nil {
		t.Fatal(err)
	}
	memory := NewMemory()
	// There is no store actor: the session crashes while it hands over the first of the Works, again and again.
	sessions, err := sys.Root().SpawnNamed(actors.Spec{Produce: func() actor.Actor {
		return NewSessions(Config{Peers: func() Peers { return Peers{Hub: hub} }, Memory: memory})
	}, Strategy: SessionsStrategy(nil)}.Props(), "sessions")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		for _, pid := range []*actor.PID{sessions, hub} {
			if err := actors.Stop(sys, pid, time.Minute); err != nil {
				t.Error(err)
			}
		}
		memory.Close()
	}()
	slabs := slab.NewPool(16, 8)
	in := NewInbox(&Reception{ID: 1, Config: cfg}, flute.SessionKey{TSI: 1}, actors.Limits{})
	memory.Add(in)
	p := in.Batch(slabs.Get())
	for _, d := range decodable(t, 3) {
		p.Add(d, 0)
	}
	in.Offer(p)
	sys.Root().Send(sessions, Open{in})
	for deadline := time.Now().Add(time.Minute); !memory.isEmpty(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the session was not given up")
		}
	}
	if n := budget.Used(); n != 0 {
		t.Errorf("%d bytes of the budget are in use", n)
	}
	if n := cfg.Store.(*mem.Store).Staged(); n != 0 {
		t.Errorf("%d objects are staged", n)
	}
}

// decodable returns the packets of source blocks that lack one source symbol each, and have a repair symbol: of a size that
// is not decoded at once.
func decodable(t *testing.T, blocks int) (datagrams [][]byte) {
	t.Helper()
	const k, size = 40, 8192
	oti := fec.OTI{
		EncodingID: fec.ReedSolomonGF28, TransferLength: uint64(blocks) * k * size, SymbolLength: size,
		MaxSourceBlockLength: k, MaxEncodingSymbols: k + 2,
	}
	template, err := alc.NewTemplate(alc.Spec{TSI: 1, TOI: flute.NewTOI(1), OTI: &oti, Codepoint: uint8(oti.EncodingID)})
	if err != nil {
		t.Fatal(err)
	}
	for sbn := range blocks {
		for esi := range k {
			d := oti.AppendPayloadID(template.Append(nil, false), fec.PayloadID{SBN: fec.SBN(sbn), ESI: fec.ESI(1 + esi)})
			datagrams = append(datagrams, append(d, make([]byte, size)...))
		}
	}
	return datagrams
}
