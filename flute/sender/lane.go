package sender

import (
	"errors"
	"time"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute/alc"
)

// lane sends the encoding symbols of one object at a time, once through: its source blocks in order, up to a number of
// them at once and a symbol of each in turn. It owns the buffers of these blocks and keeps them for the next object.
type lane struct {
	coding  *coding
	header  *alc.Template
	content readAhead
	window  int // bytes that are read at once of source blocks that are not needed whole

	slots   []block // room for the blocks in transfer; those in use are first
	active  int     // slots in use
	turn    int     // the slot that is next, below active
	next    uint32  // the SBN that is opened next
	asked   uint32  // the SBN of which nothing was read yet, nor of those after it
	number  uint64  // of the transfer, from 0
	left    uint64  // packets that are still to be sent
	source  uint64  // bytes of the object that were sent as source symbols
	works   []*Work // that were begun and nobody knows of yet
	waiting *Work   // for which errBusy was returned; nil: for none
	inside  bool    // appendPacket has begun and not returned: if it begins again, it has crashed
}

// start prepares the lane for transfer number, from 0, of an object. c and header are the object's; the lane reads them
// until the transfer ends. The caller has set content.
func (l *lane) start(c *coding, header *alc.Template, number uint64, interleave, window int) {
	if len(l.slots) < interleave {
		l.slots = append(l.slots, make([]block, interleave-len(l.slots))...)
	}
	l.coding, l.header, l.window = c, header, window
	l.active, l.turn, l.next, l.asked, l.number, l.left, l.source = 0, 0, 0, 0, number, c.packets, 0
	l.inside, l.waiting = false, nil
}

// stop drops the references to the object, and keeps the buffers. What it returns is to be closed, if it is not nil.
func (l *lane) stop() Opened {
	l.coding, l.header, l.waiting = nil, nil, nil
	return l.content.abandon()
}

// appendPacket appends the next packet of the transfer to b; there is one as long as left is not 0. The last packet has
// the B flag if closeObject is set. errBusy says that it waits for a Work; errPanicked that a Work has crashed, after
// which repeat is to be called if the transfer shall go on. Other errors are those of the content or of the code, and
// end the transfer. After a panic of the content or of the code it may be called again, and appends the same packet.
func (l *lane) appendPacket(b []byte, closeObject bool, interleave int, now time.Time) ([]byte, error) {
	if l.inside {
		l.revive(now)
	}
	l.inside, l.waiting = true, nil
	b, err := l.appendRead(b, closeObject, interleave, now)
	l.inside = false
	return b, err
}

// revive prepares the lane for going on after a crash. A block that was being opened is opened anyway.
func (l *lane) revive(now time.Time) {
	if l.turn < l.active {
		s := &l.slots[l.turn]
		s.spoil()
		l.content.discard(span{s.off, s.size})
	}
	if l.content.job != nil && l.content.work == nil {
		l.content.again(now)
	}
}

// repeat does again what a Work has crashed over.
func (l *lane) repeat(now time.Time) {
	l.content.again(now)
	l.works = append(l.works, l.content.work)
}

// appendRead is append with what has to be read for it.
func (l *lane) appendRead(b []byte, closeObject bool, interleave int, now time.Time) ([]byte, error) {
	r := &l.content
	for {
		if err := l.ready(now); err != nil {
			return b, err
		}
		var err error
		if b, err = l.append(b, closeObject, interleave); !errors.Is(err, errMissing) {
			if err == nil && r.attended && r.hungry && r.work == nil && r.bytes <= readWindow/2 {
				l.read(now, false)
			}
			return b, err
		}
		if r.work == nil {
			l.read(now, true)
		}
		if r.work != nil {
			l.waiting = r.work
			return b, errBusy
		}
	}
}

// ready takes what a Work has brought, and sees to it that content that can change is open, and still the same before
// the last packet and now and then.
func (l *lane) ready(now time.Time) error {
	r := &l.content
	for !r.atOnce() {
		if err := r.settle(); err != nil {
			return err
		}
		switch {
		case r.source == nil: // it cannot change
			return nil
		case r.src == nil || r.opened == nil: // it is not open
		case l.left == 1 && !r.final:
		case now.Sub(r.checked) >= versionInterval && r.work == nil:
			l.read(now, false)
			if r.work != nil {
				return nil
			}
			continue
		default:
			return nil
		}
		if r.work == nil {
			l.read(now, false)
		}
		if r.work != nil {
			l.waiting = r.work
			return errBusy
		}
	}
	return nil
}

