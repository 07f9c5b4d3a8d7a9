package receiving

import (
	"github.com/flute-node/flute-node/actors"
	"github.com/flute-node/flute-node/internal/slab"
)

// Feed is the reader's end of an [Inbox]. It belongs to the reader.
type Feed struct {
	Inbox  *Inbox
	newest *slab.Slab // of the Packets that were offered last
}

// Batch returns empty Packets over s, which the caller has retained for them.
func (f *Feed) Batch(s *slab.Slab) *Packets { return f.Inbox.free.get(s) }

// HasRoom reports whether Offer will take a batch of up to n bytes, and should: a session that does not keep up may
// hold as many slabs as are left for all others, so that any number of such sessions leaves some.
func (f *Feed) HasRoom(n, slabsLeft int) bool {
	in := f.Inbox
	st := in.mailbox.Stats()
	return st.Data == 0 ||
		st.Bytes+n <= in.limits.Bytes && st.Data < in.limits.Messages && int(in.free.pinned.Load()) <= slabsLeft
}

// Offer hands p over, whatever becomes of it. It returns how many datagrams the session cannot count any more, because
// it is over.
func (f *Feed) Offer(p *Packets) (late int) {
	in := f.Inbox
	// While something is queued, what was queued last holds its slab: the same address is the same slab.
	if p.Slab != f.newest || in.mailbox.Stats().Data == 0 {
		f.newest, p.pins = p.Slab, true
		in.free.pinned.Add(1)
	}
	if in.mailbox.Offer(p) {
		return 0
	}
	return in.losses.late()
}

// Refuse is Offer for an Inbox that has no room.
func (f *Feed) Refuse(p *Packets) (late int) {
	f.Inbox.losses.count(len(p.Datagrams), actors.LossFull)
	p.Release()
	return f.Inbox.losses.late()
}
