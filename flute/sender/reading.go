package sender

import (
	"time"
)

// What a transfer has read for it, and when.

// finalInterval is how old the latest look at content may be when its last packet is sent, if all of it had been read
// before that look. Short files are sent within that time, one after the other: each would wait for another look.
const finalInterval = 20 * time.Millisecond

// ready takes what a Work has brought, and sees to it that content that can change is open, and still the same before
// the last packet and now and then.
func (x *transfer) ready(now time.Time) error {
	r := &x.content
	for !r.atOnce() {
		if err := r.settle(); err != nil {
			return err
		}
		switch {
		case r.source == nil, r.closed: // it cannot change, or is not needed any more
			return nil
		case r.src == nil || r.opened == nil: // it is not open
		case x.left == 1 && !r.final && !(r.whole && now.Sub(r.checked) < finalInterval):
		case now.Sub(r.checked) >= versionInterval && r.work == nil:
			x.look(now)
			if r.work != nil {
				return nil
			}
			continue
		default:
			return nil
		}
		if r.work == nil {
			x.look(now)
		}
		if r.work != nil {
			x.waiting = r.work
			return errBusy
		}
	}
	return nil
}

// look begins to read what comes next, and looks whether the content is the same, where it can change.
func (x *transfer) look(now time.Time) {
	j := x.newJob(false)
	if len(j.pieces) > 0 || x.content.source != nil {
		x.begin(j, now)
	}
}

// read begins to read: what is missing, if anything is, and what comes next. It does nothing if that is nothing.
func (x *transfer) read(now time.Time, missing bool) {
	if j := x.newJob(missing); len(j.pieces) > 0 {
		x.begin(j, now)
	}
}

// newJob returns a job that reads what is missing, if anything is, and what comes next.
func (x *transfer) newJob(missing bool) *readJob {
	r := &x.content
	j := r.newJob()
	j.final = x.left == 1
	if missing {
		r.ask(j, r.due)
	}
	if r.attended && !r.memory {
		x.lookAhead(j)
	}
	j.whole = x.isAsked()
	return j
}

// isAsked reports whether all of a short content was asked for.
func (x *transfer) isAsked() bool {
	for i := range x.slots[:x.active] {
		if s := &x.slots[i]; s.asked < s.size {
			return false
		}
	}
	return x.asked >= x.coding.blocks && x.coding.oti.TransferLength <= shortBlock
}

func (x *transfer) begin(j *readJob, now time.Time) {
	r := &x.content
	r.begin(j, now)
	if r.work != nil {
		x.works = append(x.works, r.work)
	}
}

// lookAhead asks for what comes next, as much as the window has room for: the rest of the blocks in transfer, a piece
// of each in turn, and then other blocks.
func (x *transfer) lookAhead(j *readJob) {
	r, c := &x.content, x.coding
	room := r.window() - r.bytes
	for _, p := range j.pieces {
		room -= len(p.buf)
	}
	// Of many sessions each keeps to its part: half of a piece or less that is missing is not asked for.
	enough := func() bool {
		return room <= 0 || r.most > 0 && room < x.window/2 || len(j.pieces) >= maxPieces
	}
	ask := func(s span) {
		r.ask(j, s)
		room -= int(s.n)
	}
	for more := true; more; {
		more = false
		for i := range x.active {
			s := &x.slots[(x.turn+i)%x.active]
			if enough() {
				return
			}
			if s.asked < s.size {
				next := s.piece(c, s.asked, x.window)
				s.asked += next.n
				ask(next)
				more = true
			}
		}
	}
	for ; x.asked < c.blocks; x.asked++ {
		if enough() {
			return
		}
		next, sbn := block{}, x.order.sbn(x.asked, c.blocks)
		if x.find(sbn) != nil {
			continue
		}
		next.off, next.size = c.part.Block(sbn)
		if c.whole {
			if c.lends && x.holds()+len(r.pieces)+len(j.pieces) >= x.interleave {
				break // until a block lends its memory
			}
			ask(span{next.off, next.size})
			continue
		}
		for off, end := uint64(0), x.lead(&next); off < end; {
			p := next.piece(c, off, x.window)
			off += p.n
			ask(p)
		}
	}
	r.hungry = false // until a piece is taken
}

// holds returns how many blocks in transfer have their bytes in memory.
func (x *transfer) holds() (n int) {
	for i := range x.slots[:x.active] {
		if len(x.slots[i].held) > 0 {
			n++
		}
	}
	return n
}

// lead returns how many bytes of a source block are asked for before it is in transfer: all of a short one. Beginnings
// alone would fill the window, and the end of each block be waited for.
func (x *transfer) lead(b *block) uint64 {
	if b.size <= uint64(x.short) {
		return b.size
	}
	return b.piece(x.coding, 0, x.window).n
}

// repeat does again what a Work has crashed over.
func (x *transfer) repeat(now time.Time) {
	x.content.again(now)
	x.waiting = x.content.work
	x.works = append(x.works, x.waiting)
}
