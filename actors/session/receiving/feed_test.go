package receiving

import (
	"testing"

	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/fec/schemes"
	"github.com/flute-node/flute-node/flute"
	"github.com/flute-node/flute-node/flute/receiver"
	"github.com/flute-node/flute-node/internal/slab"
	"github.com/flute-node/flute-node/store/mem"
)

// TestOfferAfterTheEnd: an Inbox whose session is over counts nothing any more, and hands the count back.
func TestOfferAfterTheEnd(t *testing.T) {
	cfg, err := receiver.Config{Registry: schemes.Default(), Store: mem.New()}.Validated()
	if err != nil {
		t.Fatal(err)
	}
	slabs := slab.NewPool(16, 8)
	feed := Feed{Inbox: NewInbox(&Reception{ID: 1, Config: cfg}, flute.SessionKey{TSI: 1}, actors.Limits{})}
	ledger := NewLedger(feed.Inbox)
	ledger.Yield(feed.Inbox)
	if !feed.Inbox.Closed() {
		t.Error("the Inbox of a session that is over is open")
	}
	before := ledger.core.Counters()
	for i, give := range []func() int{feed.Offer, feed.Refuse, feed.Abandon} {
		feed.Begin(slabs.Get())
		feed.Add(&slab.Datagram{Data: make([]byte, 8)})
		feed.Add(&slab.Datagram{Data: make([]byte, 8)})
		if late := give(); late != 2 {
			t.Errorf("%d: %d late, want 2", i, late)
		}
	}
	if ledger.core.Counters() != before {
		t.Error("a session that is over has counted")
	}
	if n := slabs.Outstanding(); n != 0 {
		t.Errorf("%d slabs are out", n)
	}
}
