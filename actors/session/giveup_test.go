package session

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/lanes"
	"github.com/flute-node/flute-node/actors/session/receiving"
	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/fec/rs"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/alc"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/internal/actortest"
	"github.com/flute-node/flute-node/internal/slab"
	"github.com/flute-node/flute-node/store"
	"github.com/flute-node/flute-node/store/mem"
	"github.com/flute-node/flute-node/store/storetest"
	"github.com/flute-node/flute-node/supervisor"
)

// brittle runs Works, of which those that wait for no disk crash whoever hands them over, until it is mended.
type brittle struct {
	*lanes.Lanes
	mended atomic.Bool
}

func (b *brittle) Run(e *lanes.Entry) {
	if e.Work().Lane() == nil && !b.mended.Load() {
		panic("no lane")
	}
	b.Lanes.Run(e)
}

// TestGivenUpSessionHoldsNothing: a session that is given up while source blocks are to be decoded, and the Works for
// that were not taken by it yet, gives back all memory. No store keeps Sessions from going on.
func TestGivenUpSessionHoldsNothing(t *testing.T) {
	actortest.Bubble(t, func(t *testing.T, sys *actors.System) {
		files, budget, answer := mem.New(), store.NewBudget(1<<30, nil), make(chan struct{})
		hung := &storetest.Faulty{Store: files, Before: func(c storetest.Call) error {
			if c.Method == "Discard" {
				<-answer
			}
			return nil
		}}
		cfg, err := receiver.Config{
			Registry: schemes.Default(), Store: hung, Budget: budget, Variant: rs.Rizzo,
		}.Validated()
		if err != nil {
			t.Fatal(err)
		}
		quiet := actors.Spec{Produce: func() actor.Actor { return actor.ReceiveFunc(func(actor.Context) {}) }}
		hub := actortest.Spawn(t, sys, "hub", quiet)
		ledger := NewLedger()
		t.Cleanup(ledger.Close)
		// The session crashes while it hands over the first of the Works that decode, again and again.
		works := &brittle{Lanes: lanes.New(lanes.Config{Processors: 1})}
		sessions := actortest.Spawn(t, sys, "sessions", Spec(Config{
			Peers: func() Peers { return Peers{Hub: hub, Lanes: works} }, Ledger: ledger,
			OnRestart: func(e supervisor.Event) {
				if _, ok := e.(supervisor.Quarantined); ok {
					works.mended.Store(true)
				}
			},
		}))
		in := receiving.NewInbox(&receiving.Reception{ID: 1, Config: cfg}, flute.SessionKey{TSI: 1}, actors.Limits{})
		ledger.Receive(in)
		feed := receiving.Feed{Inbox: in}
		sys.Root().Send(sessions, Open{in})
		datagrams := decodable(t, 3)
		for _, batch := range [][][]byte{datagrams[:20], datagrams[20:]} {
			feed.Begin(slab.NewPool(16, 8).Get())
			for _, d := range batch {
				feed.Add(&slab.Datagram{Data: d})
			}
			feed.Offer()
			time.Sleep(100 * time.Millisecond) // no silence
		}
		time.Sleep(time.Minute)
		if !ledger.isDrained(0) {
			t.Fatal("the session was not given up")
		}
		if n := budget.Used(); n != 0 {
			t.Errorf("%d bytes of the budget are in use", n)
		}
		if n := files.Staged(); n != 1 {
			t.Errorf("%d objects are staged in a store that hangs, want one", n)
		}
		close(answer)
		time.Sleep(time.Second)
		if n := files.Staged(); n != 0 {
			t.Errorf("%d objects are staged", n)
		}
	})
}

// TestHungDiscard: a store that does not discard what a session has left keeps Sessions from nothing.
func TestHungDiscard(t *testing.T) {
	actortest.Bubble(t, func(t *testing.T, sys *actors.System) {
		files, answer := mem.New(), make(chan struct{})
		hung := &storetest.Faulty{Store: files, Before: func(c storetest.Call) error {
			if c.Method == "Discard" {
				<-answer
			}
			return nil
		}}
		cfg, err := receiver.Config{Registry: schemes.Default(), Store: hung}.Validated()
		if err != nil {
			t.Fatal(err)
		}
		quiet := actors.Spec{Produce: func() actor.Actor { return actor.ReceiveFunc(func(actor.Context) {}) }}
		hub := actortest.Spawn(t, sys, "hub", quiet)
		ledger := NewLedger()
		t.Cleanup(ledger.Close)
		var crashes []actors.Rule
		for n := range 10 {
			crashes = append(crashes, actors.Rule{
				Kind: actors.FaultPanic, Actor: "session/receiving-1", Message: "packets", Nth: 2 + n,
			})
		}
		works := lanes.New(lanes.Config{Processors: 1})
		sessions := actortest.Spawn(t, sys, "sessions", Spec(Config{
			Peers: func() Peers { return Peers{Hub: hub, Lanes: works} }, Ledger: ledger,
			Faults: actors.NewFaults(1, crashes...),
		}))
		in := receiving.NewInbox(&receiving.Reception{ID: 1, Config: cfg}, flute.SessionKey{TSI: 1}, actors.Limits{})
		ledger.Receive(in)
		sys.Root().Send(sessions, Open{in})
		feed := receiving.Feed{Inbox: in}
		datagrams := decodable(t, 3)
		for _, batch := range [][][]byte{datagrams[:39], {nil}, {nil}, {nil}, {nil}, {nil}, {nil}, {nil}} {
			feed.Begin(slab.NewPool(16, 8).Get())
			for _, d := range batch {
				feed.Add(&slab.Datagram{Data: d})
			}
			feed.Offer()
			time.Sleep(10 * time.Millisecond)
		}
		if !ledger.isDrained(0) {
			t.Error("the session was not given up")
		}
		if n := files.Staged(); n != 1 {
			t.Errorf("%d objects are staged in a store that hangs, want one", n)
		}
		close(answer)
		time.Sleep(time.Second)
		if n := files.Staged(); n != 0 {
			t.Errorf("%d objects are staged", n)
		}
	})
}

// decodable returns the packets of source blocks that lack one source symbol each, and have a repair symbol: of a size
// that is not decoded at once.
func decodable(t *testing.T, blocks int) (datagrams [][]byte) {
	t.Helper()
	const k, size = 40, 8192
	oti := fec.OTI{
		EncodingID: fec.ReedSolomonGF28, TransferLength: uint64(blocks) * k * size, SymbolLength: size,
		MaxSourceBlockLength: k, MaxEncodingSymbols: k + 2,
	}
	template, err := alc.NewTemplate(alc.Spec{
		TSI: 1, TOI: flute.NewTOI(1), OTI: &oti, Codepoint: uint8(oti.EncodingID),
	})
	if err != nil {
		t.Fatal(err)
	}
	for sbn := range blocks {
		for esi := range k {
			d := oti.AppendPayloadID(template.Append(nil, false),
				fec.PayloadID{SBN: fec.SBN(sbn), ESI: fec.ESI(1 + esi)})
			datagrams = append(datagrams, append(d, make([]byte, size)...))
		}
	}
	return datagrams
}
