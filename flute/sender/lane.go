package sender

import (
	"io"

	"github.com/flute-node/flute-node/fec"
	"github.com/flute-node/flute-node/flute/alc"
)

// lane sends the encoding symbols of one object at a time, once through: its source blocks in order, up to a number of
// them at once and a symbol of each in turn. It owns the buffers of these blocks and keeps them for the next object.
type lane struct {
	coding    *coding
	header    *alc.Template
	src       io.ReaderAt
	readAhead int

	slots  []block // room for the blocks in transfer; those in use are first
	active int     // slots in use
	turn   int     // the slot that is next, below active
	next   uint32  // the SBN that is opened next
	number uint64  // of the transfer, from 0
	left   uint64  // packets that are still to be sent
	source uint64  // bytes of the object that were sent as source symbols
	works  []*Work // that were begun and nobody knows of yet
	inside bool    // appendPacket has begun and not returned: if it begins again, it has crashed
}

// start prepares the lane for transfer number, from 0, of an object. c and header are the object's; the lane reads them until
// the transfer ends.
func (l *lane) start(c *coding, header *alc.Template, src io.ReaderAt, number uint64, interleave, readAhead int) {
	if inMemory(src) {
		readAhead = 0
	}
	if len(l.slots) < interleave {
		l.slots = append(l.slots, make([]block, interleave-len(l.slots))...)
	}
	l.coding, l.header, l.src, l.readAhead = c, header, src, readAhead
	l.active, l.turn, l.next, l.number, l.left, l.source, l.inside = 0, 0, 0, number, c.packets, 0, false
}

// stop drops the references to the object, and keeps the buffers.
func (l *lane) stop() {
	l.coding, l.header, l.src = nil, nil, nil
}

// appendPacket appends the next packet of the transfer to b; there is one as long as left is not 0. The last packet has
// the B flag if closeObject is set. Errors are those of the source or of the code, and end the transfer. After a panic
// of the source or of the code it may be called again, and appends the same packet.
func (l *lane) appendPacket(b []byte, closeObject bool, interleave int) ([]byte, error) {
	if l.inside {
		if err := l.revive(); err != nil {
			return b, err
		}
	}
	l.inside = true
	b, err := l.append(b, closeObject, interleave)
	l.inside = false
	return b, err
}

// revive reads the block again that the crash has hit. One that was being opened is opened anyway.
func (l *lane) revive() error {
	if l.turn >= l.active || l.slots[l.turn].group.packets() == 0 {
		return nil
	}
	s := &l.slots[l.turn]
	err := s.reopen(l.coding, l.src)
	l.collect(s)
	return err
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
		if b, err = s.appendSymbol(b, c, l.src, esi, l.readAhead); err != nil {
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

func (l *lane) open(s *block) error {
	err := s.open(l.coding, l.src, fec.SBN(l.next))
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
