package receiving

import (
	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/internal/slab"
)

// Feed is a reader's end of an [Inbox]: it gathers the datagrams of one read and hands them over. It belongs to the
// reader. A session that comes on several feeds has one for each.
type Feed struct {
	Inbox  *Inbox
	Index  uint8    // in the receiver.Config.Feeds of the session
	batch  *Packets // being gathered; nil: none
	ends   bool     // a datagram of the batch says that an object or the session ends
	newest uint64   // Slab.Use of the last one of the Packets that were offered last
}

// enough is how many datagrams no session waits beyond: what a turn costs is a tenth or so of what they cost then.
const enough = 16

// Begin begins a batch over s, or goes on with the one that was kept, with a reference to s for it.
func (f *Feed) Begin(s *slab.Slab) {
	if f.batch == nil {
		f.batch, f.ends = f.Inbox.free.get(), false
		f.batch.feed = f.Index
	}
	f.batch.hold(s)
}

// Add appends a datagram, a view into the slab that Begin got last, to the batch.
func (f *Feed) Add(d *slab.Datagram) {
	f.batch.Datagrams = append(f.batch.Datagrams, datagram{Data: d.Data, Port: d.Source.Port()})
	f.ends = f.ends || endsSomething(d.Data)
}

// endsSomething reports the Close Session flag (A) or the Close Object flag (B) of an LCT header (RFC 5651, section
// 5.1).
func endsSomething(datagram []byte) bool { return len(datagram) > 1 && datagram[1]&3 != 0 }

// MayWait reports whether the session is better served by more datagrams a little later. It is not before it has
// proved itself, nor when an object or the session ends.
func (f *Feed) MayWait() bool {
	return len(f.batch.Datagrams) < enough && !f.ends && f.Inbox.IsProven()
}

// HasRoom reports whether Offer will hand the batch over, and should: a session that does not keep up may hold as many
// bytes of slabs as are left for all others, so that any number of such sessions leaves some.
func (f *Feed) HasRoom(slabsLeft int) bool {
	in := f.Inbox
	messages, bytes := in.mailbox.Waiting()
	most, slabs := in.limits.Bytes, slabsLeft
	if in.mayLag() {
		most, slabs = min(most, cacheBytes), min(slabs, cacheBytes) // slabs of small datagrams are half empty
	}
	return messages == 0 || bytes+f.batch.Bytes() <= most && messages < in.limits.Messages &&
		int(in.free.pinned.Load()) <= slabs
}

// MayLag reports whether the session may be waited for: its sender is on this machine and waits, or the system
// holds what comes meanwhile.
func (f *Feed) MayLag() bool { return f.Inbox.mayLag() }

// Press tells the session that datagrams are lost if it waits for its store although it has memory. It reports whether
// that is news.
func (f *Feed) Press() bool {
	if f.Inbox.pressed.Swap(true) {
		return false
	}
	f.Inbox.mailbox.PostUserMessage(tick{})
	return true
}

// Offer hands the batch over, whatever becomes of it. It returns how many datagrams the session cannot count any more,
// because it is over.
func (f *Feed) Offer() (late int) {
	in, p := f.Inbox, f.take()
	// While something is queued, what was queued last holds its slab.
	messages, _ := in.mailbox.Waiting()
	for i, s := range p.slabs {
		if i > 0 || messages == 0 || s.Use() != f.newest {
			f.newest = s.Use()
			p.pinned += int64(len(s.Bytes()))
		}
	}
	in.free.pinned.Add(p.pinned)
	if in.mailbox.Offer(p) {
		return 0
	}
	return in.losses.late()
}

// Refuse is Offer for an Inbox that has no room.
func (f *Feed) Refuse() (late int) {
	p := f.take()
	f.Inbox.losses.count(f.Index, len(p.Datagrams), actors.LossFull)
	p.Release()
	return f.Inbox.losses.late()
}

// Abandon drops the batch, and returns how many datagrams it had. The session does not count them.
func (f *Feed) Abandon() int {
	p := f.take()
	n := len(p.Datagrams)
	p.Release()
	return n
}

func (f *Feed) take() *Packets {
	p := f.batch
	f.batch = nil
	return p
}
