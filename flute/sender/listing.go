package sender

import (
	"time"
)

// prompt reports whether files leave the FDT as soon as their descriptions were sent often enough.
func (c *Config) prompt() bool { return c.FDTInTransfer || c.FullFDT }

// add takes a new object.
func (l *plan) add(o *object) {
	l.live.add(o)
	l.unlisted++
	if !l.cfg.FDTInTransfer && !o.held {
		l.list(o)
	}
}

// list puts an object on the last page, or on a new one when that is full.
func (l *plan) list(o *object) {
	if !o.announced {
		o.announced = true
		l.unlisted--
	}
	p := l.last()
	if p == nil || !p.fits(l.cfg, o) {
		if p != nil && !p.turn && p.number != 0 {
			l.settled.Push(p)
		}
		for _, q := range l.pages {
			if q.full && !q.gone { // it does not describe all any more
				q.stale = true
				l.correct(q)
			}
		}
		p = &page{}
		l.pages = append(l.pages, p)
	}
	p.add(o)
}

// rest notes that a transfer of o has ended, and another one is to come.
func (l *plan) rest(o *object) {
	if l.cfg.FDTInTransfer && o.page != nil {
		o.resting = true
		o.page.rest(o, l.sending.page == o.page)
	}
}

// unlist forgets an object that no further FDT Instance describes, unless it will be listed again.
func (l *plan) unlist(o *object) {
	if o.live() {
		o.page.live--
		o.page, o.listed, o.covered, o.resting = nil, 0, time.Time{}, false
		return
	}
	if o.state == finished {
		l.finished.drop(o)
	}
	l.names.forget(o)
}

// endUnlisted is end for an object that is on no page.
func (l *plan) endUnlisted(o *object) {
	if !o.announced {
		o.announced = true
		l.unlisted--
		l.sayComplete()
	}
	l.names.forget(o)
}

// settle has the objects leave p that were described often enough, where they leave promptly.
func (l *plan) settle(p *page) {
	if !l.cfg.prompt() || p.gone {
		return
	}
	switch n := p.unsettled(l.cfg); {
	case n == 0:
		l.forgetPage(p)
	case n < len(p.objects):
		p.stale = true
	}
}

// describesAll reports whether the FDT Instance of p describes all files that are scheduled.
func (l *plan) describesAll(p *page) bool {
	return l.cfg.FullFDT && !l.cfg.FDTInTransfer && len(l.pages)-l.gonePages == 1 && p == l.last()
}

// maxListAhead bounds the small files that are listed together, listAheadReads their bytes, in units of
// Config.ReadAhead. FDT Instances follow one another no faster than Config.FDTCollect: with a few small files each
// they would hold up the transfer. By default these let 2,560 files a second pass, or 80 Mbit/s.
const (
	maxListAhead   = 256
	listAheadReads = 16
)

// listNext lists the objects that come next, together with the one that cannot be sent without: so many as may be in
// transfer, or small ones.
func (s *Session) listNext(now time.Time) {
	if !s.cfg.FDTInTransfer {
		return
	}
	wanted := s.schedule.wanted(now)
	if wanted == nil || wanted.page != nil {
		return
	}
	q := s.schedule.queue(wanted.priority)
	size := uint64(0)
	for i := range min(q.pending.Len(), max(q.parallel, maxListAhead)) {
		o := *q.pending.At(i)
		if o.state != pending || o.paused {
			continue
		}
		if i >= q.parallel && size >= listAheadReads*uint64(s.cfg.ReadAhead) {
			return
		}
		size += o.transferLength
		if o.page == nil {
			s.plan.list(o)
		}
	}
}

// each calls visit with all live objects.
func (s *Session) each(visit func(o *object)) {
	for _, p := range s.plan.pages {
		if p.live == 0 {
			continue
		}
		for _, o := range p.objects {
			if !o.live() {
				continue
			}
			visit(o)
			if o.successor != nil {
				visit(o.successor)
			}
		}
	}
	for _, o := range s.unlisted() {
		visit(o)
	}
}

// unlisted returns the live objects that are on no page, but for those that are deferred.
func (s *Session) unlisted() (list []*object) {
	if !s.cfg.FDTInTransfer && !s.cfg.FDTManual {
		return nil
	}
	for _, o := range s.names.objects {
		if o.live() && o.page == nil && o.state != deferred {
			list = append(list, o)
		}
	}
	return list
}

// Publish has the files that were added since the last call described and sent, where Config.FDTManual is set. Else
// that happens by itself.
func (s *Session) Publish() error {
	if s.closed {
		return ErrClosed
	}
	held := s.held
	s.held = nil
	for _, o := range held {
		if !o.live() {
			continue
		}
		o.held = false
		if !s.cfg.FDTInTransfer {
			s.plan.list(o)
		}
		s.start(o, false)
	}
	s.alarm = time.Time{}
	return nil
}
