package session

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/actors/inject"
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

// doomed is a session that is to be given up. Its store hangs when it is to discard something.
type doomed struct {
	t      *testing.T
	files  *mem.Store
	answer chan struct{} // has the store answer
	ledger *Ledger
	feed   receiving.Feed
}

// newDoomed begins one; cfg lacks what all of them have in common.
func newDoomed(
	t *testing.T, sys *actors.System, core receiver.Config, works interface{ Run(*lanes.Entry) }, cfg Config,
) *doomed {
	d := &doomed{t: t, files: mem.New(), answer: make(chan struct{}), ledger: NewLedger(nil)}
	t.Cleanup(d.ledger.Close)
	core.Registry = schemes.Default()
	core.Store = &storetest.Faulty{Store: d.files, Before: func(c storetest.Call) error {
		if c.Method == "Discard" {
			<-d.answer
		}
		return nil
	}}
	validated, err := core.Validated()
	if err != nil {
		t.Fatal(err)
	}
	quiet := actors.Spec{Produce: func() actor.Actor { return actor.ReceiveFunc(func(actor.Context) {}) }}
	hub := actortest.Spawn(t, sys, "hub", quiet)
	cfg.Ledger, cfg.Peers = d.ledger, func() Peers { return Peers{Hub: hub, Lanes: works} }
	sessions := actortest.Spawn(t, sys, "sessions", Spec(cfg))
	reception := &receiving.Reception{ID: 1, Config: validated}
	d.feed.Inbox = receiving.NewInbox(reception, flute.SessionKey{TSI: 1})
	d.ledger.Receive(d.feed.Inbox)
	sys.Root().Send(sessions, Open{d.feed.Inbox})
	return d
}

// give hands it datagrams, at once.
func (d *doomed) give(datagrams ...[]byte) {
	d.feed.Begin(slab.NewPool(16, 8).Get())
	for _, b := range datagrams {
		d.feed.Add(&slab.Datagram{Data: b})
	}
	d.feed.Offer()
}

// wantGivenUp checks that nothing waits for the store, and that it discards all once it answers.
func (d *doomed) wantGivenUp() {
	d.t.Helper()
	if !d.ledger.isDrained(0) {
		d.t.Fatal("the session was not given up")
	}
	if n := d.files.Staged(); n != 1 {
		d.t.Errorf("%d objects are staged in a store that hangs, want one", n)
	}
	close(d.answer)
	time.Sleep(time.Second)
	if n := d.files.Staged(); n != 0 {
		d.t.Errorf("%d objects are staged", n)
	}
}

// TestGivenUpSessionHoldsNothing: a session that is given up while source blocks are to be decoded, and the Works for
// that were not taken by it yet, gives back all memory. No store keeps Sessions from going on.
func TestGivenUpSessionHoldsNothing(t *testing.T) {
	actortest.Bubble(t, func(t *testing.T, sys *actors.System) {
		budget := store.NewBudget(1<<30, nil)
		// The session crashes while it hands over the first of the Works that decode, again and again.
		works := &brittle{Lanes: lanes.New(lanes.Config{Processors: 1})}
		d := newDoomed(t, sys, receiver.Config{Budget: budget, Variant: rs.Rizzo}, works, Config{
			OnRestart: func(e supervisor.Event) {
				if _, ok := e.(supervisor.Quarantined); ok {
					works.mended.Store(true)
				}
			},
		})
		datagrams := decodable(t, 3)
		for _, batch := range [][][]byte{datagrams[:20], datagrams[20:]} {
			d.give(batch...)
			time.Sleep(100 * time.Millisecond) // no silence
		}
		time.Sleep(time.Minute)
		if n := budget.Used(); n != 0 {
			t.Errorf("%d bytes of the budget are in use", n)
		}
		d.wantGivenUp()
	})
}

// TestHungDiscard: a store that does not discard what a session has left keeps Sessions from nothing.
func TestHungDiscard(t *testing.T) {
	actortest.Bubble(t, func(t *testing.T, sys *actors.System) {
		var crashes []inject.Rule
		for n := range 10 {
			crashes = append(crashes, inject.Rule{
				Kind: inject.Panic, Actor: "session/receiving-1", Message: "packets", Nth: 2 + n,
			})
		}
		works := lanes.New(lanes.Config{Processors: 1})
		d := newDoomed(t, sys, receiver.Config{}, works, Config{Faults: inject.New(1, crashes...)})
		d.give(decodable(t, 3)[:39]...)
		for range 7 {
			time.Sleep(10 * time.Millisecond)
			d.give([]byte{})
		}
		time.Sleep(10 * time.Millisecond)
		d.wantGivenUp()
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
