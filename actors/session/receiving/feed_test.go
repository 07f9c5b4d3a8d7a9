package receiving

import (
	"net/netip"
	"runtime"
	"testing"
	"weak"

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
	feed := Feed{Inbox: NewInbox(&Reception{ID: 1, Config: cfg}, flute.SessionKey{TSI: 1})}
	ledger := NewLedger(feed.Inbox)
	ledger.Yield(feed.Inbox, nil)
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

// TestWaitsInTheSystem: where the system holds what comes, since its buffer is large or the sender is on this machine
// and waits, less waits in the Inbox, until the reader tells that datagrams are lost by that.
func TestWaitsInTheSystem(t *testing.T) {
	for _, c := range []struct {
		source string
		deep   bool
		want   int
	}{{"127.0.0.1", false, 1}, {"10.0.0.1", false, 24}, {"10.0.0.1", true, 1}, {"127.0.0.1", true, 1}} {
		slabs := slab.NewPool(1<<20, 64)
		key := flute.SessionKey{Source: netip.MustParseAddr(c.source)}
		feed := Feed{Inbox: NewInbox(&Reception{ID: 1, Deep: c.deep}, key)}
		fill := func() (n int) {
			for {
				s := slabs.Get()
				feed.Begin(s)
				feed.Add(&slab.Datagram{Data: s.Bytes()})
				if !feed.HasRoom(slabs.Left() + 32<<20) {
					feed.Abandon()
					return n
				}
				feed.Offer()
				n++
			}
		}
		if n := fill(); n != c.want {
			t.Errorf("%+v: %d MiB wait", c, n)
		}
		if !feed.Press() || feed.Press() {
			t.Errorf("%+v: the first Press is news, and no other", c)
		}
		if n := c.want + fill(); n != 24 {
			t.Errorf("%+v: %d MiB wait after Press, want 24", c, n)
		}
		feed.Inbox.Discard()
	}
}

// TestFeedKeepsNoBytes: a slab that its Memory has given up is not kept in memory by a session that got it last.
func TestFeedKeepsNoBytes(t *testing.T) {
	slabs := slab.NewPool(1<<10, 1)
	feed := Feed{Inbox: NewInbox(&Reception{ID: 1}, flute.SessionKey{TSI: 1})}
	s := slabs.Get()
	bytes := weak.Make(&s.Bytes()[0])
	feed.Begin(s)
	feed.Add(&slab.Datagram{Data: s.Bytes()[:8]})
	feed.Offer()
	feed.Inbox.Discard()
	slabs.Drop()
	s = nil
	runtime.GC()
	if bytes.Value() != nil {
		t.Error("the slab is kept")
	}
	runtime.KeepAlive(feed)
}

// TestPinned: a slab counts once for a session, however many of its batches lie in it, as long as one of them waits.
func TestPinned(t *testing.T) {
	slabs := slab.NewPool(100, 2)
	feed := Feed{Inbox: NewInbox(&Reception{ID: 1}, flute.SessionKey{TSI: 1})}
	offer := func(s *slab.Slab) {
		s.Retain(1)
		feed.Begin(s)
		feed.Add(&slab.Datagram{Data: s.Bytes()[:8]})
		feed.Offer()
	}
	first, second := slabs.Get(), slabs.Get()
	for i, s := range []*slab.Slab{first, first, second, second} {
		offer(s)
		if want := int64(100 + i/2*100); feed.Inbox.free.pinned.Load() != want {
			t.Errorf("after batch %d: %d bytes, want %d", i, feed.Inbox.free.pinned.Load(), want)
		}
	}
	first.Release()
	second.Release()
	feed.Inbox.Discard()
	if n, out := feed.Inbox.free.pinned.Load(), slabs.Outstanding(); n != 0 || out != 0 {
		t.Errorf("at the end %d bytes and %d slabs", n, out)
	}
}

// TestLocalSenderHoldsFewSlabs: what waits of a sender that waits as well is bounded by the memory that holds it, not
// by the bytes of small datagrams in it.
func TestLocalSenderHoldsFewSlabs(t *testing.T) {
	const size = 512 << 10
	for _, tc := range []struct {
		source string
		most   int
	}{{"127.0.0.1", cacheBytes/size + 1}, {"10.0.0.1", 4 * cacheBytes / size}} {
		slabs := slab.NewPool(size, 4*cacheBytes/size)
		key := flute.SessionKey{TSI: 1, Source: netip.MustParseAddr(tc.source)}
		feed := Feed{Inbox: NewInbox(&Reception{ID: 1}, key)}
		offered := 0
		for s := slabs.Get(); s != nil; s = slabs.Get() {
			feed.Begin(s)
			feed.Add(&slab.Datagram{Data: s.Bytes()[:8]})
			if !feed.HasRoom(slabs.Size() * 4 * cacheBytes) {
				feed.Abandon()
				break
			}
			feed.Offer()
			offered++
		}
		if offered != tc.most {
			t.Errorf("%s: %d slabs wait, want %d", tc.source, offered, tc.most)
		}
		feed.Inbox.Discard()
		if n := slabs.Outstanding(); n != 0 {
			t.Errorf("%d slabs are out at the end", n)
		}
	}
}

// TestKeptBatch: a batch over several slabs holds each of them, once, for the session and for the objects that it is
// handed to, whichever releases it last.
func TestKeptBatch(t *testing.T) {
	slabs := slab.NewPool(100, 2)
	feed := Feed{Inbox: NewInbox(&Reception{ID: 1}, flute.SessionKey{TSI: 1})}
	first, second := slabs.Get(), slabs.Get()
	for _, s := range []*slab.Slab{first, first, second} {
		s.Retain(1)
		feed.Begin(s)
		feed.Add(&slab.Datagram{Data: s.Bytes()[:8]})
	}
	first.Release()
	second.Release()
	p := feed.batch
	if n := slabs.Outstanding(); n != 2 || len(p.Datagrams) != 3 {
		t.Fatalf("%d slabs, %d datagrams", n, len(p.Datagrams))
	}
	views := p.retain()
	feed.Offer()
	if n := feed.Inbox.free.pinned.Load(); n != 200 {
		t.Errorf("%d bytes wait in the Inbox, want those of both slabs", n)
	}
	feed.Inbox.Discard()
	if n, pinned := slabs.Outstanding(), feed.Inbox.free.pinned.Load(); n != 2 || pinned != 0 {
		t.Errorf("%d slabs while an object has the batch, %d bytes in the Inbox", n, pinned)
	}
	views.Release()
	if n := slabs.Outstanding(); n != 0 {
		t.Errorf("%d slabs at the end", n)
	}
}

// TestMayWait: a session that has proved itself waits for 16 datagrams, unless one of them ends something.
func TestMayWait(t *testing.T) {
	slabs := slab.NewPool(100, 1)
	feed := Feed{Inbox: NewInbox(&Reception{ID: 1}, flute.SessionKey{TSI: 1})}
	feed.Begin(slabs.Get())
	defer feed.Abandon()
	plain, closeObject, closeSession := []byte{0x10, 0xa0}, []byte{0x10, 0xa1}, []byte{0x10, 0xa2}
	feed.Add(&slab.Datagram{Data: plain})
	if feed.MayWait() {
		t.Error("a session that may be nobody's waits")
	}
	feed.Inbox.standing.Store(proven)
	for n := range enough - 1 {
		if !feed.MayWait() {
			t.Errorf("it does not wait for more than %d", n+1)
		}
		feed.Add(&slab.Datagram{Data: plain})
	}
	if feed.MayWait() {
		t.Errorf("it waits for more than %d", enough)
	}
	for _, last := range [][]byte{closeObject, closeSession} {
		feed.Abandon()
		feed.Begin(slabs.Get())
		feed.Add(&slab.Datagram{Data: plain})
		feed.Add(&slab.Datagram{Data: last})
		feed.Add(&slab.Datagram{Data: plain})
		if feed.MayWait() {
			t.Errorf("it waits although %x has come", last)
		}
	}
}
