package sender

import (
	"errors"
	"time"

	"github.com/flute-node/flute-node/fec"
)

// transfer sends the encoding symbols of one object at a time, once through: its source blocks in order, up to a number
// of them at once and a symbol of each in turn. It owns the buffers of these blocks and keeps them for the next object.
type transfer struct {
	coding  *coding
	headers headers
	content readAhead
	window  int // bytes that are read at once of source blocks that are not needed whole
	short   int // a source block of so many bytes is read ahead whole

	interleave int // source blocks in transfer at once, at most
	order      blockOrder
	cache      *blockCache // takes source blocks for the next transfer; nil: there is none, or no need
	kept       *keptBlocks // of the object; nil: none

	slots   []block // room for the blocks in transfer; those in use are first
	active  int     // slots in use
	turn    int     // the slot that is next, below active
	next    uint32  // the place in order of the block that is opened next
	asked   uint32  // the place of the block of which nothing was read yet, nor of those after it
	number  uint64  // of the transfer, from 0
	left    uint64  // packets that are still to be sent
	source  uint64  // bytes of the object that were sent as source symbols
	works   []*Work // that were begun and nobody knows of yet
	waiting *Work   // for which errBusy was returned last; whoever goes on sets it to nil
	late    *later  // digests that are to be announced before the last blocks are sent; nil: there are none
	held    bool    // it waited for them
	inside  bool    // appendPacket has begun and not returned: if it begins again, it has crashed
}

// start begins transfer number, from 0, of an object. c and h are the object's; they are read
// until the transfer ends. The caller has set content.
func (x *transfer) start(c *coding, h headers, number uint64, interleave, window int) {
	if len(x.slots) < interleave {
		x.slots = append(x.slots, make([]block, interleave-len(x.slots))...)
	}
	x.coding, x.headers, x.interleave, x.window, x.short = c, h, interleave, window, x.content.window()/4
	x.active, x.turn, x.next, x.asked, x.number, x.left, x.source = 0, 0, 0, 0, number, c.packets, 0
	x.inside, x.waiting = false, nil
	x.order, x.cache, x.kept = blockOrder{}, nil, nil
}

// stop drops the references to the object, and keeps the buffers. What it returns is to be closed, if it is not nil.
func (x *transfer) stop() Opened {
	for i := range x.slots[:x.active] {
		x.keep(&x.slots[i])
	}
	x.cache, x.kept = nil, nil
	x.coding, x.headers, x.waiting = nil, headers{}, nil
	return x.content.abandon()
}

// appendPacket appends the next packet of the transfer to b; there is one as long as left is not 0. The last packet has
// the B flag if closeObject is set. errBusy says that it waits for a Work; errPanicked that a Work has crashed, after
// which repeat is to be called if the transfer shall go on. Other errors are those of the content or of the code, and
// end the transfer. After a panic of the content or of the code it may be called again, and appends the same packet.
func (x *transfer) appendPacket(b []byte, closeObject bool, now time.Time) ([]byte, error) {
	if x.inside {
		x.revive(now)
	}
	x.inside = true
	b, err := x.appendRead(b, closeObject, now)
	x.inside = false
	return b, err
}

// revive prepares for going on after a crash. A block that was being opened is opened anyway.
func (x *transfer) revive(now time.Time) {
	if x.turn < x.active {
		s := &x.slots[x.turn]
		s.spoil()
		x.content.discard(span{s.off, s.size})
	}
	if x.content.job != nil && x.content.work == nil {
		x.content.again(now)
	}
}

// appendRead is append with what has to be read for it.
func (x *transfer) appendRead(b []byte, closeObject bool, now time.Time) ([]byte, error) {
	r := &x.content
	if x.late != nil {
		if err := x.hold(); err != nil {
			return b, err
		}
	}
	for {
		if r.source != nil || r.job != nil {
			if err := x.ready(now); err != nil {
				return b, err
			}
		}
		var err error
		b, err = x.append(b, closeObject)
		switch {
		case err == nil:
			if r.hungry && r.work == nil && r.bytes <= r.window()/2 {
				x.read(now, false)
			}
			return b, nil
		case !errors.Is(err, errMissing):
			return b, err
		}
		if r.work == nil {
			x.read(now, true)
		}
		if r.work != nil {
			x.waiting = r.work
			return b, errBusy
		}
	}
}

