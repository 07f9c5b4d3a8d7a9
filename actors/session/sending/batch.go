package sending

import (
	"time"

	"github.com/flute-node/flute-node/flute/event"
	"github.com/flute-node/flute-node/internal/pacing"
	"github.com/flute-node/flute-node/internal/reuse"
)

// batchPackets is how many datagrams go out between two looks into the mailbox: three messages with segmentation
// offload. A rate bounds them too.
const batchPackets = 3 * 46

// batch is the datagrams that were made last, and what happened with them. An event waits until the datagrams before it
// are out: at a low rate, or while the link is away, that takes long. The zero value is ready to use.
type batch struct {
	spare     *spare   // where block comes from, and goes to once all that is granted is out; nil: nobody shares it
	block     *[]byte  // holds memory; nil: there is none
	memory    []byte   // of the datagrams, one behind the other: the system takes a message of them in one piece
	rest      []byte   // of the datagram that is kept for the next batch
	datagrams [][]byte // the first may be in rest, the last elsewhere
	longest   int      // datagram so far
	granted   int      // how many of them the rate permits
	sent      int      // how many of these are out
	events    []held
}

// spare is memory that the sessions of a node share: each needs it for a turn.
type spare = reuse.List[[]byte]

const (
	// maxSpare bounds a spare: as many sessions need memory at the same time as there are processors.
	maxSpare = 16
	// maxShared bounds the bytes of what is put into a spare: a batch of datagrams of a usual length. What is longer
	// its session keeps, or memory that one session needed once would stay with the others.
	maxShared = 256 << 10
)

// BatchMemory bounds what a session holds, in bytes, of datagrams that are made and not sent, or of memory for the next
// ones. longest is the length of its longest datagram.
func (Pace) BatchMemory(longest int) uint64 {
	return uint64(max(2*(batchPackets+1)*max(longest, leastRoom), maxShared)) // it grows by half its length at least
}

// held is an event that waits for the datagrams before it.
type held struct {
	event event.Event
	after int // so many datagrams
}

// renew drops the datagrams that are out, and gives their memory back. The one for which the rate was not enough yet
// becomes the first: grant keeps back no more than one. All that is granted is out.
func (b *batch) renew() {
	rest := b.datagrams[b.sent:]
	b.datagrams = b.datagrams[:0]
	for _, d := range rest {
		b.rest = append(b.rest[:0], d...)
		b.datagrams = append(b.datagrams, b.rest)
	}
	clear(b.datagrams[len(b.datagrams):cap(b.datagrams)]) // or they keep memory that is not put back
	for i := range b.events {
		b.events[i].after -= b.sent
	}
	b.granted, b.sent = b.granted-b.sent, 0
	b.free()
}

// free gives the memory back.
func (b *batch) free() {
	if b.spare != nil && b.block != nil && cap(*b.block) <= maxShared {
		b.spare.Put(b.block, maxSpare)
		b.block = nil
	}
	if b.memory = nil; b.block != nil {
		b.memory = (*b.block)[:0]
	}
}

// grant reports whether the rate permits all datagrams. bucket may be nil.
func (b *batch) grant(bucket *pacing.Bucket, now time.Time) bool {
	for b.granted < len(b.datagrams) && (bucket == nil || bucket.Take(now, len(b.datagrams[b.granted]))) {
		b.granted++
	}
	return b.granted == len(b.datagrams)
}

// isFull reports whether the batch is to be sent.
func (b *batch) isFull() bool { return len(b.datagrams) >= batchPackets }

const (
	// leastRoom has room for one datagram of a usual length.
	leastRoom = 2 << 10
	// leastBlock is what a session of a low rate sends at once where there are many (docs/adr/0109).
	leastBlock = 32 << 10
)

// buffer returns memory for one datagram more.
func (b *batch) buffer() []byte {
	room := max(b.longest, leastRoom)
	if b.block == nil && b.spare != nil {
		if b.block = b.spare.Get(); b.block != nil {
			b.memory = (*b.block)[:0]
		}
	}
	if b.block == nil {
		b.block = new([]byte)
	}
	if cap(b.memory)-len(b.memory) < room {
		// What is there stays where it is until it is out. The next batch has room for all.
		b.memory = make([]byte, 0, max(2*cap(b.memory), room, leastBlock))
		*b.block = b.memory
	}
	return b.memory[len(b.memory):]
}

// add takes a datagram that was made in the buffer.
func (b *batch) add(datagram []byte) {
	if n := len(datagram); n <= cap(b.memory)-len(b.memory) {
		b.memory = b.memory[:len(b.memory)+n]
	} // Else it has grown, and has memory of its own.
	b.longest = max(b.longest, len(datagram))
	b.datagrams = append(b.datagrams, datagram[:len(datagram):len(datagram)])
}

// rowBuffer returns what is left of the memory, for datagrams one behind the other.
func (b *batch) rowBuffer() []byte { return b.memory[len(b.memory):] }

// addRow takes n datagrams of one length that were made in the rowBuffer.
func (b *batch) addRow(row []byte, n int) {
	if n == 0 {
		return
	}
	length := len(row) / n
	b.memory = b.memory[:len(b.memory)+len(row)]
	for ; len(row) > 0; row = row[length:] {
		b.datagrams = append(b.datagrams, row[:length:length])
	}
}

// hold keeps events until all datagrams are out.
func (b *batch) hold(events []event.Event) {
	for _, e := range events {
		b.events = append(b.events, held{e, len(b.datagrams)})
	}
}

// told returns the events that wait for nothing any more.
func (b *batch) told() (events []event.Event) {
	n := 0
	for n < len(b.events) && b.events[n].after <= b.sent {
		p, is := b.events[n].event.(event.ObjectProgress)
		if last := len(events) - 1; is && last >= 0 && p.Outdates(events[last]) {
			events = events[:last]
		}
		events = append(events, b.events[n].event)
		n++
	}
	b.events = b.events[:copy(b.events, b.events[n:])]
	return events
}

// drop forgets the datagrams that are not out, and returns the events that waited for them. A file whose last packet is
// among them was not sent: it has failed.
func (b *batch) drop(reason string) (events []event.Event) {
	for _, h := range b.events {
		e := h.event
		if c, ok := e.(event.ObjectCompleted); ok && h.after > b.sent {
			e = event.ObjectFailed{
				Session: c.Session, TOI: c.TOI, ContentLocation: c.ContentLocation,
				Reason: event.FailClosed, Detail: reason,
			}
		}
		events = append(events, e)
	}
	b.free()
	*b = batch{spare: b.spare}
	return events
}

// leave gives back what the session shared with others, of which so many are left.
func (b *batch) leave(others int) {
	if b.spare != nil {
		b.spare.Trim(others)
	}
}