// read begins to read: what is missing, if anything is, and what comes next. If there is nothing to be read it only
// looks whether the content is the same, where it can change.
func (l *lane) read(now time.Time, missing bool) {
	r := &l.content
	j := r.newJob()
	j.final = l.left == 1
	if missing {
		r.ask(j, r.due)
	}
	if r.attended && !r.memory {
		l.plan(j)
	}
	if len(j.pieces) == 0 && r.source == nil {
		return
	}
	r.begin(j, now)
	if r.work != nil {
		l.works = append(l.works, r.work)
	}
}

// plan asks for what comes next, as much as the window has room for: the rest of the blocks in transfer, a piece of
// each, and then other blocks.
func (l *lane) plan(j *readJob) {
	r, c := &l.content, l.coding
	room := readWindow - r.bytes
	for _, p := range j.pieces {
		room -= len(p.buf)
	}
	ask := func(s span) {
		r.ask(j, s)
		room -= int(s.n)
	}
	for i := range l.active {
		s := &l.slots[(l.turn+i)%l.active]
		if room <= 0 || len(j.pieces) >= maxPieces {
			return
		}
		if s.asked < s.size && s.asked <= s.heldOff+uint64(len(s.held)) {
			next := s.piece(c, s.asked, l.window)
			s.asked += next.n
			ask(next)
		}
	}
	for ; l.asked < c.blocks; l.asked++ {
		if room <= 0 || len(j.pieces) >= maxPieces {
			return
		}
		next := block{}
		next.off, next.size = c.part.Block(fec.SBN(l.asked))
		if c.whole {
			ask(span{next.off, next.size})
		} else {
			ask(next.piece(c, 0, l.window))
		}
	}
	r.hungry = false // until a piece is taken
}

func (l *lane) append(b []byte, closeObject bool, interleave int) ([]byte, error) {
	c := l.coding
	if c.blocks == 0 {
		// An empty object: FEC Payload ID 0, no symbol. With repair symbols there would be nothing to repair.
		b = l.header.Append(b, closeObject)
		l.left = 0
		return c.oti.AppendPayloadID(b, fec.PayloadID{}), nil
	}
	s, err := l.slot(interleave)
	if err != nil {
		return b, err
	}
	if s.packet >= s.group.sources {
		if err := s.ready(); err != nil {
			l.waiting = s.work
			return b, err
		}
	}
	esis, err := s.next(c, l.number)
	if err != nil {
		return b, err
	}
	start, source := len(b), uint64(0)
	b = l.header.Append(b, closeObject && l.left == 1)
	b = c.oti.AppendPayloadID(b, fec.PayloadID{SBN: s.sbn, ESI: esis[0], SourceBlockLength: uint16(s.group.k)})
	for _, esi := range esis {
		if b, err = s.appendSymbol(b, c, &l.content, esi, l.window); err != nil {
			return b[:start], err
		}
		n, _ := c.part.SymbolBytes(s.sbn, esi)
		source += uint64(n)
	}
	l.source += source
	s.packet++
	l.left--
	l.turn++
	return b, nil
}

// slot returns the block whose turn it is. Blocks are opened no earlier than their first symbol is due: an error then
// costs no packet of another block.
func (l *lane) slot(interleave int) (*block, error) {
	for {
		if l.turn >= l.active && l.active < interleave && l.next < l.coding.blocks {
			if err := l.open(&l.slots[l.active]); err != nil {
				return nil, err
			}
			l.active++
		}
		if l.turn >= l.active {
			l.turn = 0
		}
		s := &l.slots[l.turn]
		switch {
		case s.stale:
			err := s.reopen(l.coding, &l.content)
			l.collect(s)
			return s, err
		case s.packet < s.group.packets():
			return s, nil
		case l.next < l.coding.blocks:
			return s, l.open(s)
		}
		// Blocks run out: the slot goes behind those in use, with its buffers.
		done := *s
		copy(l.slots[l.turn:], l.slots[l.turn+1:l.active])
		l.active--
		l.slots[l.active] = done
	}
}

// open makes s the next block.
func (l *lane) open(s *block) error {
	first := l.asked > l.next // the first piece was asked for
	s.stale = false
	l.asked = max(l.asked, l.next+1)
	err := s.open(l.coding, &l.content, fec.SBN(l.next))
	if errors.Is(err, errMissing) {
		return err
	}
	if first && !l.coding.whole && !l.content.memory {
		s.asked = s.piece(l.coding, 0, l.window).n
	}
	l.next++
	l.collect(s)
	return err
}

// collect takes note of the Work of a block that was opened.
func (l *lane) collect(s *block) {
	if s.work != nil {
		l.works = append(l.works, s.work)
	}
}