func (x *transfer) append(b []byte, closeObject bool) ([]byte, error) {
	c := x.coding
	if c.blocks == 0 {
		// An empty object: FEC Payload ID 0, no symbol. With repair symbols there would be nothing to repair.
		b = x.headers.first.Append(b, closeObject)
		x.left = 0
		return c.oti.AppendPayloadID(b, fec.PayloadID{}), nil
	}
	s, err := x.slot()
	if err != nil {
		return b, err
	}
	if s.packet >= s.group.sources {
		if err := s.ready(); err != nil {
			x.waiting = s.work
			return b, err
		}
	}
	esis, err := s.next(c, x.number)
	if err != nil {
		return b, err
	}
	start, source := len(b), uint64(0)
	header := x.headers.rest
	if s.packet == 0 {
		header = x.headers.first
	}
	b = header.Append(b, closeObject && x.left == 1)
	b = c.oti.AppendPayloadID(b, fec.PayloadID{SBN: s.sbn, ESI: esis[0], SourceBlockLength: uint16(s.group.k)})
	for _, esi := range esis {
		if b, err = s.appendSymbol(b, c, &x.content, esi, x.window); err != nil {
			return b[:start], err
		}
		n, _ := c.part.SymbolBytes(s.sbn, esi)
		source += uint64(n)
	}
	x.source += source
	s.packet++
	if c.lends {
		x.lend(s)
	}
	x.left--
	x.turn++
	return b, nil
}

// lend hands the memory of a block that does without to the one that is read ahead next. Content that is not read ahead
// and blocks that are kept have no use for that.
func (x *transfer) lend(b *block) {
	if x.content.memory || !x.content.attended || x.keeps(b) {
		return
	}
	if held := b.lend(); held != nil {
		x.content.borrow(held)
	}
}

// slot returns the block whose turn it is. Blocks are opened no earlier than their first symbol is due: an error then
// costs no packet of another block.
func (x *transfer) slot() (*block, error) {
	for {
		if x.turn >= x.active && x.active < x.interleave && x.next < x.coding.blocks {
			if err := x.open(&x.slots[x.active]); err != nil {
				return nil, err
			}
			x.active++
		}
		if x.turn >= x.active {
			x.turn = 0
		}
		s := &x.slots[x.turn]
		switch {
		case s.stale:
			err := s.reopen(x.coding, &x.content)
			x.prepare(s)
			return s, err
		case s.packet < s.group.packets():
			return s, nil
		case x.next < x.coding.blocks:
			x.keep(s)
			return s, x.open(s)
		}
		x.keep(s)
		// Blocks run out: the slot goes behind those in use, with its buffers.
		done := *s
		copy(x.slots[x.turn:], x.slots[x.turn+1:x.active])
		x.active--
		x.slots[x.active] = done
	}
}

// open makes s the next block.
func (x *transfer) open(s *block) error {
	first := x.asked > x.next // the first piece was asked for
	s.stale = false
	x.asked = max(x.asked, x.next+1)
	sbn := x.order.sbn(x.next, x.coding.blocks)
	if k := x.find(sbn); k != nil {
		s.leave()
		s.take(x.coding, k, sbn, x.number)
		x.next++
		x.collect(s)
		return nil
	}
	err := s.open(x.coding, &x.content, sbn)
	if errors.Is(err, errMissing) {
		return err
	}
	if first && !x.coding.whole && !x.content.memory {
		if s.asked = s.size; s.size > uint64(x.short) { // what was asked for, maybe before the window became smaller
			s.asked = x.content.askedAt(s.off)
		}
	}
	x.next++
	x.prepare(s)
	return err
}

// prepare makes the Work of a block that was opened.
func (x *transfer) prepare(s *block) {
	s.prepare(x.number, s.group.repairs > 0 && !x.keeps(s))
	x.collect(s)
}

// collect takes note of the Work of a block that was opened.
func (x *transfer) collect(s *block) {
	if s.work != nil {
		x.works = append(x.works, s.work)
	}
}
